/** What the processes of a container have had read from disks and written to them. */
import type { ProcessRef } from '../shapes.js';
import { findChildren, findProcess, readProcFile } from './process-tree.js';

/** Since each began; with what those had that have ended, once their parent has waited for them. */
export interface DiskUse {
  readonly readBytes: number;
  readonly writtenBytes: number;
}

/** Those beyond are not looked at. */
const PROCESSES_MAX = 4_096;

/** Of PID 1 of the container's namespace, and of all that descend from it; undefined where the kernel shows none of it to this user. */
export function findDiskUse(init: ProcessRef): DiskUse | undefined {
  if (findProcess(init.pid)?.startTicks !== init.startTicks) return undefined;
  const found = [init.pid];
  let sum: DiskUse | undefined;
  for (let index = 0; index < found.length && index < PROCESSES_MAX; index += 1) {
    const pid = found[index] ?? 0;
    found.push(...findChildren(pid));
    const one = readDiskUse(pid);
    if (one !== undefined)
      sum = { readBytes: (sum?.readBytes ?? 0) + one.readBytes, writtenBytes: (sum?.writtenBytes ?? 0) + one.writtenBytes };
  }
  return sum;
}

function readDiskUse(pid: number): DiskUse | undefined {
  const text = readProcFile(`/proc/${pid}/io`);
  const [, read] = /^read_bytes: (\d+)$/m.exec(text ?? '') ?? [];
  const [, written] = /^write_bytes: (\d+)$/m.exec(text ?? '') ?? [];
  return read === undefined || written === undefined ? undefined : { readBytes: Number(read), writtenBytes: Number(written) };
}
