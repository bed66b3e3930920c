/**
 * What becomes of a command that a runtime's program starts.
 *
 *      subshell ▶ env ▶ crun run ─▶ (the program itself, inside) ▶ the command
 *      subshell ▶ env ▶ bwrap ─▶ bwrap ▶ crun run ─▶ (the program itself, inside) ▶ the command
 *
 * Whether it is the command yet is seen by its arguments and its name. One that is over before anybody looked has run, unless the
 * program's log says that it could not be executed.
 */
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { systemCodeOf } from '#base/errors.js';
import { runtimeFailed } from '../errors.js';
import {
  findArguments,
  findChildren,
  findInnerPid,
  findProcess,
  isAlive,
  signalQuietly,
  type ProcessStatus,
} from '../../lifecycle/process-tree.js';
import { tellSize } from '../../terminal/window.js';
import type { Chain } from '../chain.js';
import type { Start } from '../runtime.js';
import { endKeeper, findKeeper, type Keeper } from './keeper.js';

export interface WatchOptions {
  /** The process that becomes the runtime's program. */
  readonly runtime: ProcessStatus;
  /** The arguments that it has then, and those of the program behind it where it is wrapped; else the same twice. */
  readonly steps: readonly [outer: readonly string[], inner: readonly string[]];
  /** Whether somebody else has said what is to be run: then only what names a process has run anything. */
  readonly isPlanned: boolean;
  readonly command: readonly string[];
  /** Where the program writes which process is the command's, as its PID namespace counts. */
  readonly pidFile: string;
  readonly logFile: string;
  /** Whether nobody else tells the command's terminal of a new window size. */
  readonly resizes: boolean;
  /** Whether others that the command leaves behind stay, as after a further command. */
  readonly leavesOthers?: boolean;
  /** Where the program has one. */
  readonly keeper?: Keeper | undefined;
  /** Asked of a command that nobody has seen run, and that ended with 1: whether it could not run. */
  readonly couldNotRun?: () => Promise<boolean>;
}

const KILLED = 137;
const POLL_MS = 1;
/** How often is looked whether the command has left others behind. */
const LEFT_BEHIND_MS = 50;
const KEEPER_MS = 10;
const MISSED_MAX = 10;
const NAME_BYTES_MAX = 15;
/** What the log of a run may have that is read. */
const LOG_BYTES_MAX = 65_536;

export async function watchRuntime(chain: Chain, options: WatchOptions): Promise<Start> {
  const { runtime, leavesOthers = false, keeper } = options;
  chain.go();
  let command: ProcessStatus | undefined;
  const seen = new Map<number, ProcessStatus | undefined>();
  for (let missed = 0; isAlive(runtime);) {
    const inner = await readPid(options.pidFile);
    if (leavesOthers) for (const pid of listDescendants(runtime.pid)) seen.set(pid, findProcess(pid));
    if (inner !== undefined) command ??= findCommand(runtime, inner);
    if (command !== undefined && isExecuted(command, options)) {
      if (!leavesOthers || keeper !== undefined) endWithCommand(chain, { ...options, command });
      if (options.resizes) resizeWith(chain, command);
      return { verdict: 'ran', command, ancestor: runtime };
    }
    // A walk through processes that come and go may miss one.
    missed = inner === undefined || (command !== undefined && isAlive(command)) ? 0 : missed + 1;
    if (missed > MISSED_MAX) {
      if (leavesOthers && keeper === undefined) break;
      endOthers(options);
    }
    await delay(POLL_MS);
  }
  await chain.ended;
  // What it was about to start when it was killed itself has no other parent that would end it; see oci/further.ts.
  if ([undefined, KILLED].includes(chain.reports.exitCode))
    for (const one of seen.values()) if (one !== undefined) signalQuietly(one, 'SIGKILL');
  // Without a report it was killed.
  const hasFailed =
    chain.reports.exitCode === undefined ||
    (await readFailure(options.logFile)) !== undefined ||
    (options.isPlanned && (await readPid(options.pidFile)) === undefined) ||
    (chain.reports.exitCode === 1 && (await options.couldNotRun?.()) === true);
  return { verdict: hasFailed ? 'failed' : 'ran', command: command ?? runtime, ancestor: runtime };
}

/** The program writes it once there is a process that will be the command. */
async function readPid(file: string): Promise<number | undefined> {
  const pid = Number(await readOrNothing(file));
  return pid > 0 ? pid : undefined;
}

function findCommand(runtime: ProcessStatus, inner: number): ProcessStatus | undefined {
  const pid = listDescendants(runtime.pid).find((candidate) => findInnerPid(candidate) === inner);
  return pid === undefined ? undefined : findProcess(pid);
}

function isExecuted(command: ProcessStatus, { steps, command: expected }: WatchOptions): boolean {
  const now = findProcess(command.pid);
  if (now === undefined || now.startTicks !== command.startTicks) return false;
  // What has ended keeps the name of the program that it last was.
  if (now.state === 'Z' || now.state === 'X') return now.name === kernelName(expected[0] ?? '');
  const found = findArguments(command.pid) ?? [];
  // In the midst of an exec there are none.
  return found.length > 0 && !isOfRuntime({ name: now.name, words: found }, steps);
}

/** crun's child has its own arguments; runc's is `runc init`, and calls itself `runc:[2:INIT]`, as others do. */
function isOfRuntime({ name, words }: { name: string; words: readonly string[] }, steps: WatchOptions['steps']): boolean {
  if (/:\[\d:[A-Z]+\]$/.test(name)) return true;
  return steps.some((own) => {
    if (words.length === own.length && words.every((word, index) => word === own[index])) return true;
    return words.length === 2 && words[1] === 'init' && [kernelName(own[0] ?? ''), 'exe'].includes(kernelName(words[0] ?? ''));
  });
}

function kernelName(program: string): string {
  return basename(program).slice(0, NAME_BYTES_MAX);
}

/**
 * When the command is over the container is, as with the embedded runtime, whose PID 1 then ends: crun would wait for everything
 * that the command has left behind.
 */
function endWithCommand(chain: Chain, options: OthersOptions & { readonly command: ProcessStatus }): void {
  const look = (): void => {
    if (!isAlive(options.command)) endOthers(options);
  };
  const timer = setInterval(look, options.keeper === undefined ? LEFT_BEHIND_MS : KEEPER_MS);
  timer.unref();
  const stop = (): void => clearInterval(timer);
  chain.ended.then(stop, stop);
}

type OthersOptions = Pick<WatchOptions, 'runtime' | 'steps' | 'leavesOthers' | 'keeper'>;

function endOthers(options: OthersOptions): void {
  if (options.leavesOthers !== true) killLeftBehind(options);
  if (options.keeper !== undefined) endKeeper(options.runtime, options.keeper);
}

/** The program itself, where a wrapper has started it, is to say how the command ended. The keeper has a time of its own. */
function killLeftBehind({ runtime, steps, keeper }: OthersOptions): void {
  const kept = keeper === undefined ? undefined : findKeeper(runtime, keeper)?.pid;
  const isWrapped = steps[0].length !== steps[1].length;
  for (const pid of listDescendants(runtime.pid)) {
    const left = findProcess(pid);
    if (left === undefined || pid === kept) continue;
    const isProgram = isWrapped && isOfRuntime({ name: left.name, words: findArguments(pid) ?? [] }, steps);
    if (!isProgram) signalQuietly(left, 'SIGKILL');
  }
}

/** Parents before their children. */
function listDescendants(pid: number): number[] {
  const found = findChildren(pid);
  for (let index = 0; index < found.length; index += 1) found.push(...findChildren(found[index] ?? 0));
  return found;
}

function resizeWith(chain: Chain, command: ProcessStatus): void {
  let told = Promise.resolve();
  // One after the other: the last is what counts.
  const resize = (): void => void (told = told.then(() => tellSize(command, process.stdout)));
  process.stdout.on('resize', resize);
  const stop = (): void => void process.stdout.off('resize', resize);
  chain.ended.then(stop, stop);
}

/**
 * Of a command that was not executed: 127 where there is none, 126 where it cannot be executed, as a shell says it. Throws what else
 * the program said. It has printed the same on the command's stderr.
 *
 * @param judge looks itself: where the command was to have a terminal, crun at times says no more than that it lost its child
 */
export async function explainRuntime(name: string, logFile: string, judge?: () => Promise<number | undefined>): Promise<number> {
  const said = (await readFailure(logFile)) ?? 'without a word';
  // What runc says first of whatever `runc exec` could not do.
  if (!/\bexec\b|\bexecutable\b/.test(said.replace(/^exec failed: /, ''))) {
    const judged = /connection closed/.test(said) ? await judge?.() : undefined;
    if (judged === undefined) throw runtimeFailed(name, said);
    return judged;
  }
  return /no such file|not found/i.test(said) ? 127 : 126;
}

/** The last that a program calls an error or worse. */
async function readFailure(logFile: string): Promise<string | undefined> {
  const lines = (await readOrNothing(logFile)).slice(-LOG_BYTES_MAX).split('\n');
  const errors = lines.flatMap((line) => {
    const entry = parseLine(line);
    return entry !== undefined && ['error', 'fatal', 'panic'].includes(entry.level) ? [entry.msg] : [];
  });
  return errors.at(-1);
}

function parseLine(line: string): { level: string; msg: string } | undefined {
  try {
    const entry = JSON.parse(line) as { level?: unknown; msg?: unknown } | null;
    return typeof entry?.level === 'string' && typeof entry.msg === 'string' ? { level: entry.level, msg: entry.msg } : undefined;
  } catch {
    return undefined;
  }
}

async function readOrNothing(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (thrown) {
    if (systemCodeOf(thrown) === 'ENOENT') return '';
    throw thrown;
  }
}
