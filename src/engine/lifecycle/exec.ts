/**
 * A further command in a container that runs: in all of its namespaces, in its control groups, with the environment, the rights and
 * the limits that its own command was given, and never with more. It ends with the container.
 */
import { randomBytes } from 'node:crypto';
import { readlinkSync } from 'node:fs';
import { mkdir, open, writeFile } from 'node:fs/promises';
import { constants } from 'node:os';
import { join } from 'node:path';
import { removeTree } from '#base/remove-tree.js';
import { containerGone, execElsewhere, execFailed, toolMissing } from '../errors.js';
import { joinControlGroups } from '../limits/join-groups.js';
import { startChain, type Chain } from '../runtimes/chain.js';
import { enterNamespaces, readEntrance } from '../runtimes/entrance.js';
import type { ExecOptions, ExecRequest, RunResult } from '../shapes.js';
import { keepCallerTerminal } from '../terminal/caller-terminal.js';
import { findTerminalTools, type TerminalTools } from '../terminal/own-terminal.js';
import { findTool, findTools, TOOL_DIRECTORIES, type Tools } from '../tools.js';
import { ENTERED_FILE, planStep, type ExecStep } from './exec-step.js';
import { isAlive, readInnerPid, signalQuietly } from './process-tree.js';
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
  const directory = join(session.path, `exec-${randomBytes(6).toString('hex')}`);
  await mkdir(directory, { mode: 0o700 });
  const log = await open(join(directory, 'log'), 'wx+', 0o600);
  const restoreTerminal = terminal === undefined ? undefined : await keepCallerTerminal({ sh: tools.sh, stty: terminal.stty });
  try {
    const innerPid = readInnerPid(command.pid);
    if (!isAlive(init) || !isAlive(command) || innerPid === undefined) throw containerGone(id);
    const entrance = await readEntrance(session.path);
    if (entrance.program === undefined && !sharesMounts(init.pid, command.pid)) throw execElsewhere(id);
    const entered = { nsenter, userNamespace: `/proc/${innerPid}/ns/user` };
    const step = await planStep({ request, tools, terminal, entrance, entered, session: session.path, directory });
    for (const [file, text] of Object.entries(step.files)) await writeFile(file, text, { mode: 0o600, flag: 'wx' });
    const script = join(directory, ENTERED_FILE);
    const words = [
      ...enterNamespaces(nsenter, { pid: init.pid, process: PROCESS }),
      tools.setpriv,
      '--pdeathsig',
      'KILL',
      tools.sh,
      script,
    ];
    const chain = startChain({
      ...{ tools, identity: entrance.identity, session: session.path, logFd: log.fd, programs: 0, terminal: terminal?.script },
      entry: { words, fd: process_.fd },
      streams: { stdin: request.interactive === true ? 0 : 'ignore', stdout: 1, stderr: 2 },
    });
    try {
      return await accompany(chain, { ...context, step }, async () => {
        const { buffer, bytesRead } = await log.read({ buffer: Buffer.alloc(LOG_BYTES_MAX), position: 0 });
        return buffer.toString('utf8', 0, bytesRead);
      });
    } finally {
      await chain.kill();
      await restoreTerminal?.();
    }
  } finally {
    await Promise.all([process_.close(), log.close()]);
    await removeTree(directory);
  }
}

/** Else somebody has given the command more walls than are written down: one that came in by PID 1 would have fewer of them. */
function sharesMounts(init: number, command: number): boolean {
  try {
    return readlinkSync(`/proc/${init}/ns/mnt`) === readlinkSync(`/proc/${command}/ns/mnt`);
  } catch {
    return false;
  }
}

async function accompany(chain: Chain, context: ExecContext & { step: ExecStep }, readLog: () => Promise<string>): Promise<RunResult> {
  const { request, step, signals, warn = () => undefined, signal: stop } = context;
  const { id, init, command: first } = request.container;
  const until = stop === undefined ? signals.interrupted : AbortSignal.any([signals.interrupted, stop]);
  await untilStopped(chain.ready, until);
  if (!chain.reports.ready) throw isAlive(init) ? execFailed(id, describeLog(await readLog())) : containerGone(id);
  const { command: shell } = chain.findProcesses();
  await joinControlGroups({ pid: shell.pid, of: first.pid, warn });
  const startMs = performance.now();
  signals.hold();
  const { verdict, command } = await untilStopped(step.start(chain, shell), until);
  try {
    signals.forward((signal) => forwardSignal(command, signal));
    await untilStopped(chain.ended, until);
  } finally {
    // Where what waits for it was killed.
    signalQuietly(command, 'SIGKILL');
  }
  const exitCode = chain.reports.exitCode ?? KILLED;
  if (!chain.reports.exec) throw isAlive(init) ? execFailed(id, describeLog(await readLog())) : containerGone(id);
  if (verdict === 'failed' && !isOfSignal(exitCode) && step.explain !== undefined) return { exitCode: await step.explain(), runMs: 0 };
  return { exitCode, runMs: performance.now() - startMs };
}

/** As a shell says it; a program that fails may end with 255. */
function isOfSignal(exitCode: number): boolean {
  return exitCode > 128 && exitCode <= 128 + Math.max(...Object.values(constants.signals));
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
