/** A lock that one process has at a time, in all processes of all machines that see the directory. */
import fs from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { systemCodeOf } from './errors.js';

/** Longer than a lock outlives an owner that was killed, so that a dead lock ends no change. */
const WAIT_MS = 10_000;
const RETRY_MS = 100;
/** The owner renews its lock every 2.5 s. */
const STALE_MS = 5_000;

export interface Lease {
  /** Throws when somebody else took over because this process stood still for longer than STALE_MS. Ask before each step that counts. */
  requireHeld(): void;
  release(): Promise<void>;
}

export interface LeaseOptions {
  /** A directory that is there while the lock is held. */
  readonly lock: string;
  readonly waitMs?: number | undefined;
  /** Ends the wait. */
  readonly signal?: AbortSignal | undefined;
  /** What is thrown when somebody else has it for longer than that, and when it was lost. */
  readonly busy: (waitMs: number) => Error;
  readonly lost: () => Error;
}

/** Waits while somebody else has the lock, and for nothing else. In one process, two locks have two `path`s. */
export async function takeLease(path: string, { lock, waitMs = WAIT_MS, signal, busy, lost }: LeaseOptions): Promise<Lease> {
  let isLost = false;
  // Loaded here and not above: it watches the process's signals from the moment it is loaded, which is only right for changes.
  const { default: lockfile } = await import('proper-lockfile');
  const settings = { lockfilePath: lock, realpath: false, stale: STALE_MS, fs: privateDirectories, onCompromised: () => (isLost = true) };
  // Its own retries would also wait for a permission.
  for (let attemptsLeft = Math.ceil(waitMs / RETRY_MS); ; attemptsLeft--) {
    try {
      const release = await lockfile.lock(path, settings);
      return {
        requireHeld() {
          if (isLost) throw lost();
        },
        // A lock that cannot be removed is stale soon; what was done under it is done.
        release: () => release().catch(() => undefined),
      };
    } catch (error) {
      if (systemCodeOf(error) !== 'ELOCKED') throw error;
      if (attemptsLeft <= 0) throw busy(waitMs);
    }
    await setTimeout(RETRY_MS, undefined, signal === undefined ? {} : { signal });
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
