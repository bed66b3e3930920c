/** The last way to a writable root: a copy of a small image. */
import { constants, type Stats } from 'node:fs';
import { chmod, copyFile, lchown, link, lstat, mkdir, opendir, readlink, rename, symlink, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { systemCodeOf } from '#base/errors.js';
import { removeTree } from '#base/remove-tree.js';
import type { DirectoryImage } from './image.js';
import { UncopiedImage } from './uncopied.js';

const COPY_BYTES_MAX = 512 * 1_048_576;
const COPY_ENTRIES_MAX = 100_000;

interface Copying {
  readonly isRoot: boolean;
  /** The file system that the image is in. */
  readonly device: number;
  readonly stop: AbortSignal;
  /** By inode, where a file has several names. */
  readonly linked: Map<number, string>;
}

/**
 * Copies to `target`, which appears when all is there. Left out are what is mounted in the image, devices, sockets and FIFOs, and
 * what an ordinary user cannot read. Throws UncopiedImage, before anything is written, where that would be too much.
 */
export async function copyImage(image: DirectoryImage, target: string, stop: AbortSignal): Promise<DirectoryImage> {
  const source = image.view ?? image.path;
  const { dev: device } = await lstat(source);
  const copying = { isRoot: process.getuid?.() === 0, device, stop, linked: new Map<number, string>() };
  await refuseTooLarge(source, copying);
  const staged = `${target}.staged`;
  await removeTree(staged);
  await copyDirectory(source, staged, copying);
  await rename(staged, target);
  return openCopy(target);
}

/** One that was made before. */
export async function openCopy(path: string): Promise<DirectoryImage> {
  const { uid, gid, mode } = await lstat(path);
  return { kind: 'directory', path, isCopy: true, ownerUid: uid, ownerGid: gid, mode: mode & 0o7777 };
}

async function refuseTooLarge(directory: string, copying: Copying): Promise<void> {
  let [bytes, entries] = [0, 0];
  const waiting = [directory];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    for await (const { path, stats } of listEntries(next, copying)) {
      entries += 1;
      if (stats.isFile()) bytes += stats.size;
      if (bytes > COPY_BYTES_MAX) throw new UncopiedImage(`the image has more than ${COPY_BYTES_MAX} bytes`);
      if (entries > COPY_ENTRIES_MAX) throw new UncopiedImage(`the image has more than ${COPY_ENTRIES_MAX} files`);
      if (stats.isDirectory() && stats.dev === copying.device) waiting.push(path);
    }
  }
}

async function copyDirectory(source: string, target: string, copying: Copying): Promise<void> {
  const stats = await lstat(source);
  await mkdir(target, { mode: 0o700 });
  if (stats.dev === copying.device) {
    for await (const { name, path, stats: found } of listEntries(source, copying))
      await copyEntry(path, join(target, name), found, copying);
  }
  await keepAttributes(target, stats, copying);
}

async function copyEntry(source: string, target: string, stats: Stats, copying: Copying): Promise<void> {
  if (stats.isDirectory()) return copyDirectory(source, target, copying);
  if (stats.isSymbolicLink()) {
    await symlink(await readlink(source), target);
    if (copying.isRoot) await lchown(target, stats.uid, stats.gid);
  } else if (stats.isFile()) {
    const other = stats.nlink > 1 ? copying.linked.get(stats.ino) : undefined;
    if (other !== undefined) return link(other, target);
    if (!(await wasRead(copyFile(source, target, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL)))) return;
    await keepAttributes(target, stats, copying);
    if (stats.nlink > 1) copying.linked.set(stats.ino, target);
  }
}

/** An ordinary user keeps the right to remove it again. */
async function keepAttributes(target: string, stats: Stats, { isRoot }: Copying): Promise<void> {
  if (isRoot) await lchown(target, stats.uid, stats.gid);
  await chmod(target, (stats.mode & 0o7777) | (stats.isDirectory() && !isRoot ? 0o700 : 0));
  await utimes(target, stats.atime, stats.mtime);
}

interface FoundEntry {
  readonly name: string;
  readonly path: string;
  readonly stats: Stats;
}

/** Nothing of a directory that cannot be read. */
async function* listEntries(directory: string, { stop }: Copying): AsyncGenerator<FoundEntry> {
  const entries = await opendir(directory).catch((thrown: unknown) => {
    if (systemCodeOf(thrown) === 'EACCES') return [];
    throw thrown;
  });
  for await (const { name } of entries) {
    stop.throwIfAborted();
    const path = join(directory, name);
    yield { name, path, stats: await lstat(path) };
  }
}

async function wasRead(work: Promise<void>): Promise<boolean> {
  return work.then(
    () => true,
    (thrown: unknown) => {
      if (systemCodeOf(thrown) === 'EACCES') return false;
      throw thrown;
    },
  );
}
