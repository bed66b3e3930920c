/**
 * The life of one container in the background, from what its caller asked for to its end. Whatever happens its state is written down;
 * when this process is killed the container is killed with it (runtimes/chain.ts of the engine).
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { BulkheadError, messageOf } from '#base/errors.js';
import type { Log } from '#base/log.js';
import { fromPlainError, toPlainError } from '#base/plain-error.js';
import { CONTAINER_FILES, removeContainer, removeRecord, type ContainerPlace } from '#containers/containers.js';
import { namesNetworks, runContainer, type Moments, type RunRequest, type RunResult } from '#engine/engine.js';
import type { NetworkPlace } from '#networks/networks.js';
import type { Channel } from './channel.js';
import { claimContainer } from './claim.js';
import { monitorErrors } from './errors.js';
import { openJournal, openMonitorLog, type Journal } from './journal.js';
import { startPluginHost } from './plugin-host.js';
import type { Beginning, callerCalls, MomentName, NetworkMoments, Outcome } from './protocol.js';
import { recordOutput, type RecordedOutput } from './record-output.js';
import { remoteMoments } from './remote-moments.js';

export type Caller = Channel<typeof callerCalls>;

/** So long a container that goes at its end stays there for who is attached to it. */
const ATTACHED_MS = 10_000;
/** As the command line has it for what bulkhead itself refuses. */
const EXIT_REFUSED = 255;

/** `onInput` is told how the container's standard input ends. */
export async function oversee(beginning: Beginning, caller: Caller, onInput: (end: () => void) => void): Promise<void> {
  const { id, directory, root, isNew, autoRemove, isDebug } = beginning;
  const place: ContainerPlace = { id, path: directory, root };
  await claimContainer(place);
  const tell = (work: Promise<unknown>): void => void work.catch(() => undefined);
  const log = openMonitorLog(directory, { isDebug, also: (level, message) => tell(caller.call('say', { level, message })) });
  const journal = openJournal(place, log);
  journal.starting();
  const output = await recordOutput({
    directory,
    file: join(directory, CONTAINER_FILES.output),
    input: beginning.interactive ? join(directory, CONTAINER_FILES.input) : undefined,
    warn: (line) => log.write('warning', line),
  });
  onInput(output.endInput);
  const watched: Watched = { beginning, caller, log, journal, output, hasBegun: false, isOver: false, stop: new AbortController() };
  const outcome = await settle(beginning.plugins === undefined ? runAlone(watched) : runWithPlugins(watched));
  await output.close();
  const exitCode = exitCodeOf(outcome);
  journal.stopped({ exitCode, reason: outcome.fault?.message });
  await journal.flush();
  const { hasBegun } = watched;
  if (isNew && !hasBegun) await removeRecord(place);
  await caller.call('ended', { ...outcome, hasBegun, ...(hasBegun ? {} : { said: output.said() }) }).catch(() => undefined);
  // What never ran is no container that has ended: it stays, for the next try.
  if (!autoRemove || !hasBegun) return;
  // Who is attached reads the rest of the output first.
  await Promise.race([caller.closed, delay(ATTACHED_MS, undefined, { ref: false })]);
  await removeContainer(place, { force: false });
}

interface Watched {
  readonly beginning: Beginning;
  readonly caller: Caller;
  readonly log: Log;
  readonly journal: Journal;
  readonly output: RecordedOutput;
  readonly stop: AbortController;
  hasBegun: boolean;
  isOver: boolean;
}

type End = Pick<Outcome, 'result' | 'fault'>;

async function settle(running: Promise<RunResult>): Promise<End> {
  try {
    return { result: await running };
  } catch (thrown) {
    return { fault: toPlainError(thrown) };
  }
}

function exitCodeOf({ result, fault }: End): number {
  if (result !== undefined) return result.exitCode;
  if (fault?.code === 'COMMAND_ABORTED') return Number(fault.data['exitCode']);
  return EXIT_REFUSED;
}

async function runAlone(watched: Watched): Promise<RunResult> {
  const { request } = watched.beginning;
  if (request === undefined) throw monitorErrors.messageInvalid('begin', 'there is neither a request nor a plugin');
  return run(request, {}, watched);
}

/** `moments` without `reach`: that one is here. */
async function run(request: RunRequest, moments: Moments & NetworkMoments, watched: Watched): Promise<RunResult> {
  const { beginning, caller, journal, log, output, stop } = watched;
  const { id, options } = beginning;
  try {
    const networks = await joinNetworks(request, moments, watched);
    return await runContainer(
      request,
      {
        ...moments,
        ...networks,
        reach(container) {
          outliveSignals();
          journal.running(container);
          moments.reach?.(container);
          // Whatever was named relative to where the caller stood has been found; nothing is kept busy by a container that runs for days.
          process.chdir('/');
        },
        async started(container) {
          await moments.started?.(container);
          await journal.flush();
          watched.hasBegun = true;
          await caller.call('running', undefined).catch(() => undefined);
        },
      },
      {
        ...options,
        id,
        streams: output.streams,
        signal: stop.signal,
        log: (line) => log.write('debug', line),
        warn: (line) => log.write('warning', line),
      },
    );
  } finally {
    watched.isOver = true;
  }
}

/** The room of networks is not even loaded where no network is named. */
async function joinNetworks(
  { options = {} }: RunRequest,
  { askNetwork }: NetworkMoments,
  { beginning, log }: Watched,
): Promise<Pick<Moments, 'attach'>> {
  const { networks, publish = [] } = options;
  const { name, ...place } = beginning.networks;
  const warn = (line: string): void => log.write('warning', line);
  const uid = process.geteuid?.() ?? -1;
  if (!namesNetworks(options) && publish.length === 0) return networks?.includes('none') && uid === 0 ? leaving(place, warn) : {};
  const { findProviders, prepareJoin } = await import('#networks/networks.js');
  return { attach: await prepareJoin(place, { networks, publish, uid, name, findProvider: findProviders(place, askNetwork), warn }) };
}

/** It can be connected to networks while it runs; at its end it leaves them. */
function leaving(place: NetworkPlace, warn: (line: string) => void): Pick<Moments, 'attach'> {
  const detach = async (id: string): Promise<void> => {
    if (!existsSync(place.directory)) return;
    const { findProviders, leave } = await import('#networks/networks.js');
    await leave(place, id, { findProvider: findProviders(place), warn });
  };
  return { attach: ({ id }) => Promise.resolve({ detach: () => detach(id) }) };
}

/** One more that comes when the command has ended already must not take its exit code away, which is about to be written down. */
function outliveSignals(): void {
  for (const signal of ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGUSR1', 'SIGUSR2'] as const) process.on(signal, () => undefined);
}

/** The plugin host leads, as the command line does in the foreground, and asks for the run when its time has come. */
async function runWithPlugins(watched: Watched): Promise<RunResult> {
  const { beginning, caller, log, journal, stop } = watched;
  const { plugins, id, directory } = beginning;
  if (plugins === undefined) throw monitorErrors.messageInvalid('begin', 'there is no plugin');
  let needed: readonly string[] = [];
  let { request } = beginning;
  let ran: Promise<RunResult> | undefined;
  let finish: (end: RunResult | Promise<RunResult>) => void = () => undefined;
  const done = new Promise<RunResult>((resolve) => (finish = resolve));

  const host = await startPluginHost({
    directory,
    needed: () => needed,
    handlers: {
      async request({ changed }) {
        if (request === undefined || Object.keys(changed).length > 0) {
          request = await caller.call('request', { changed }).catch((thrown: unknown) => {
            throw thrown instanceof BulkheadError ? thrown : monitorErrors.callerLost(id);
          });
        }
        return { image: request.image, runtime: request.runtime };
      },
      run(asked) {
        if (request === undefined || ran !== undefined) throw monitorErrors.messageInvalid('run', 'it is not its turn');
        needed = asked.needed;
        ran = run(request, momentsOf(asked.moments), watched);
        return ran;
      },
      stop: ({ fault }) => stop.abort(fromPlainError(fault)),
      say: ({ level, message }) => log.write(level, message),
      print: ({ text }) => void caller.call('print', { text }).catch(() => undefined),
      done: ({ result, fault }) => finish(result ?? Promise.reject(fault === undefined ? lost() : fromPlainError(fault))),
    },
  });
  const lost = (): BulkheadError => monitorErrors.pluginHostLost(needed);

  function momentsOf(names: readonly MomentName[]): Moments & NetworkMoments {
    const remote = remoteMoments(host.channel, names, (line) => log.write('debug', line));
    return {
      ...remote,
      reach: (container) => {
        const { init, command, ancestor } = container;
        void host.channel.call('reach', { id, init, command, ancestor }).catch(() => undefined);
      },
    };
  }

  /** The container goes on without its plugins, unless one of them is needed or it has not begun. */
  async function outlive(): Promise<RunResult> {
    await host.channel.closed;
    const error = lost();
    if (watched.hasBegun && !watched.isOver && needed.length === 0) {
      const line = 'the process in which its plugins run was killed; the container goes on without them';
      log.write('warning', line);
      journal.note(line);
    } else if (!watched.isOver) stop.abort(error);
    if (ran === undefined) throw error;
    return ran;
  }

  const whole = Promise.race([done, outlive()]);
  await host.channel.call('begin', plugins).catch((thrown: unknown) => log.write('debug', messageOf(thrown)));
  return whole;
}
