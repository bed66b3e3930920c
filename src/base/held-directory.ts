/**
 * Directories that are held open, and what is in them by one name at a time: so nobody who changes the tree meanwhile can lead a step
 * elsewhere. Node has no openat(2); /proc/self/fd is as good.
 *
 *      /proc/self/fd/23/etc  ──open(O_PATH | O_NOFOLLOW)──▶  held as 24  ──▶  /proc/self/fd/24/passwd  …
 */
import { constants, type Stats } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { systemCodeOf } from './errors.js';

/** Node has no name for it; the number is the same on every processor that Node runs on. */
const O_PATH = 0o10000000;
const CHUNK_BYTES = 1_048_576;

/** A directory that is held open. Close it. */
export type Directory = FileHandle;

/** Of what is in a directory: bytes, which need not be UTF-8. */
export type Name = string | Buffer;

export function openRootDirectory(path: string): Promise<Directory> {
  return open(path, O_PATH | constants.O_DIRECTORY);
}

/** What stands behind a name in a held directory; undefined where there is nothing. Holds it, follows nothing. */
export async function openChild(parent: Directory, name: Name): Promise<{ handle: FileHandle; stats: Stats } | undefined> {
  let handle: FileHandle;
  try {
    handle = await open(pathIn(parent, name), O_PATH | constants.O_NOFOLLOW);
  } catch (thrown) {
    if (systemCodeOf(thrown) === 'ENOENT') return undefined;
    throw thrown;
  }
  try {
    return { handle, stats: await handle.stat() };
  } catch (thrown) {
    await handle.close();
    throw thrown;
  }
}

/** For reading; undefined where it is no regular file (any more). */
export async function openFileIn(parent: Directory, name: Name): Promise<{ file: FileHandle; stats: Stats } | undefined> {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  // Not blocking: it may have become a FIFO.
  const file = await open(pathIn(parent, name), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    const stats = await file.stat();
    if (stats.isFile()) return { file, stats };
  } catch (thrown) {
    await file.close();
    throw thrown;
  }
  await file.close();
  return undefined;
}

/** For calls that act on a name without following it, such as mkdir, symlink and unlink. */
export function pathIn(parent: Directory, name: Name): Buffer {
  return Buffer.concat([Buffer.from(`/proc/self/fd/${parent.fd}/`), Buffer.from(name)]);
}

/** For calls that act on the held thing itself. */
export function pathOf(handle: FileHandle): string {
  return `/proc/self/fd/${handle.fd}`;
}

/** All that is in one file, over what is in the other. Holes stay holes. */
export async function pour(source: FileHandle, target: FileHandle): Promise<void> {
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  const zeroes = Buffer.alloc(CHUNK_BYTES);
  await target.truncate(0);
  let position = 0;
  for (;;) {
    const { bytesRead } = await source.read(chunk, 0, CHUNK_BYTES, position);
    if (bytesRead === 0) break;
    const bytes = chunk.subarray(0, bytesRead);
    if (!bytes.equals(zeroes.subarray(0, bytesRead))) await writeAll(target, bytes, position);
    position += bytesRead;
  }
  await target.truncate(position);
}

async function writeAll(target: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let written = 0; written < bytes.length;) {
    written += (await target.write(bytes, written, bytes.length - written, position + written)).bytesWritten;
  }
}
