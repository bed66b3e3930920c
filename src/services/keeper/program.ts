/** The program of a service: one start of it, to its end. */
import { spawn, type ChildProcess } from 'node:child_process';
import { messageOf } from '#base/errors.js';
import { signalGroup } from '../processes.js';
import { programEnvironment } from '../program-environment.js';
import { FIRST_SOCKET, type Assignment, type LastEnd } from './state.js';

/** Who else holds its output once it has ended, such as a child of its own that left its group, is not waited for longer. */
const DRAIN_MS = 1_000;
/** Only whoever is about to become the program knows its pid, as sd_listen_fds(3) wants it. No core files of plugins. */
const ENTRANCE = 'ulimit -c 0; LISTEN_PID=$$ exec "$@"';

export interface Program {
  readonly pid: number | undefined;
  /** Resolves once, with how it ended; all of its process group is gone then. */
  readonly ended: Promise<Omit<LastEnd, 'at'>>;
}

export interface ProgramOptions extends Pick<Assignment, 'definition' | 'stateDirectory' | 'sockets'> {
  readonly onOutput: (stream: 'stdout' | 'stderr', bytes: Buffer) => void;
}

export function startProgram({ definition, stateDirectory, sockets, onOutput }: ProgramOptions): Program {
  const child = spawn('/bin/sh', ['-c', ENTRANCE, 'sh', definition.executable, ...definition.arguments], {
    cwd: stateDirectory,
    env: { ...programEnvironment(process.env, stateDirectory), ...describeSockets(sockets) },
    // A session of its own: nothing that it starts is left when it ends.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', ...sockets.map((_socket, index) => FIRST_SOCKET + index)],
  });
  child.stdout?.on('data', (bytes: Buffer) => onOutput('stdout', bytes));
  child.stderr?.on('data', (bytes: Buffer) => onOutput('stderr', bytes));
  return { pid: child.pid, ended: awaitEnd(child) };
}

function describeSockets(sockets: Assignment['sockets']): Record<string, string> {
  if (sockets.length === 0) return {};
  return { LISTEN_FDS: String(sockets.length), LISTEN_FDNAMES: sockets.map(({ name }) => name).join(':') };
}

function awaitEnd(child: ChildProcess): Program['ended'] {
  return new Promise((resolve) => {
    child.once('error', (thrown) => resolve({ why: `it cannot be started: ${messageOf(thrown)}` }));
    child.once('exit', (code, signal) => {
      // Before the number can be another's.
      if (child.pid !== undefined) signalGroup(child.pid, 'SIGKILL');
      const end = signal === null ? { why: `exit code ${code ?? 0}`, exitCode: code ?? 0 } : { why: signal, signal };
      const timer = setTimeout(() => {
        child.stdout?.destroy();
        child.stderr?.destroy();
      }, DRAIN_MS);
      child.once('close', () => {
        clearTimeout(timer);
        resolve(end);
      });
    });
  });
}
