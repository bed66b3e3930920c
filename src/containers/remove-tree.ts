/** Removes what a container has written. */
import { chmod, lstat, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { systemCodeOf } from '#base/errors.js';

/** Another that cleans up may be in the midst of the same directory. Idempotent. */
export async function removeTree(path: string): Promise<void> {
  const remove = () => rm(path, { recursive: true, force: true, maxRetries: 3, retryDelay: 20 });
  try {
    await remove();
  } catch (thrown) {
    if (!['EACCES', 'EPERM'].includes(systemCodeOf(thrown) ?? '')) throw thrown;
    // An overlay's work directory has mode 0000, and a container may take modes away as it likes.
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
