/** The lock of a plugin directory. */
import fs from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { systemCodeOf } from '#base/errors.js';
import { catalogErrors } from './errors.js';
import { lockOf } from './layout.js';

/** How long a change waits for another one: longer than a lock outlives an owner that was killed, so that a dead lock ends no change. */
const WAIT_MS = 10_000;
const RETRY_MS = 100;
/** The owner renews its lock every 2.5 s. */
const STALE_MS = 5_000;

export interface Lease {
  /** Throws when somebody else took over because this process stood still for longer than STALE_MS. Ask before each step that counts. */
  requireHeld(): void;
  release(): Promise<void>;
}

export async function takeLease(path: string, { waitMs = WAIT_MS }: { readonly waitMs?: number } = {}): Promise<Lease> {
  let isLost = false;
  const release = await takeLock(path, { waitMs, onLost: () => (isLost = true) });
  return {
    requireHeld() {
      if (isLost) throw catalogErrors.lockLost(path);
    },
    // A lock that cannot be removed is stale soon; what was done under it is done.
    release: () => release().catch(() => undefined),
  };
}

/** Waits while somebody else has it, and for nothing else: proper-lockfile's own retries would also wait for a permission. */
async function takeLock(path: string, { waitMs, onLost }: { waitMs: number; onLost: () => void }): Promise<() => Promise<void>> {
  // Loaded here and not above: it watches the process's signals from the moment it is loaded, which is only right for changes.
  const { default: lockfile } = await import('proper-lockfile');
  const settings = { lockfilePath: lockOf(path), stale: STALE_MS, fs: privateDirectories, onCompromised: onLost };
  for (let attemptsLeft = Math.ceil(waitMs / RETRY_MS); ; attemptsLeft--) {
    try {
      return await lockfile.lock(path, settings);
    } catch (error) {
      if (systemCodeOf(error) !== 'ELOCKED') throw error;
      if (attemptsLeft === 0) throw catalogErrors.busy(path, waitMs);
    }
    await setTimeout(RETRY_MS);
  }
}

/** A lock is an empty directory; were it writable by others (umask 0), they could put a file in it and nobody could remove it. */
const privateDirectories = {
  stat: fs.stat,
  utimes: fs.utimes,
  rmdir: fs.rmdir,
  rmdirSync: fs.rmdirSync,
  realpath: fs.realpath,
  mkdir: (path: string, callback: fs.NoParamCallback) => {
    fs.mkdir(path, 0o700, callback);
  },
};
