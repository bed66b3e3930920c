/** What a whole container uses: all that descend from PID 1 of its namespace, or from the runtime's program; these are the engine's. */
import type { ContainerReach, ContainerUse, ProcessRef } from '../shapes.js';
import { findChildren, findProcess, signalQuietly } from './process-tree.js';
import { findProcessUse } from './samples.js';

const EVERY_MS = 100;
/** Of one core, at most: a container with very many processes is looked at less often. */
const SHARE_MAX = 0.05;
/** Those beyond are not looked at. */
const PROCESSES_MAX = 4_096;

/** To be called when the command begins; also by another process of the same machine. */
export function reachProcesses({
  id,
  init,
  command,
  ancestor,
}: Pick<ContainerReach, 'id' | 'init' | 'command' | 'ancestor'>): ContainerReach {
  return {
    id,
    init: { pid: init.pid, startTicks: init.startTicks },
    command: { pid: command.pid, startTicks: command.startTicks },
    ancestor: { pid: ancestor.pid, startTicks: ancestor.startTicks },
    signal: (signal) => signalQuietly(command, signal),
    use: measureContainer(ancestor),
  };
}

/** To be called when the command begins: what their parent has waited for until then was not the command's. */
export function measureContainer(init: ProcessRef): () => ContainerUse {
  const before = findProcess(init.pid)?.cpuMs ?? 0;
  let last: ContainerUse = { memoryBytes: 0, cpuMs: 0, pids: 0 };
  let nextAtMs = -Infinity;
  return () => {
    const atMs = performance.now();
    if (atMs < nextAtMs) return { ...last };
    last = sumUp(init, before, last.cpuMs);
    const tookMs = performance.now() - atMs;
    nextAtMs = atMs + Math.max(EVERY_MS, tookMs / SHARE_MAX);
    return { ...last };
  };
}

/** Time that was used stays used, also where a process ends between two looks. */
function sumUp(init: ProcessRef, beforeMs: number, atLeastMs: number): ContainerUse {
  const status = findProcess(init.pid);
  if (status?.startTicks !== init.startTicks) return { memoryBytes: 0, cpuMs: atLeastMs, pids: 0 };
  const sum = { memoryBytes: 0, cpuMs: status.cpuMs - beforeMs, pids: 0 };
  const found = findChildren(init.pid);
  for (let index = 0; index < found.length && index < PROCESSES_MAX; index += 1) {
    const process = findProcess(found[index] ?? 0);
    if (process === undefined) continue;
    found.push(...findChildren(process.pid));
    // A zombie is in the table of processes, and has no memory.
    sum.pids += 1;
    sum.cpuMs += process.cpuMs;
    sum.memoryBytes += findProcessUse(process)?.memoryBytes ?? 0;
  }
  return { ...sum, cpuMs: Math.max(sum.cpuMs, atLeastMs) };
}
