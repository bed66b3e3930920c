/** Reads /proc. A process is a pid and the time it started: pids are used again, that pair is not. */
import { readdirSync, readFileSync } from 'node:fs';
import { readlink } from 'node:fs/promises';
import { systemCodeOf } from '#base/errors.js';

export interface ProcessStatus {
  readonly pid: number;
  readonly name: string;
  /** `R`, `S`, `T`, `Z`, … */
  readonly state: string;
  readonly parentPid: number;
  readonly groupId: number;
  readonly terminal: number;
  readonly foregroundGroupId: number;
  /** User and system time, of itself and of the children it waited for. */
  readonly cpuMs: number;
  readonly startTicks: string;
}

/** USER_HZ is 100 on every Linux that Node runs on. */
const MS_PER_TICK = 10;

/** Undefined where there is no such process (any more). */
export function findProcess(pid: number): ProcessStatus | undefined {
  const text = readOrUndefined(`/proc/${pid}/stat`);
  if (text === undefined) return undefined;
  const nameEnd = text.lastIndexOf(')');
  const fields = text.slice(nameEnd + 2).split(' ');
  const number = (index: number): number => Number(fields[index] ?? 0);
  return {
    pid,
    name: text.slice(text.indexOf('(') + 1, nameEnd),
    state: fields[0] ?? '?',
    parentPid: number(1),
    groupId: number(2),
    terminal: number(4),
    foregroundGroupId: number(5),
    cpuMs: (number(11) + number(12) + number(13) + number(14)) * MS_PER_TICK,
    startTicks: fields[19] ?? '',
  };
}

/** Whether it still does something: a zombie only waits for its parent. */
export function isAlive({ pid, startTicks }: { pid: number; startTicks: string }): boolean {
  const found = findProcess(pid);
  return found?.startTicks === startTicks && found.state !== 'Z' && found.state !== 'X';
}

/** The arguments of a process; empty for a zombie. */
export function findArguments(pid: number): string[] | undefined {
  const text = readOrUndefined(`/proc/${pid}/cmdline`);
  return text?.split('\0').slice(0, -1);
}

/** By /proc/PID/task/TID/children; by a walk through /proc on kernels without that file. */
export function findChildren(pid: number): number[] {
  const threads = listOrEmpty(`/proc/${pid}/task`);
  const lists = threads.map((thread) => readOrUndefined(`/proc/${pid}/task/${thread}/children`));
  if (lists.some((list) => list !== undefined)) return lists.flatMap((list) => (list ?? '').split(' ').filter(Boolean).map(Number));
  return listOrEmpty('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((candidate) => findProcess(candidate)?.parentPid === pid);
}

/** The one child of a process; undefined where there is none, or no such process. */
export function findSoleChild(pid: number | undefined): ProcessStatus | undefined {
  const [child] = pid === undefined ? [] : findChildren(pid);
  return child === undefined ? undefined : findProcess(child);
}

/** The number that it has in its own pid namespace. */
export function readInnerPid(pid: number): number | undefined {
  const numbers = /^NSpid:\s*(.*)$/m.exec(readOrUndefined(`/proc/${pid}/status`) ?? '')?.[1];
  return numbers === undefined ? undefined : Number(numbers.split(/\s+/).at(-1));
}

/** Names the pid namespace, within which alone a pid means something. */
export async function readPidNamespace(): Promise<string> {
  return (await readlink('/proc/self/ns/pid')).replaceAll(/\D/g, '');
}

function readOrUndefined(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (thrown) {
    if (['ENOENT', 'ESRCH', 'EACCES', 'EPERM'].includes(systemCodeOf(thrown) ?? '')) return undefined;
    throw thrown;
  }
}

function listOrEmpty(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

/** Sends a signal, unless the process has ended: its pid may be another's by now. It may also end in this very instant. */
export function signalQuietly(target: ProcessStatus, signal: NodeJS.Signals): void {
  if (!isAlive(target)) return;
  try {
    process.kill(target.pid, signal);
  } catch (thrown) {
    if (systemCodeOf(thrown) !== 'ESRCH') throw thrown;
  }
}
