/**
 * Waiting for what happens to a container, which others write down. Who waits for its exit code leaves a file in it, so that whoever
 * removes it at its end leaves it there until that was read:
 *
 *      k3v0a91xw2qm/wait.k3v0a91xw2qm.4026531836.8123.991734.0f9c…3d
 */
import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { systemCodeOf } from '#base/errors.js';
import { containerErrors } from './errors.js';
import { findContainer, type Container } from './find.js';
import { ownedName, readOwnedName } from './owner.js';
import type { ContainerPlace } from './shapes.js';

const LOOK_EVERY_MS = 25;
/** A look is two small files; who waits for hours need not look forty times a second. */
const LOOK_EVERY_MAX_MS = 200;
const WAITERS_DEADLINE_MS = 2_000;
const PREFIX = 'wait.';

/** Until it has ended, however long that takes; its exit code. Of a container that was only created: until it was started, and has ended. */
export async function waitForExit(place: ContainerPlace): Promise<number> {
  const file = join(place.path, `${PREFIX}${ownedName(place.id)}`);
  // It may be gone in this very moment, which the first look tells.
  await writeFile(file, '', { mode: 0o600 }).catch((thrown: unknown) => {
    if (systemCodeOf(thrown) !== 'ENOENT') throw thrown;
  });
  try {
    const ended = await waitUntil(place, ({ status }) => status.status === 'stopped', Infinity);
    if (ended === 'gone') throw containerErrors.removed(place.id);
    // A status of stopped always has one.
    return ended?.status.exitCode ?? 0;
  } finally {
    await rm(file, { force: true });
  }
}

/** Undefined where it was not so in time; `gone` where the container was removed. */
export async function waitUntil(
  place: ContainerPlace,
  isSo: (container: Container) => boolean,
  timeoutMs: number,
): Promise<Container | 'gone' | undefined> {
  const deadline = performance.now() + timeoutMs;
  for (let everyMs = LOOK_EVERY_MS; ; everyMs = Math.min(everyMs * 1.1, LOOK_EVERY_MAX_MS)) {
    const container = await findContainer(place);
    if (container === undefined) return 'gone';
    if (isSo(container)) return container;
    const leftMs = deadline - performance.now();
    if (leftMs <= 0) return undefined;
    await delay(Math.min(everyMs, leftMs));
  }
}

/** For whoever removes it: until those who wait have read how it ended; not for long. */
export async function leaveToWaiters({ path }: ContainerPlace): Promise<void> {
  const deadline = performance.now() + WAITERS_DEADLINE_MS;
  while ((await hasWaiters(path)) && performance.now() < deadline) await delay(LOOK_EVERY_MS);
}

async function hasWaiters(path: string): Promise<boolean> {
  const names = await readdir(path).catch(() => []);
  return names.some((name) => name.startsWith(PREFIX) && readOwnedName(name.slice(PREFIX.length))?.isAbandoned === false);
}
