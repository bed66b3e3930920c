import { readFileSync } from 'node:fs';

/** Of the kernel's figures for programs, on every architecture (USER_HZ). */
const tickMs = 10;

/** The CPU time of a process and its threads so far, as milliseconds; 0 when it has ended. */
export function readCpuMs(pid: number): number {
  try {
    // `pid (name) state …`, where the name may hold anything; utime and stime are the fields 14 and 15.
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) * tickMs;
  } catch {
    return 0;
  }
}
