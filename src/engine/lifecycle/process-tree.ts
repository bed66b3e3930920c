/** What processes have started what, by /proc. */
import { readdirSync } from 'node:fs';
import { systemCodeOf } from '#base/errors.js';
import { findProcess, isAlive, readProcFile, type ProcessStatus } from '#base/process.js';

export { findProcess, isAlive, readPidNamespace, readProcFile, type ProcessStatus } from '#base/process.js';

/** The arguments of a process; empty for a zombie. */
export function findArguments(pid: number): string[] | undefined {
  const text = readProcFile(`/proc/${pid}/cmdline`);
  return text?.split('\0').slice(0, -1);
}

/** The number of a process in the innermost PID namespace that it is in. */
export function findInnerPid(pid: number): number | undefined {
  const [, numbers] = /^NSpid:\s+(.*)$/m.exec(readProcFile(`/proc/${pid}/status`) ?? '') ?? [];
  const inner = numbers?.trim().split(/\s+/).at(-1);
  return inner === undefined ? undefined : Number(inner);
}

/** By /proc/PID/task/TID/children; by a walk through /proc on kernels without that file. */
export function findChildren(pid: number): number[] {
  const threads = listOrEmpty(`/proc/${pid}/task`);
  const lists = threads.map((thread) => readProcFile(`/proc/${pid}/task/${thread}/children`));
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
  const numbers = /^NSpid:\s*(.*)$/m.exec(readProcFile(`/proc/${pid}/status`) ?? '')?.[1];
  return numbers === undefined ? undefined : Number(numbers.split(/\s+/).at(-1));
}

function listOrEmpty(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

/** Sends a signal, unless the process has ended: its pid may be another's by now. It may also end in this very instant. */
export function signalQuietly(target: { pid: number; startTicks: string }, signal: NodeJS.Signals): void {
  if (!isAlive(target)) return;
  try {
    process.kill(target.pid, signal);
  } catch (thrown) {
    if (systemCodeOf(thrown) !== 'ESRCH') throw thrown;
  }
}
