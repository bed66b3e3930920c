/** Directories of the caller alone: where others may write they could plant, or swap, what root then mounts or believes. */
import { chmod, lstat, mkdir, realpath } from 'node:fs/promises';
import { messageOf, systemCodeOf } from './errors.js';

/** Makes the error of whoever wants the directory. */
export type Refuse = (why: string) => Error;

/** Made where it is missing, with mode 0700. Answers with its path without symbolic links. */
export async function openPrivateDirectory(path: string, refuse: Refuse): Promise<string> {
  await mkdir(path, { recursive: true, mode: 0o700 }).catch((thrown: unknown) => {
    if (systemCodeOf(thrown) !== 'EEXIST') throw refuse(`it cannot be created (${messageOf(thrown)})`);
  });
  const mode = await requirePrivateDirectory(path, refuse);
  if ((mode & 0o777) !== 0o700) await chmod(path, 0o700);
  return realpath(path);
}

/** One that is there. Answers with its mode. */
export async function requirePrivateDirectory(path: string, refuse: Refuse): Promise<number> {
  const stats = await lstat(path);
  if (!stats.isDirectory()) throw refuse('it is not a directory');
  if (stats.uid !== process.geteuid?.()) throw refuse(`it belongs to uid ${stats.uid}`);
  if ((stats.mode & 0o022) !== 0) throw refuse('others may write to it');
  return stats.mode;
}
