import { stat } from 'node:fs/promises';
import { systemCodeOf } from '#base/errors.js';
import { wiringErrors } from './errors.js';

/** Whether a word that may be a path or the name of a plugin is a path. */
export async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    const code = systemCodeOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ENAMETOOLONG' || code === 'ERR_INVALID_ARG_VALUE') return false;
    throw wiringErrors.cannotLook(path, code ?? 'unknown error', error);
  }
}
