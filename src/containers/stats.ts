/** What running containers use, out of /proc: all processes of their pid namespaces. */
import { totalmem } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { findDiskUse, findProcess, measureContainer, type ContainerUse, type DiskUse } from '#engine/engine.js';
import { findContainer, listContainers, type Container } from './find.js';
import { judgeProcess } from './process.js';
import type { ContainerPlace, ContainerRoots } from './shapes.js';

export interface ContainerStats {
  readonly id: string;
  readonly name: string | undefined;
  /** Of one processor, since the look before; 200 where two are busy. */
  readonly cpuPercent: number;
  /** Resident; what processes share counts for each. */
  readonly memoryBytes: number;
  /** Of the machine's. */
  readonly memoryPercent: number;
  readonly pids: number;
  /** From and to disks, since it began; absent where the kernel does not show it to this user. */
  readonly disk: DiskUse | undefined;
}

/** A look at what was used until now begins with a look; the first answer comes after so long. */
const FIRST_MS = 500;
const EVERY_MS = 1_000;

interface Meter {
  readonly use: () => ContainerUse;
  last: ContainerUse;
  atMs: number;
  disk: DiskUse | undefined;
}

/** Of those that run, or of those of these that do; once a second, for ever. */
export async function* watchStats(
  roots: ContainerRoots,
  chosen: readonly ContainerPlace[],
  signal?: AbortSignal,
): AsyncGenerator<ContainerStats[]> {
  const meters = new Map<string, Meter>();
  const look = async (): Promise<ContainerStats[]> => {
    const running = await listRunning(roots, chosen);
    return running.flatMap((container) => measure(container, meters));
  };
  await look();
  for (let everyMs = FIRST_MS; ; everyMs = EVERY_MS) {
    await delay(everyMs, undefined, signal && { signal });
    yield await look();
  }
}

async function listRunning(roots: ContainerRoots, chosen: readonly ContainerPlace[]): Promise<Container[]> {
  const found = chosen.length === 0 ? (await listContainers(roots)).containers : await Promise.all(chosen.map(findContainer));
  return found.filter((container) => container?.status.status === 'running') as Container[];
}

/** Nothing at the first look, and where its processes cannot be seen. */
function measure({ record: { id, name }, state: { init } }: Container, meters: Map<string, Meter>): ContainerStats[] {
  const meter = meters.get(id);
  if (meter === undefined) {
    const status = init !== undefined && judgeProcess(init) === 'alive' ? findProcess(init.pid) : undefined;
    if (status === undefined) return [];
    const use = measureContainer(status);
    meters.set(id, { use, last: use(), atMs: performance.now(), disk: undefined });
    return [];
  }
  const [now, atMs] = [meter.use(), performance.now()];
  const cpuPercent = (100 * (now.cpuMs - meter.last.cpuMs)) / Math.max(1, atMs - meter.atMs);
  const disk = atLeast(init === undefined ? undefined : findDiskUse(init), meter.disk);
  Object.assign(meter, { last: now, atMs, disk });
  const { memoryBytes, pids } = now;
  return [{ id, name, cpuPercent, memoryBytes, memoryPercent: (100 * memoryBytes) / totalmem(), pids, disk }];
}

/** What one had that has ended in this moment is shown again when its parent has waited for it. */
function atLeast(now: DiskUse | undefined, before: DiskUse | undefined): DiskUse | undefined {
  if (now === undefined || before === undefined) return now ?? before;
  return {
    readBytes: Math.max(now.readBytes, before.readBytes),
    writtenBytes: Math.max(now.writtenBytes, before.writtenBytes),
  };
}
