/** Waiting for what happens to a container, which others write down. */
import { rm, writeFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { systemCodeOf } from '#base/errors.js';
import { nameWaiter } from './claims.js';
import { containerErrors } from './errors.js';
import { findContainer, type Container } from './find.js';
import type { ContainerPlace } from './shapes.js';

const LOOK_EVERY_MS = 25;
/** A look is two small files; who waits for hours need not look forty times a second. */
const LOOK_EVERY_MAX_MS = 200;

/** Until it has ended, however long that takes; its exit code. Of a container that was only created: until it was started, and has ended. */
export async function waitForExit(place: ContainerPlace, signal?: AbortSignal): Promise<number> {
  const file = nameWaiter(place);
  // It may be gone in this very moment, which the first look tells.
  await writeFile(file, '', { mode: 0o600 }).catch((thrown: unknown) => {
    if (systemCodeOf(thrown) !== 'ENOENT') throw thrown;
  });
  try {
    const ended = await waitUntil(place, ({ status }) => status.status === 'stopped' || signal?.aborted === true, Infinity);
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
