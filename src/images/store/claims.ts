/**
 * Locks that tell whose they are, so that what a killed command had is free at once.
 *
 *      locks/blob-9f86d0….lock/         somebody's while a file is in it
 *          <owner>.<random>             whose; renewed, for those who cannot see that process
 *
 * It is made aside and renamed: the kernel lets a directory take the place of nothing or of an empty one, so that of many who come at
 * once one has it. Who takes over removes the file of the one that is gone, by its own name: never that of somebody who came later.
 */
import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rmdir, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { systemCodeOf } from '#base/errors.js';
import type { Lease } from '#base/lease.js';
import { removeIfThere } from '#base/staged-file.js';
import { storeBusy, storeLockLost } from '../errors.js';
import { judgeOwners } from './owner.js';
import { makeOwnedName, openStaged, partOf, type ImageStore } from './place.js';

const POLL_MS = 50;
const RENEW_MS = 2_000;
/** Of an owner on another machine, or in another pid namespace: it stands still, or is gone. */
const STALE_MS = 10_000;

export interface ClaimOptions {
  readonly what: string;
  readonly waitMs: number;
  /** Ends the wait. */
  readonly signal?: AbortSignal | undefined;
}

export function lockOf(store: ImageStore, key: string): string {
  return join(partOf(store, 'locks'), `${key}.lock`);
}

/** Waits while somebody else has it. Throws IMAGE_STORE_BUSY where that takes too long. */
export async function claimLock(store: ImageStore, key: string, { what, waitMs, signal }: ClaimOptions): Promise<Lease> {
  const lock = lockOf(store, key);
  const name = await makeOwnedName();
  const staged = await openStaged(store);
  try {
    const claim = join(staged.path, 'lock');
    await mkdir(claim, { mode: 0o700 });
    await writeFile(join(claim, name), '', { mode: 0o600 });
    for (const deadlineMs = performance.now() + waitMs; ;) {
      if (await takePlace(claim, lock)) return hold(lock, name, what);
      if (await removeAbandoned(lock)) continue;
      if (performance.now() > deadlineMs) throw storeBusy(what, waitMs);
      await delay(POLL_MS, undefined, signal === undefined ? {} : { signal });
    }
  } finally {
    await staged.close();
  }
}

async function takePlace(claim: string, lock: string): Promise<boolean> {
  try {
    await rename(claim, lock);
    return true;
  } catch (thrown) {
    if (['ENOTEMPTY', 'EEXIST'].includes(systemCodeOf(thrown) ?? '')) return false;
    throw thrown;
  }
}

function hold(lock: string, name: string, what: string): Lease {
  const file = join(lock, name);
  const renewal = setInterval(() => {
    const now = new Date();
    // One that is not there any more is missed where it counts.
    utimes(file, now, now).catch(() => undefined);
  }, RENEW_MS);
  renewal.unref();
  return {
    requireHeld() {
      if (!existsSync(file)) throw storeLockLost(what);
    },
    async release() {
      clearInterval(renewal);
      await removeIfThere(file);
      // Somebody else may have it by now.
      await rmdir(lock).catch(() => undefined);
    },
  };
}

/** Whether it may be free now. */
async function removeAbandoned(lock: string): Promise<boolean> {
  const names = await readdir(lock).catch((thrown: unknown) => {
    if (systemCodeOf(thrown) !== 'ENOENT') throw thrown;
    return [];
  });
  const judge = await judgeOwners();
  let isFree = names.length === 0;
  for (const name of names) {
    const owner = judge(name);
    const isGone = owner === 'gone' || (owner === 'unknown' && (await isStale(join(lock, name))));
    if (isGone) isFree = (await removeIfThere(join(lock, name))) || isFree;
  }
  return isFree;
}

async function isStale(file: string): Promise<boolean> {
  const found = await stat(file).catch(() => undefined);
  return found !== undefined && Date.now() - found.mtimeMs > STALE_MS;
}
