import { randomBytes } from 'node:crypto';
import { open, rename, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { systemCodeOf } from './errors.js';

/**
 * Puts a file in place with one rename, after its bytes have reached the disk: readers see the old file or the whole new one. What a
 * kill can leave is `NAME.<16 hex>.staged`. The mode is set, not asked for, whatever the umask is.
 */
export async function writeStaged(path: string, bytes: Uint8Array, mode: number): Promise<void> {
  const staged = `${path}.${randomBytes(8).toString('hex')}.staged`;
  try {
    const handle = await open(staged, 'wx', 0o600);
    try {
      await handle.writeFile(bytes);
      await handle.chmod(mode);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(staged, path);
  } catch (error) {
    await removeIfThere(staged);
    throw error;
  }
  await syncDirectory(dirname(path));
}

/** Makes a rename or a removal in it last through a loss of power. */
export async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Answers whether it was there. */
export async function removeIfThere(path: string): Promise<boolean> {
  try {
    await unlink(path);
    return true;
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return false;
    throw error;
  }
}
