import { constants, type Stats } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { userError } from './errors.js';

export interface RegularFile {
  readonly bytes: Uint8Array;
  /** Of the very file that was read, not of what its path means a moment later. */
  readonly uid: number;
  readonly mode: number;
}

export interface ReadLimits {
  readonly bytesMax: number;
  /** Refuses a symbolic link at the end of the path (ELOOP). */
  readonly noFollow?: boolean;
}

/** Reads a regular file whole. Never waits (a FIFO has no end, a device may block) and never reads more than `bytesMax`. */
export async function readRegularFile(path: string, { bytesMax, noFollow = false }: ReadLimits): Promise<RegularFile> {
  const { handle, stats } = await openRegularFile(path, { noFollow });
  try {
    if (stats.size > bytesMax) throw tooLarge(path, bytesMax);
    return { bytes: await readToEnd(handle, path, stats.size), uid: stats.uid, mode: stats.mode & 0o7777 };
  } finally {
    await handle.close();
  }
}

/** Opens a regular file for reading, and nothing else. The caller closes the handle. */
export async function openRegularFile(
  path: string,
  { noFollow = false }: Pick<ReadLimits, 'noFollow'> = {},
): Promise<{ readonly handle: FileHandle; readonly stats: Stats }> {
  const { O_RDONLY, O_NONBLOCK, O_NOFOLLOW } = constants;
  const handle = await open(path, O_RDONLY | O_NONBLOCK | (noFollow ? O_NOFOLLOW : 0));
  try {
    const stats = await handle.stat();
    if (!stats.isFile()) throw userError('FILE_NOT_REGULAR', `Cannot read ${path}: it is not a regular file`, { data: { path } });
    return { handle, stats };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** One byte more than the size is asked for, so that a file that grows meanwhile is noticed. */
async function readToEnd(handle: FileHandle, path: string, sizeBytes: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(sizeBytes + 1);
  let filled = 0;
  while (filled < bytes.length) {
    const { bytesRead } = await handle.read(bytes, filled, bytes.length - filled, filled);
    if (bytesRead === 0) return bytes.subarray(0, filled);
    filled += bytesRead;
  }
  throw tooLarge(path, sizeBytes);
}

function tooLarge(path: string, bytesMax: number) {
  return userError('FILE_TOO_LARGE', `Cannot read ${path}: it has more than ${bytesMax} bytes`, { data: { path, bytesMax } });
}
