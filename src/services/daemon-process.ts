/** The life of the daemon, as commands see it: start it, stop it, also where it was killed. */
import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { takeLease } from '#base/lease.js';
import { messageOf } from '#base/errors.js';
import { findShipped } from '#base/shipped.js';
import { findDaemon, requireOurs, type DaemonConnection } from './client.js';
import type { Hello } from './control.js';
import { serviceErrors } from './errors.js';
import { endLeftServices } from './left.js';
import { daemonDirectory, openOwnDirectory, openPlaces, type ServicePlaces } from './places.js';
import { isRunning, signalProcess } from './processes.js';

const LOOK_EVERY_MS = 20;
const SAID_LENGTH_MAX = 1_000;
/** It stops all services at once, each within ten seconds. */
const STOP_MS = 30_000;

export interface StartDaemonRequest {
  readonly places: ServicePlaces;
  readonly version: string;
  /** What programs of services are given. */
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
}

export interface StartedDaemon {
  readonly daemon: DaemonConnection;
  /** Or it was there. */
  readonly isNew: boolean;
}

/**
 * Leaves a daemon running; idempotent. Throws SERVICES_OTHER_ROOT or SERVICES_OTHER_VERSION where another one runs, and
 * SERVICES_NOT_STARTED with what it said.
 */
export async function startDaemon(request: StartDaemonRequest): Promise<StartedDaemon> {
  const { places, version } = request;
  await openPlaces(places);
  const lease = await takeLease(places.kept, {
    lock: join(places.kept, 'starting'),
    waitMs: request.timeoutMs,
    busy: serviceErrors.startBusy,
    lost: () => serviceErrors.notStarted('another command took over', ''),
  });
  try {
    const there = await findDaemon(places);
    if (there !== undefined) {
      requireOursOrClose(there, places, version);
      return { daemon: there, isNew: false };
    }
    return { daemon: await startNew(request), isNew: true };
  } finally {
    await lease.release();
  }
}

async function startNew({ places, version, environment, timeoutMs }: StartDaemonRequest): Promise<DaemonConnection> {
  const file = findShipped('services/daemon.js');
  if (file === undefined) throw serviceErrors.notBuilt();
  const own = daemonDirectory(places);
  await openOwnDirectory(own);
  const log = join(own, 'stderr.log');
  const fd = openSync(log, 'w', 0o600);
  const { kept, run, pluginState } = places;
  const child = spawn(process.execPath, [file, JSON.stringify({ version, places: { kept, run, pluginState } })], {
    cwd: '/',
    env: { ...environment },
    detached: true,
    stdio: ['ignore', fd, fd],
  });
  closeSync(fd);
  let ended: string | undefined;
  child.once('error', (thrown) => (ended = messageOf(thrown)));
  child.once('exit', (code, signal) => (ended = `the daemon ended (${signal ?? `exit code ${code}`})`));
  child.unref();
  for (const deadlineMs = performance.now() + timeoutMs; ; await delay(LOOK_EVERY_MS)) {
    const daemon = await findDaemon(places);
    if (daemon !== undefined) {
      requireOursOrClose(daemon, places, version);
      return daemon;
    }
    if (ended !== undefined) throw serviceErrors.notStarted(ended, readEnd(log));
    if (performance.now() > deadlineMs) {
      child.kill('SIGKILL');
      throw serviceErrors.notStarted(`the daemon did not answer within ${timeoutMs / 1000} s`, readEnd(log));
    }
  }
}

function requireOursOrClose(daemon: DaemonConnection, places: ServicePlaces, version: string): void {
  try {
    requireOurs(daemon.hello, places, version);
  } catch (thrown) {
    daemon.close();
    throw thrown;
  }
}

/** Of an uncaught error, the line that says what it was. */
function readEnd(file: string): string {
  try {
    const text = readFileSync(file, 'utf8').slice(-16_384);
    return (/^\w*Error: .*$/m.exec(text)?.[0] ?? text.trimEnd()).slice(0, SAID_LENGTH_MAX);
  } catch {
    return '';
  }
}

export interface Stopped {
  /** Undefined where none ran. */
  readonly daemon: Hello | undefined;
  /** Labels of the services that were registered. */
  readonly services: readonly string[];
}

/** Ends the daemon and all services of this root, also those that a daemon left which was killed. Idempotent. */
export async function stopDaemon(places: ServicePlaces): Promise<Stopped> {
  const daemon = await findDaemon(places);
  const services = new Set<string>();
  if (daemon !== undefined) {
    // Of whatever version it is; but not that of another root.
    try {
      requireOurs({ ...daemon.hello, protocol: 1 }, places, undefined);
      await endDaemon(daemon, services);
    } finally {
      daemon.close();
    }
  }
  for (const label of await endLeftServices(places)) services.add(label);
  return { daemon: daemon?.hello, services: [...services].toSorted() };
}

async function endDaemon({ hello, call, closed }: DaemonConnection, services: Set<string>): Promise<void> {
  const late = new AbortController();
  const answered = call('shutDown', {}).then(
    ({ stopped }) => stopped.forEach((label) => services.add(label)),
    // One of another version may not know the call; it knows the signal.
    () => void signalProcess(hello.process, 'SIGTERM'),
  );
  await Promise.race([Promise.all([answered, closed]), delay(STOP_MS, undefined, { signal: late.signal }).catch(() => undefined)]);
  late.abort();
  for (const deadlineMs = performance.now() + STOP_MS; isRunning(hello.process); await delay(LOOK_EVERY_MS)) {
    if (performance.now() > deadlineMs) throw serviceErrors.notStopped(hello.process.pid, STOP_MS);
  }
}
