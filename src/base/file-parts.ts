/**
 * Files of which only parts are read or changed.
 *
 *   readFileParts   opens for reading only
 *   replaceFile     copies the file beside itself, changes the copy, brings it to the disk, renames it: whoever reads meanwhile, or
 *                   comes after a kill, finds the old file or the new one. What a kill can leave is the copy, `NAME.<random>.staged`.
 *
 * A new file takes the name: other hard links keep the old bytes. Two who replace at once are no queue: the second is refused.
 */
import { randomBytes } from 'node:crypto';
import { constants, fstatSync, ftruncateSync, readSync, writeSync, type BigIntStats } from 'node:fs';
import { access, open, realpath, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { systemCodeOf, userError } from './errors.js';
import { openRegularFile } from './regular-file.js';
import { syncDirectory } from './staged-file.js';

const COPY_BYTES = 1_048_576;

/** An open file. It is read and written at once, without `await`, so that what belongs together is one step. */
export class FileParts {
  readonly #fd: number;

  constructor(fd: number) {
    this.#fd = fd;
  }

  get size(): number {
    return fstatSync(this.#fd).size;
  }

  /** A copy; shorter than `length` where the file ends before. */
  read(offset: number, length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    for (let filled = 0; filled < length;) {
      const read = readSync(this.#fd, bytes, filled, length - filled, offset + filled);
      if (read === 0) return bytes.subarray(0, filled);
      filled += read;
    }
    return bytes;
  }

  write(offset: number, bytes: Uint8Array): void {
    for (let written = 0; written < bytes.length;) {
      written += writeSync(this.#fd, bytes, written, bytes.length - written, offset + written);
    }
  }

  resize(size: number): void {
    ftruncateSync(this.#fd, size);
  }
}

/** Answers what `use` answers. The file is open only until then. Throws FILE_NOT_REGULAR or the system's errors. */
export async function readFileParts<T>(path: string, use: (file: FileParts) => T): Promise<T> {
  const { handle } = await openRegularFile(path);
  try {
    return use(new FileParts(handle.fd));
  } finally {
    await handle.close();
  }
}

/** Where `change` throws, the file is as it was. Throws FILE_CHANGED where somebody else was faster, or what readFileParts throws. */
export async function replaceFile(path: string, change: (copy: FileParts) => void): Promise<void> {
  const file = await realpath(path);
  // The directory decides who may rename; the file's own mode shall count as well.
  await access(file, constants.W_OK);
  const { handle: source } = await openRegularFile(file, { noFollow: true });
  try {
    const before = await source.stat({ bigint: true });
    await replaceByCopy(source, file, async (copy) => {
      change(new FileParts(copy.fd));
      await keepOwner(copy, before);
      await copy.sync();
      if (!isSame(before, await stat(file, { bigint: true }))) throw changedMeanwhile(path);
    });
  } finally {
    await source.close();
  }
}

/** The copy takes the file's place when `work` is done, and is gone when it throws. It is new, so nobody can have placed a link there. */
async function replaceByCopy(source: FileHandle, file: string, work: (copy: FileHandle) => Promise<void>): Promise<void> {
  const staged = `${file}.${randomBytes(8).toString('hex')}.staged`;
  const copy = await open(staged, 'wx+', 0o600);
  try {
    try {
      await copyBytes(source, copy);
      await work(copy);
    } finally {
      await copy.close();
    }
    await rename(staged, file);
  } catch (error) {
    await rm(staged, { force: true });
    throw error;
  }
  await syncDirectory(dirname(file));
}

async function copyBytes(source: FileHandle, copy: FileHandle): Promise<void> {
  const piece = new Uint8Array(COPY_BYTES);
  const parts = new FileParts(copy.fd);
  for (let offset = 0; ;) {
    const { bytesRead } = await source.read(piece, 0, piece.length, offset);
    if (bytesRead === 0) return;
    parts.write(offset, piece.subarray(0, bytesRead));
    offset += bytesRead;
  }
}

/** Giving a file away is for root. Where the group cannot be kept, what it was allowed is not for another group. */
async function keepOwner(copy: FileHandle, { uid, gid, mode }: BigIntStats): Promise<void> {
  const isKept = await copy.chown(Number(uid), Number(gid)).then(
    () => true,
    (error: unknown) => {
      if (systemCodeOf(error) !== 'EPERM') throw error;
      return false;
    },
  );
  await copy.chmod(Number(mode) & (isKept ? 0o777 : 0o707));
}

function isSame(before: BigIntStats, now: BigIntStats): boolean {
  return before.ino === now.ino && before.dev === now.dev && before.size === now.size && before.ctimeNs === now.ctimeNs;
}

function changedMeanwhile(path: string) {
  return userError('FILE_CHANGED', `Cannot change ${path}: somebody else changed it meanwhile`, { hint: 'try again', data: { path } });
}
