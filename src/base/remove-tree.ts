import { chmod, lstat, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { systemCodeOf } from './errors.js';

/**
 * Removes a directory that may hold files of an image or of a container, or what the kernel left of an overlay: directories that
 * forbid their own owner to look into them, or to write. Idempotent; another that removes the same may be in the midst of it.
 */
export async function removeTree(path: string): Promise<void> {
  const remove = () => rm(path, { recursive: true, force: true, maxRetries: 3, retryDelay: 20 });
  try {
    await remove();
  } catch (thrown) {
    if (!['EACCES', 'EPERM'].includes(systemCodeOf(thrown) ?? '')) throw thrown;
    await openDirectories(path);
    await remove();
  }
}

/** Follows no symbolic link: lstat told that it is a directory, and only this user may put something else there. */
async function openDirectories(path: string): Promise<void> {
  if (!(await lstat(path)).isDirectory()) return;
  await chmod(path, 0o700);
  for (const name of await readdir(path)) await openDirectories(join(path, name));
}
