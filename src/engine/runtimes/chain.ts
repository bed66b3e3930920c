/**
 * The embedded runtime: starts the chain of programs that makes the namespaces, and speaks with the shell at its end.
 *
 *      engine ── sh (ignores signals) ▶ setpriv --pdeathsig KILL ▶ unshare --kill-child=KILL ──▶ sh (PID 1) ──▶ sh ▶ … ▶ the command
 *
 * Whatever dies, all behind it dies: the engine (death signal to unshare), unshare (death signal to PID 1), PID 1 (the kernel
 * ends its namespace). Must be spawned from the main thread: the death signal comes when the spawning *thread* ends.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { Duplex, Readable } from 'node:stream';
import { isMainThread } from 'node:worker_threads';
import { launchFailed, mainThreadOnly } from '../errors.js';
import { keepOutput, type ProgramOutput } from '../drivers/output.js';
import { findArguments, findChildren, findProcess, findSoleChild, isAlive, type ProcessStatus } from '../lifecycle/process-tree.js';
import type { ContainerOptions } from '../options.js';
import type { Streams } from '../shapes.js';
import { TOOL_DIRECTORIES, type Tools } from '../tools.js';
import type { Identity } from './identity.js';
import { CHAIN_IGNORES } from './launcher.js';
import { SCRIPT_FILE } from './script.js';
import { writeMapping, type RequestedMapping } from './user-mapping.js';

export interface ChainRequest {
  readonly tools: Tools;
  readonly identity: Identity;
  /** What it shares with the host; only what is not usual. */
  readonly isolation?: Pick<ContainerOptions, 'network' | 'namespaces'> | undefined;
  /** Of more users than root, in the user namespace of an ordinary one. */
  readonly mapping?: RequestedMapping | undefined;
  /** The session directory. */
  readonly session: string;
  /** An open file for what the chain itself has to say. */
  readonly logFd: number;
  /** Those of this process where absent. */
  readonly streams?: Streams | undefined;
  /** How many programs of drivers may be started; each has a pipe for its stderr. */
  readonly programs: number;
  /** Words that enter namespaces instead of making them, and what their fd 5 is. */
  readonly entry?: { readonly words: readonly string[]; readonly fd: number } | undefined;
  /** The program that makes a terminal of the command's own, by its path. */
  readonly terminal?: string | undefined;
}

/** What PID 1 says, one line each; before it, "map" where users are to be mapped. */
export interface Reports {
  begin: boolean;
  ready: boolean;
  exec: boolean;
  exitCode: number | undefined;
  /** Of drivers, see drivers/stage.ts: the stages that were reached, and the exit codes of programs by their numbers. */
  readonly stages: Set<string>;
  readonly drivers: Map<number, number>;
}

export interface Chain {
  readonly reports: Readonly<Reports>;
  /** Until the chain has made everything ready for the command, or has ended. */
  readonly ready: Promise<void>;
  /** Until the chain has ended. */
  readonly ended: Promise<void>;
  /** Throws where the chain has ended. Only after `ready`. `parent` waits for the command: PID 1, or what makes its terminal. */
  readonly findProcesses: () => { init: ProcessStatus; parent: ProcessStatus; command: ProcessStatus };
  /** PID 1. Throws where the chain has ended. */
  readonly findInit: () => ProcessStatus;
  /** Until PID 1 stands in the stage. Throws `ChainEnded` where it has ended before. */
  readonly reached: (stage: string) => Promise<void>;
  /** Starts the programs of the stage that PID 1 stands in. */
  readonly drive: () => void;
  /** Goes on: from a stage to the next, at last to the command. */
  readonly go: () => void;
  /** The last that a program of a driver has said. */
  readonly readOutput: (program: number) => string;
  /** Calls `take` with each program that ends from here on. */
  readonly watchPrograms: (take: (program: number) => void) => void;
  /** Ends all of it, at once; resolves when nothing of it is left. Idempotent. */
  readonly kill: () => Promise<void>;
}

/** The chain is gone; its log may say why. */
export class ChainEnded extends Error {
  override readonly name = 'ChainEnded';
}

const KILL_DEADLINE_MS = 5_000;

export function startChain(request: ChainRequest): Chain {
  const { logFd, programs, entry, streams: { stdin, stdout, stderr } = { stdin: 0, stdout: 1, stderr: 2 } } = request;
  if (!isMainThread) throw mainThreadOnly();
  const [program = '', ...words] = composeChain(request);
  const child = spawn(program, words, {
    cwd: '/',
    env: { PATH: TOOL_DIRECTORIES.join(':'), LC_ALL: 'C' },
    // fd 3 is the command's stderr, fd 4 the socket; see script.ts. From 5 on what drivers say; see drivers/stage.ts.
    stdio: [
      stdin,
      stdout,
      logFd,
      stderr,
      'pipe',
      ...(entry === undefined ? [] : [entry.fd]),
      ...Array.from({ length: programs }, () => 'pipe' as const),
    ],
  });
  const socket = child.stdio[4];
  if (!(socket instanceof Duplex)) throw launchFailed('there is no socket to its shell');
  const reports: Reports = { begin: false, ready: false, exec: false, exitCode: undefined, stages: new Set(), drivers: new Map() };
  const outputs = child.stdio.slice(5).map((stream) => (stream instanceof Readable ? keepOutput(stream) : undefined));
  const ended = waitForEnd(child);
  const listeners = new Set<() => void>();
  let failMapping: (why: unknown) => void = () => undefined;
  const unmapped = new Promise<never>((_resolve, reject) => (failMapping = reject));
  unmapped.catch(() => undefined);
  const map = () => mapUsers(child.pid, request.mapping, socket).catch(failMapping);
  readReports(socket, reports, { map, onReport: () => listeners.forEach((look) => look()) });
  const until = (isSo: () => boolean): Promise<void> => Promise.race([untilReported(listeners, isSo), ended, unmapped]);
  const others = new Set<number>();
  let init: ProcessStatus | undefined;
  const findInit = (): ProcessStatus => {
    init = findSoleChild(child.pid);
    if (init === undefined) throw launchFailed('it was killed before the command ran');
    return init;
  };
  return {
    reports,
    ready: until(() => reports.ready),
    ended,
    findInit,
    findProcesses() {
      const { pid } = findInit();
      const child = findSubshell(pid, others, request.terminal);
      const parent = request.terminal === undefined ? init : child;
      const command = request.terminal === undefined ? child : findSoleChild(child?.pid);
      if (init === undefined || parent === undefined || command === undefined) throw launchFailed('it was killed before the command ran');
      return { init, parent, command };
    },
    async reached(stage) {
      await until(() => reports.stages.has(stage));
      if (!reports.stages.has(stage)) throw new ChainEnded();
    },
    drive: () => void socket.write('drive\n'),
    go() {
      // What PID 1 has started so far is not the command.
      if (programs > 0 && init !== undefined && !reports.ready) for (const pid of findChildren(init.pid)) others.add(pid);
      socket.write('go\n');
    },
    readOutput: (program) => (outputs[program] as ProgramOutput | undefined)?.read() ?? '',
    watchPrograms(take) {
      const known = new Set(reports.drivers.keys());
      listeners.add(() => {
        for (const program of reports.drivers.keys()) if (!known.has(program)) take(program);
      });
    },
    async kill() {
      init ??= findSoleChild(child.pid);
      child.kill('SIGKILL');
      // A PID 1 that was forked in this very instant has no death signal yet; it ends when it reads no "go".
      socket.end();
      await ended.catch(() => undefined);
      await waitUntilGone(init);
      socket.destroy();
    },
  };
}

function composeChain(request: ChainRequest): string[] {
  const { tools, identity, session, mapping, entry, isolation: { network, namespaces: shared = {} } = {} } = request;
  const ignore = tools.envResetsSignals ? [tools.sh, '-c', `trap '' ${CHAIN_IGNORES.join(' ')}; exec "$@"`, 'sh'] : [];
  const user = identity === 'root' || mapping !== undefined ? [] : ['--user', '--map-root-user'];
  const mortal = [tools.setpriv, '--pdeathsig', 'KILL'];
  if (entry !== undefined) return [...ignore, ...mortal, ...entry.words];
  const namespaces = [
    ...user,
    '--mount',
    '--propagation',
    'slave',
    '--pid',
    '--fork',
    '--kill-child=KILL',
    '--mount-proc',
    ...(shared.ipc === 'host' ? [] : ['--ipc']),
    ...(shared.uts === 'host' ? [] : ['--uts']),
    ...(network === 'none' ? ['--net'] : []),
  ];
  const mapped = mapping === undefined ? [] : [...mortal, tools.unshare, '--user', tools.sh, '-c', WAIT_FOR_USERS, 'sh'];
  return [...ignore, ...mapped, ...mortal, tools.unshare, ...namespaces, tools.sh, `${session}/${SCRIPT_FILE}`];
}

/** To become root of the namespace takes the death signal away: it is set once more, and until then nothing is there to outlive the engine. */
const WAIT_FOR_USERS = 'echo map >&4; read -r word <&4 && [ "$word" = mapped ] && exec "$@"; exit 125';

async function mapUsers(pid: number | undefined, mapping: RequestedMapping | undefined, socket: Duplex): Promise<void> {
  if (pid === undefined || mapping === undefined) return;
  await writeMapping(pid, mapping, { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 });
  socket.write('mapped\n');
}

function readReports(socket: Duplex, reports: Reports, { map, onReport }: { map: () => unknown; onReport: () => void }): void {
  let rest = '';
  socket.setEncoding('utf8');
  // The other end is gone: `ended` tells.
  socket.on('error', () => undefined);
  socket.on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = (lines.pop() ?? '').slice(0, 64);
    for (const line of lines) {
      takeReport(line, reports);
      if (line === 'map') map();
    }
    onReport();
  });
}

function untilReported(listeners: Set<() => void>, isSo: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const look = (): void => {
      if (!isSo()) return;
      listeners.delete(look);
      resolve();
    };
    listeners.add(look);
    look();
  });
}

/** The shell that becomes the command, or waits for it: the child of PID 1 that was not there before and is still that same shell, or `terminal`. */
function findSubshell(init: number, others: ReadonlySet<number>, terminal: string | undefined): ProcessStatus | undefined {
  const shell = findArguments(init)?.join('\0');
  const isIt = (child: number): boolean =>
    terminal === undefined ? findArguments(child)?.join('\0') === shell : findArguments(child)?.[0] === terminal;
  const pid = findChildren(init).find((child) => !others.has(child) && (others.size === 0 || isIt(child)));
  return pid === undefined ? undefined : findProcess(pid);
}

function takeReport(line: string, reports: Reports): void {
  const [word, value = '', code] = line.split(' ');
  if (word === 'stage') reports.stages.add(value);
  if (word === 'driver') reports.drivers.set(Number(value), Number(code));
  if (word === 'begin' || word === 'ready' || word === 'exec') reports[word] = true;
  if (word === 'exit') reports.exitCode = Number(value);
}

/** 'close' comes after the last report has been read, 'exit' might not. */
function waitForEnd(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('error', (cause) => reject(launchFailed(cause.message)));
    child.once('close', () => resolve());
  });
}

/** unshare is gone at once, the namespace behind it a few milliseconds later. */
async function waitUntilGone(init: ProcessStatus | undefined): Promise<void> {
  const deadline = performance.now() + KILL_DEADLINE_MS;
  while (init !== undefined && isAlive(init) && performance.now() < deadline) await delay(1);
}
