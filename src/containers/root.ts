/** The directories that hold containers. */
import { chmod, lstat, mkdir } from 'node:fs/promises';
import { messageOf, systemCodeOf } from '#base/errors.js';
import { containerErrors } from './errors.js';

/** Creates it where missing; refuses one in which others could plant or swap what verbs then believe. */
export async function openRoot(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 }).catch((thrown: unknown) => {
    throw containerErrors.unsafe(path, `it cannot be created (${messageOf(thrown)})`);
  });
  await requireOwn(path);
  await chmod(path, 0o700);
}

/** Whether there is one; throws where it is not the caller's own. */
export async function hasRoot(path: string): Promise<boolean> {
  if (!(await isThere(path))) return false;
  await requireOwn(path);
  return true;
}

/** A directory that belongs to the caller alone: nobody else has put anything into it. */
export async function requireOwn(path: string): Promise<void> {
  const stats = await lstat(path);
  if (!stats.isDirectory()) throw containerErrors.unsafe(path, 'it is not a directory');
  if (stats.uid !== process.geteuid?.()) throw containerErrors.unsafe(path, `it belongs to uid ${stats.uid}`);
  if ((stats.mode & 0o022) !== 0) throw containerErrors.unsafe(path, 'others may write to it');
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
