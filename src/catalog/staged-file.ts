import { randomBytes } from 'node:crypto';
import { chmod, mkdir, open, rename, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { systemCodeOf } from '#base/errors.js';
import { DIRECTORY_MODE, FILE_MODE } from './layout.js';

/**
 * Puts a file in place with one rename, after its bytes have reached the disk: readers see the old file or the whole new one.
 * Modes are set, not asked for: the umask of whoever installs says nothing about who may read plugins.
 */
export async function writeStaged(path: string, bytes: Uint8Array, mode = FILE_MODE): Promise<void> {
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

/** Makes a directory and those above it; leaves alone what is there. */
export async function makeDirectory(path: string): Promise<void> {
  try {
    await mkdir(path, DIRECTORY_MODE);
  } catch (error) {
    const code = systemCodeOf(error);
    if (code === 'EEXIST') return;
    if (code !== 'ENOENT' || dirname(path) === path) throw error;
    await makeDirectory(dirname(path));
    return makeDirectory(path);
  }
  await chmod(path, DIRECTORY_MODE);
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
