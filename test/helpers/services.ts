/** A root of its own for services, and bundles whose program is a small one of Node, whose source a test gives. */
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Socket } from 'node:net';
import { startDaemon, stopDaemon, type DaemonConnection, type ServicePlaces } from '#services/services.js';
import type { Bundle } from '#catalog/catalog.js';
import { findProcesses, killQuietly } from './background.js';

export const VERSION = '0.1.0-test';

export interface ServiceRoot {
  readonly root: string;
  readonly places: ServicePlaces;
  /** `program`: the source of a module; `listen(fd)` answers each connection with its pid and what it is sent. */
  bundle(name: string, program: string, services?: Partial<NonNullable<Bundle['services']>>): Promise<Bundle>;
  start(environment?: Record<string, string>): Promise<DaemonConnection>;
  /** Ends whatever was started. */
  close(): Promise<void>;
}

const PRELUDE = `
import { createServer } from 'node:net';
const pid = String(process.pid);
function listen(fd = 3, greeting = pid) {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.write(greeting + '\\n');
    socket.pipe(socket);
  });
  server.listen({ fd }, 4096);
  return server;
}
`;

export async function openServiceRoot(): Promise<ServiceRoot> {
  const root = await mkdtemp(join(tmpdir(), 'bulkhead-services-'));
  const places = { kept: join(root, 'kept'), run: join(root, 'run'), pluginState: join(root, 'plugin-state') };
  const connections: DaemonConnection[] = [];
  return {
    root,
    places,
    bundle: (name, program, services) => writeBundle(root, { name, program, services }),
    async start(environment = {}) {
      const { daemon } = await startDaemon({
        places,
        version: VERSION,
        environment: { ...environment, BULKHEAD_TEST_ROOT: root },
        timeoutMs: 20_000,
      });
      connections.push(daemon);
      return daemon;
    },
    async close() {
      for (const daemon of connections) daemon.close();
      await stopDaemon(places).catch(() => undefined);
      for (const { pid } of await findProcesses(root)) killQuietly(pid);
      await rm(root, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

export interface BundleSource {
  readonly name: string;
  readonly program: string;
  readonly services?: Partial<NonNullable<Bundle['services']>> | undefined;
}

export async function writeBundle(root: string, { name, program, services }: BundleSource): Promise<Bundle> {
  const directory = join(root, 'plugins', name);
  const executable = join(directory, 'bin', name);
  await mkdir(join(directory, 'bin'), { recursive: true });
  // A module needs a name that says so; the program itself is a script that starts it.
  await writeFile(join(directory, 'program.mjs'), `${PRELUDE}\n${program}\n`);
  await writeFile(executable, `#!/bin/sh\nexec '${process.execPath}' '${directory}/program.mjs' "$@"\n`);
  await chmod(executable, 0o755);
  return {
    name,
    directory,
    executable,
    abstract: '',
    author: '',
    services: { types: ['runtime'], loadAtBoot: false, runAtLoad: false, defaultArguments: [], ...services },
    settings: {},
  };
}

/** What it says until its first line break. */
export function readLine(socket: Socket): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    socket.on('data', (bytes: Buffer) => {
      text += bytes.toString();
      if (text.includes('\n')) resolve(text.slice(0, text.indexOf('\n')));
    });
    socket.once('close', () => reject(new Error(`it closed after ${JSON.stringify(text)}`)));
    socket.once('error', reject);
  });
}
