/** Copies a file or a tree from one held directory into another. Follows no link on either side, and never leaves them. */
import { constants, type Stats } from 'node:fs';
import { chmod, mkdir, open, readdir, readlink, symlink, unlink, utimes, type FileHandle } from 'node:fs/promises';
import { systemCodeOf } from '#base/errors.js';
import { openChild, openFileIn, pathIn, pathOf, pour, type Directory, type Name } from '#base/held-directory.js';
import { containerErrors } from '../errors.js';

/** What is in a directory: this name. */
export interface Spot {
  readonly parent: Directory;
  readonly name: Name;
}

export interface CopyContext {
  /** Takes what is left out, and why. */
  readonly warn: (line: string) => void;
  /** Device and inode of the directory that was made at the top: a copy of it into itself would have no end. */
  top?: string;
}

/** Each level holds two directories open. */
const DEPTH_MAX = 400;
/** Neither setuid nor setgid: what a container calls a program of root must not become one outside. */
const MODE_MASK = 0o777;

/** `shown` names it in messages. */
export async function copyEntry(from: Spot, to: Spot, context: CopyContext & { shown: string; depth: number }): Promise<void> {
  const child = await openChild(from.parent, from.name);
  // It was there a moment ago; a tree that changes is copied as it is met.
  if (child === undefined) return context.warn(`${context.shown} has gone`);
  const { handle, stats } = child;
  try {
    if (stats.isDirectory()) await copyDirectory(handle, to, { ...context, stats });
    else if (stats.isFile()) await copyFile(from, to);
    else if (stats.isSymbolicLink()) await copyLink(from, to);
    else context.warn(`${context.shown} is neither a file, a directory nor a link, and is left out`);
  } finally {
    await handle.close();
  }
}

/** All that is in it, into a directory that is there. */
export async function copyChildren(from: Directory, to: Directory, context: CopyContext & { shown: string; depth: number }): Promise<void> {
  const { shown, depth } = context;
  if (depth > DEPTH_MAX) throw containerErrors.copyRefused(shown, `there are more than ${DEPTH_MAX} directories in one another`);
  for (const name of await readdir(pathOf(from), { encoding: 'buffer' })) {
    await copyEntry({ parent: from, name }, { parent: to, name }, { ...context, shown: `${shown}/${name.toString()}`, depth: depth + 1 });
  }
}

async function copyDirectory(
  from: Directory,
  to: Spot,
  context: CopyContext & { shown: string; depth: number; stats: Stats },
): Promise<void> {
  const { stats, shown } = context;
  if (identityOf(stats) === context.top) return context.warn(`${shown} is what is being written, and is left out`);
  const isNew = await makeDirectory(to);
  const made = await openChild(to.parent, to.name);
  if (made === undefined) throw containerErrors.copyRefused(shown, 'the directory for it was removed meanwhile');
  try {
    if (!made.stats.isDirectory()) throw containerErrors.copyRefused(shown, 'there is something else than a directory in its place');
    await copyChildren(from, made.handle, { ...context, top: context.top ?? identityOf(made.stats) });
    if (!isNew) return;
    await chmod(pathOf(made.handle), stats.mode & MODE_MASK);
    await utimes(pathOf(made.handle), stats.atime, stats.mtime);
  } finally {
    await made.handle.close();
  }
}

/** Whether it was not there. Writable for its owner until it is full. */
async function makeDirectory({ parent, name }: Spot): Promise<boolean> {
  try {
    await mkdir(pathIn(parent, name), { mode: 0o700 });
    return true;
  } catch (thrown) {
    if (systemCodeOf(thrown) === 'EEXIST') return false;
    throw thrown;
  }
}

async function copyFile(from: Spot, to: Spot): Promise<void> {
  const found = await openFileIn(from.parent, from.name);
  if (found === undefined) return;
  const { file: source, stats } = found;
  try {
    const target = await openForWriting(to);
    try {
      await pour(source, target);
      await target.chmod(stats.mode & MODE_MASK).catch(ignoreForeign);
      await target.utimes(stats.atime, stats.mtime).catch(ignoreForeign);
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
}

/** A file that is there is written over, so that one that is a mount stays one; anything else but a directory makes way. */
async function openForWriting(to: Spot): Promise<FileHandle> {
  const { O_WRONLY, O_NOFOLLOW, O_NONBLOCK, O_CREAT, O_EXCL } = constants;
  const path = pathIn(to.parent, to.name);
  try {
    const handle = await open(path, O_WRONLY | O_NOFOLLOW | O_NONBLOCK);
    if ((await handle.stat()).isFile()) return handle;
    await handle.close();
  } catch (thrown) {
    // A link, a FIFO that nobody reads, a program that runs.
    if (!['ENOENT', 'ELOOP', 'ENXIO', 'ETXTBSY'].includes(systemCodeOf(thrown) ?? '')) throw thrown;
  }
  await removeEntry(path);
  return open(path, O_WRONLY | O_NOFOLLOW | O_CREAT | O_EXCL, 0o600);
}

async function copyLink(from: Spot, to: Spot): Promise<void> {
  const path = pathIn(to.parent, to.name);
  const target = await readlink(pathIn(from.parent, from.name), { encoding: 'buffer' });
  await removeEntry(path);
  await symlink(target, path);
}

/** Not a directory: the kernel refuses. */
async function removeEntry(path: Buffer): Promise<void> {
  await unlink(path).catch((thrown: unknown) => {
    if (systemCodeOf(thrown) !== 'ENOENT') throw thrown;
  });
}

/** Modes and times are their owner's to set. */
function ignoreForeign(thrown: unknown): void {
  if (systemCodeOf(thrown) !== 'EPERM') throw thrown;
}

function identityOf({ dev, ino }: Stats): string {
  return `${dev}:${ino}`;
}
