/**
 * Who is busy with a container, beside what its state says. A file is named after the process whose it is, so that one that a killed
 * process left counts for nothing:
 *
 *      k3v0a91xw2qm/wait.1.k3v0a91xw2qm.4026531836.8123.991734.0f9c…3d      waits for its exit code
 *      k3v0a91xw2qm/monitor/k3v0a91xw2qm.4026531836.8124.991801.0f9c…3d     is its monitor, from before the first state that it writes
 */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ownedName, readOwnedName } from './owner.js';
import { CONTAINER_FILES, type ContainerPlace } from './shapes.js';

const WAITER = /^wait[.][0-9]+[.](.*)$/;
const WAITERS_DEADLINE_MS = 5_000;
const LOOK_EVERY_MS = 20;
const ID_LENGTH = 12;

let waiters = 0;

/** The path of a file of this process, another one for each that waits. */
export function nameWaiter({ id, path }: ContainerPlace): string {
  waiters += 1;
  return join(path, `wait.${waiters}.${ownedName(id)}`);
}

/** For whoever removes it: until those who wait have read how it ended; not for long. */
export async function leaveToWaiters({ path }: ContainerPlace): Promise<void> {
  const deadline = performance.now() + WAITERS_DEADLINE_MS;
  while ((await hasWaiters(path)) && performance.now() < deadline) await delay(LOOK_EVERY_MS);
}

/** Whether another process is the monitor of the container in this directory: about to run it, or about to end. */
export async function hasMonitor(path: string): Promise<boolean> {
  const names = await readdir(join(path, CONTAINER_FILES.monitor)).catch(() => []);
  return names.some((name) => isOfTheLiving(name) && name !== ownedName(name.slice(0, ID_LENGTH)));
}

async function hasWaiters(path: string): Promise<boolean> {
  const names = await readdir(path).catch(() => []);
  return names.some((name) => isOfTheLiving(WAITER.exec(name)?.[1] ?? ''));
}

function isOfTheLiving(name: string): boolean {
  return readOwnedName(name)?.isAbandoned === false;
}
