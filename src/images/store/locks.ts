/** Locks of the store, and transactions: whoever brings something in, so that nothing that it counts on is removed meanwhile. */
import { existsSync } from 'node:fs';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { Lease } from '#base/lease.js';
import { removeIfThere } from '#base/staged-file.js';
import { claimLock, lockOf } from './claims.js';
import { makeOwnedName, partOf, sweepOwned, type ImageStore } from './place.js';

/** A layer can take its time to come, and so can a file system to be made. */
const WORK_WAIT_MS = 3_600_000;
/** How long those who remove wait for those who bring. */
const QUIET_WAIT_MS = 2_000;
const POLL_MS = 50;
const STORE_LOCK = 'store';
const THE_STORE = { what: 'the image store', waitMs: 10_000 };

/** One among all processes for what `key` stands for, such as `blob-<hex>`. */
export function lockWork(
  store: ImageStore,
  key: string,
  { what, signal }: { what: string; signal?: AbortSignal | undefined },
): Promise<Lease> {
  return claimLock(store, key, { what, waitMs: WORK_WAIT_MS, signal });
}

export interface Transaction {
  end(): Promise<void>;
}

/** While it goes on, no blob and no root is removed. */
export async function beginTransaction(store: ImageStore): Promise<Transaction> {
  const file = join(partOf(store, 'transactions'), await makeOwnedName());
  await enter(store, () => writeFile(file, '', { mode: 0o600, flag: 'wx' }), file);
  return { end: async () => void (await removeIfThere(file)) };
}

/**
 * Writes a file that whoever removes must see. Who removes takes the lock first and then looks for such files; who writes one looks
 * for the lock afterwards: one of the two sees the other. So a run, which is many, takes no lock.
 */
export async function enter(store: ImageStore, write: () => Promise<void>, file: string): Promise<void> {
  await write();
  if (!existsSync(lockOf(store, STORE_LOCK))) return;
  await removeIfThere(file);
  const lease = await claimLock(store, STORE_LOCK, THE_STORE);
  try {
    await write();
  } finally {
    await lease.release();
  }
}

/** For those who remove: alone, and nobody is bringing anything in. `isQuiet` is false where somebody goes on doing so. */
export async function lockStore<Result>(store: ImageStore, work: (isQuiet: boolean) => Promise<Result>): Promise<Result> {
  const lease = await claimLock(store, STORE_LOCK, THE_STORE);
  try {
    return await work(await waitForQuiet(store));
  } finally {
    await lease.release();
  }
}

async function waitForQuiet(store: ImageStore): Promise<boolean> {
  for (let waitedMs = 0; ; waitedMs += POLL_MS) {
    if ((await readdir(partOf(store, 'transactions'))).length === 0) return true;
    if ((await sweepOwned(store, 'transactions')).length === 0) return true;
    if (waitedMs >= QUIET_WAIT_MS) return false;
    await setTimeout(POLL_MS);
  }
}
