import { chmod, mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { systemCodeOf } from '#base/errors.js';
import * as staged from '#base/staged-file.js';
import { DIRECTORY_MODE, FILE_MODE } from './layout.js';

export { removeIfThere, syncDirectory } from '#base/staged-file.js';

/** Modes are set, not asked for: the umask of whoever installs says nothing about who may read plugins. */
export function writeStaged(path: string, bytes: Uint8Array, mode = FILE_MODE): Promise<void> {
  return staged.writeStaged(path, bytes, mode);
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
