import { chmod, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { systemCodeOf } from './errors.js';

/**
 * Removes a directory that may hold files of an image, or what the kernel left of an overlay: directories that forbid their own owner
 * to look into them, or to write. Idempotent; another that removes the same may be in the midst of it.
 */
export async function removeTree(path: string): Promise<void> {
  const remove = () => rm(path, { recursive: true, force: true, maxRetries: 3, retryDelay: 20 });
  await remove().catch(async (thrown: unknown) => {
    if (systemCodeOf(thrown) !== 'EACCES') throw thrown;
    await openDirectories(path);
    await remove();
  });
}

async function openDirectories(path: string): Promise<void> {
  await chmod(path, 0o700);
  for (const entry of await readdir(path, { withFileTypes: true })) if (entry.isDirectory()) await openDirectories(join(path, entry.name));
}
