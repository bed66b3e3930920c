import { realpath, stat } from 'node:fs/promises';
import { systemCodeOf } from '#base/errors.js';
import { imageNotDirectory, imageNotFound, imageUnreadable } from '../errors.js';
import type { DirectoryImage } from './image.js';

/** A directory as it stands; nothing is read but its own attributes. */
export async function openDirectoryImage(reference: string): Promise<DirectoryImage> {
  try {
    const path = await realpath(reference);
    const { uid, gid, mode, ...stats } = await stat(path).then((found) => ({
      uid: found.uid,
      gid: found.gid,
      mode: found.mode,
      isDirectory: found.isDirectory(),
    }));
    if (!stats.isDirectory) throw imageNotDirectory(reference);
    return { kind: 'directory', path, ownerUid: uid, ownerGid: gid, mode: mode & 0o7777 };
  } catch (thrown) {
    throw explainPathFailure(reference, thrown);
  }
}

/** Says of a path what the system says in codes; anything else as it is. */
export function explainPathFailure(reference: string, thrown: unknown): unknown {
  const code = systemCodeOf(thrown);
  if (code === 'ENOENT') return imageNotFound(reference);
  if (code === 'ENOTDIR') return imageNotDirectory(reference);
  if (code === 'EACCES') return imageUnreadable(reference, thrown);
  return thrown;
}
