/** The directories that hold containers. */
import { lstat } from 'node:fs/promises';
import { systemCodeOf } from '#base/errors.js';
import { openPrivateDirectory, requirePrivateDirectory } from '#base/private-directory.js';
import { containerErrors } from './errors.js';

/** Made where it is missing. */
export async function openRoot(path: string): Promise<void> {
  await openPrivateDirectory(path, (why) => containerErrors.unsafe(path, why));
}

/** Whether there is one; throws where it is not the caller's own. */
export async function hasRoot(path: string): Promise<boolean> {
  if (!(await isThere(path))) return false;
  await requireOwn(path);
  return true;
}

/** A directory that belongs to the caller alone: nobody else has put anything into it. */
export async function requireOwn(path: string): Promise<void> {
  await requirePrivateDirectory(path, (why) => containerErrors.unsafe(path, why));
}

export async function isThere(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (thrown) {
    if (['ENOENT', 'ENOTDIR'].includes(systemCodeOf(thrown) ?? '')) return false;
    throw thrown;
  }
}
