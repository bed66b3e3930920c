/** Removes containers that have ended, each with its name and all that it wrote. */
import { setTimeout as delay } from 'node:timers/promises';
import { BulkheadError, messageOf } from '#base/errors.js';
import { hasMonitor } from './claims.js';
import { containerErrors } from './errors.js';
import { findContainer, listContainers } from './find.js';
import { judgeProcess } from './process.js';
import { removeRecord } from './record.js';
import type { ContainerPlace, ContainerRoots, ContainerState } from './shapes.js';
import { hasEnded } from './status.js';
import { endContainer } from './stop.js';
import { sweepRecords } from './sweep.js';

/** A monitor that has written down the end of its container has little left to do. */
const MONITOR_MS = 5_000;
const MONITOR_LOOK_MS = 20;

export interface RemoveOptions {
  /** Ends it first where it runs; and removes it where its record is damaged, or where nobody here can tell whether it runs. */
  readonly force: boolean;
}

/** Who waits for its exit code reads it first. Idempotent. */
export async function removeContainer(place: ContainerPlace, { force }: RemoveOptions): Promise<void> {
  // Its monitor may be about to start it, or about to end: what comes of that is seen when it is.
  for (const deadline = performance.now() + MONITOR_MS; ; await delay(MONITOR_LOOK_MS)) {
    if (force) await endByForce(place);
    else await requireEnded(place);
    if (!(await hasMonitor(place.path)) && (await removeRecord(place, { unless: hasMonitor }))) return;
    if (performance.now() > deadline) throw containerErrors.stillMonitored(place.id);
  }
}

export interface Pruned {
  /** Ids of containers that had stopped, were only created, or that killed processes left. */
  readonly containers: readonly string[];
  /** What could not be removed, and why. */
  readonly problems: readonly { readonly id: string; readonly why: string }[];
}

/** All that do not run; and what killed processes left. */
export async function pruneContainers(roots: ContainerRoots): Promise<Pruned> {
  const removed = await sweepRecords(roots);
  const { containers, problems } = await listContainers(roots);
  const left = problems.map(({ place, error }) => ({ id: place.id, why: messageOf(error) }));
  for (const { place, state, status } of containers) {
    // One that was created a moment ago may have somebody who is about to start it.
    if (status.status === 'running' || status.status === 'starting' || !hasEnded(state)) continue;
    try {
      await removeContainer(place, { force: false });
      removed.push(place.id);
    } catch (thrown) {
      left.push({ id: place.id, why: messageOf(thrown) });
    }
  }
  return { containers: removed, problems: left };
}

async function requireEnded(place: ContainerPlace): Promise<void> {
  const container = await findContainer(place);
  const status = container?.status.status;
  if (container !== undefined && (status === 'running' || status === 'starting')) throw containerErrors.stillRuns(container.record);
}

async function endByForce(place: ContainerPlace): Promise<void> {
  try {
    const container = await findContainer(place);
    if (container !== undefined && !isOfElsewhere(container.state)) await endContainer(place);
  } catch (thrown) {
    if (!(thrown instanceof BulkheadError) || thrown.code !== 'CONTAINER_RECORD_INVALID') throw thrown;
  }
}

/** Of a pid namespace that is not the caller's; most often of one that has ended long ago. */
function isOfElsewhere({ monitor, init, command }: ContainerState): boolean {
  const known = [monitor, init, command].filter((one) => one !== undefined);
  return known.length > 0 && known.every((one) => judgeProcess(one) !== 'alive') && known.some((one) => judgeProcess(one) === 'foreign');
}
