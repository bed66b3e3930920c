/** Processes by /proc. One is a pid and the time it started: pids are used again, that pair is not. */
import { readFileSync } from 'node:fs';
import { readlink } from 'node:fs/promises';
import { systemCodeOf } from './errors.js';

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
  const text = readProcFile(`/proc/${pid}/stat`);
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

/** Names the pid namespace, within which alone a pid means something. */
export async function readPidNamespace(): Promise<string> {
  return (await readlink('/proc/self/ns/pid')).replaceAll(/\D/g, '');
}

/** Undefined where the process has ended or is not ours to read. */
export function readProcFile(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (thrown) {
    if (['ENOENT', 'ESRCH', 'EACCES', 'EPERM'].includes(systemCodeOf(thrown) ?? '')) return undefined;
    throw thrown;
  }
}
