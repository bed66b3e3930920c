/**
 * A further command in a container that runs: in all of its namespaces, in its control groups, with the environment, the rights and
 * the limits that its own command was given, and never with more. It ends with the container.
 */
import { randomBytes } from 'node:crypto';
import { readlinkSync } from 'node:fs';
import { open, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { containerGone, envConflict, execElsewhere, execFailed, optionUnsupported, toolMissing } from '../errors.js';
import { joinControlGroups } from '../limits/join-groups.js';
import { parseEnvironment } from '../request.js';
import { parseUser } from '../request-options.js';
import { startChain, type Chain } from '../runtimes/chain.js';
import { enterNamespaces, readEntrance, type Entrance } from '../runtimes/entrance.js';
import { sortEnvironment } from '../runtimes/environment.js';
import { composeLauncher, type Entered } from '../runtimes/launcher.js';
import { writeCommand, writeEntered, writeEnteredTerminal } from '../runtimes/script.js';
import type { ExecOptions, ExecRequest, RunResult } from '../shapes.js';
import { keepCallerTerminal } from '../terminal/caller-terminal.js';
import { findTerminalTools, type TerminalTools } from '../terminal/own-terminal.js';
import { findTool, findTools, TOOL_DIRECTORIES, type Tools } from '../tools.js';
import { isAlive, readInnerPid } from './process-tree.js';
import { findSession, type Session } from './session.js';
import { catchSignals, forwardSignal, Interruption, type SignalCatcher } from './signals.js';
import { untilStopped } from './stop.js';

const KILLED = 137;
const LOG_BYTES_MAX = 65_536;
/** The fd by which the chain finds the container; see chain.ts. */
const PROCESS = '/proc/self/fd/5';

/** Runs it to its end. A command that cannot be executed gives 126 or 127; all else that fails throws. */
export async function execInContainer(request: ExecRequest, options: ExecOptions): Promise<RunResult> {
  const signals = catchSignals({ ownTerminal: request.terminal });
  try {
    const session = await findSession(options.runDirectory, request.container.id);
    if (session === undefined) throw containerGone(request.container.id);
    const tools = await findTools();
    const nsenter = await findTool('nsenter', TOOL_DIRECTORIES);
    if (nsenter === undefined) throw toolMissing('nsenter', 'util-linux');
    const terminal = request.terminal === true ? await findTerminalTools() : undefined;
    return await enter({ request, session, tools, nsenter, terminal, signals, ...options });
  } catch (thrown) {
    if (thrown instanceof Interruption) return { exitCode: thrown.exitCode, runMs: 0 };
    throw thrown;
  } finally {
    signals.close();
  }
}

interface ExecContext extends ExecOptions {
  readonly request: ExecRequest;
  readonly session: Session;
  readonly tools: Tools;
  readonly nsenter: string;
  readonly terminal: TerminalTools | undefined;
  readonly signals: SignalCatcher;
}

/** What is opened of /proc/PID stays that process's; whether it is the container's is looked at after that. */
async function enter(context: ExecContext): Promise<RunResult> {
  const { request, session, tools, nsenter, terminal } = context;
  const { id, init, command } = request.container;
  const process_ = await open(`/proc/${init.pid}`, 'r').catch(() => {
    throw containerGone(id);
  });
  const files = join(session.path, `exec-${randomBytes(6).toString('hex')}`);
  const log = await open(`${files}.log`, 'wx+', 0o600);
  const restoreTerminal = terminal === undefined ? undefined : await keepCallerTerminal(terminal.stty);
  try {
    const innerPid = readInnerPid(command.pid);
    if (!isAlive(init) || !isAlive(command) || innerPid === undefined) throw containerGone(id);
    if (!sharesMounts(init.pid, command.pid)) throw execElsewhere(id);
    const entrance = await readEntrance(session.path);
    await prepare(context, { files, entrance, entered: { nsenter, userNamespace: `/proc/${innerPid}/ns/user` } });
    const words = [...enterNamespaces(nsenter, { pid: init.pid, process: PROCESS }), tools.setpriv, '--pdeathsig', 'KILL', tools.sh, files];
    const chain = startChain({
      ...{ tools, identity: entrance.identity, session: session.path, logFd: log.fd, programs: 0, terminal: terminal?.script },
      entry: { words, fd: process_.fd },
      streams: { stdin: request.interactive === true ? 0 : 'ignore', stdout: 1, stderr: 2 },
    });
    try {
      return await accompany(chain, context, async () => {
        const { buffer, bytesRead } = await log.read({ buffer: Buffer.alloc(LOG_BYTES_MAX), position: 0 });
        return buffer.toString('utf8', 0, bytesRead);
      });
    } finally {
      await chain.kill();
      await restoreTerminal?.();
    }
  } finally {
    await Promise.all([process_.close(), log.close()]);
    for (const name of ['', '.log', '.command', '.terminal']) await rm(`${files}${name}`, { force: true });
  }
}

/**
 * An OCI runtime has made a mount namespace of its own, and rights that are not written down here, such as a seccomp filter: a command
 * that came in by PID 1 would have more of them.
 */
function sharesMounts(init: number, command: number): boolean {
  try {
    return readlinkSync(`/proc/${init}/ns/mnt`) === readlinkSync(`/proc/${command}/ns/mnt`);
  } catch {
    return false;
  }
}

/** Writes the scripts into the session. */
async function prepare(
  { request, tools, terminal }: ExecContext,
  { files, entrance, entered }: { files: string; entrance: Entrance; entered: Entered },
): Promise<void> {
  const { identity, caller, umask, capabilities, rlimits } = entrance;
  const user = chooseUser(request, entrance);
  const env = sortEnvironment(describeEnvironment(request, entrance));
  const [linker] = env.linker.keys();
  const [shell] = env.shell.keys();
  if (linker !== undefined && shell !== undefined) throw envConflict(linker, shell);
  const launcher = composeLauncher({
    ...{ tools, identity, uid: caller.uid, gid: caller.gid, env, command: request.command, entered },
    workingDirectory: request.workingDirectory ?? entrance.workingDirectory,
    options: { user, capabilities, rlimits },
  });
  const [commandFile, terminalFile] = [`${files}.command`, `${files}.terminal`];
  const script = { tools, commandFile };
  const owner = identity === 'root' ? user?.uid : undefined;
  const texts = {
    [files]: writeEntered(script, terminal && { tools: terminal, file: terminalFile }),
    [commandFile]: writeCommand(launcher, env, { umask, streams: `2>&${terminal === undefined ? 3 : 1} 3>&- 4>&-` }),
    ...(terminal === undefined ? {} : { [terminalFile]: writeEnteredTerminal(script, terminal, { owner }) }),
  };
  for (const [name, text] of Object.entries(texts)) await writeFile(name, text, { mode: 0o600, flag: 'wx' });
}

/** Only in a container of real root there is more than one. */
function chooseUser({ user: typed }: ExecRequest, { identity, caller, user }: Entrance): Entrance['user'] {
  if (typed === undefined) return user;
  const wanted = parseUser(typed, (user ?? caller).gid);
  const own = user ?? (identity === 'fakeroot' ? { uid: 0, gid: 0 } : caller);
  if (identity !== 'root' && (wanted.uid !== own.uid || wanted.gid !== own.gid))
    throw optionUnsupported('user', `in this container there is only ${own.uid}:${own.gid}`, 'bulkhead exec CONTAINER id');
  return wanted;
}

function describeEnvironment({ env, terminal }: ExecRequest, entrance: Entrance): Record<string, string> {
  const kind = terminal === true ? { TERM: process.env['TERM'] ?? 'xterm' } : {};
  return { ...entrance.env, ...kind, ...parseEnvironment(env) };
}

async function accompany(chain: Chain, context: ExecContext, readLog: () => Promise<string>): Promise<RunResult> {
  const { request, signals, warn = () => undefined, signal: stop } = context;
  const { id, init, command: first } = request.container;
  const until = stop === undefined ? signals.interrupted : AbortSignal.any([signals.interrupted, stop]);
  await untilStopped(chain.ready, until);
  if (!chain.reports.ready) throw isAlive(init) ? execFailed(id, describeLog(await readLog())) : containerGone(id);
  const { command } = chain.findProcesses();
  await joinControlGroups({ pid: command.pid, of: first.pid, warn });
  const startMs = performance.now();
  signals.hold();
  chain.go();
  signals.forward((signal) => forwardSignal(command, signal));
  await untilStopped(chain.ended, until);
  const exitCode = chain.reports.exitCode ?? KILLED;
  if (!chain.reports.exec) throw isAlive(init) ? execFailed(id, describeLog(await readLog())) : containerGone(id);
  return { exitCode, runMs: performance.now() - startMs };
}

function describeLog(log: string): string {
  const lines = log.split('\n').map((line) => line.replaceAll(/[^\x20-\x7e\u00a0-\uffff]/g, '?').trim());
  return (
    lines
      .filter((line) => line !== '')
      .slice(0, 3)
      .join('; ')
      .slice(0, 500) || 'its programs were killed without a word'
  );
}
