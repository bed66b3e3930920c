/**
 * Fills a new volume with what the image has where the volume is shown first, as docker does: once, and before any container sees it.
 *
 *      new                  nobody has used the volume yet
 *      filling.PROCESS      who fills it; all others wait for it, and take over from one that was killed
 *      fresh/               what has been copied so far; it takes the place of an empty `data` with one rename
 *
 * Who may write to the image may change it meanwhile, and could lead root to other files: so each step is held open (held-directory.ts).
 */
import type { Stats } from 'node:fs';
import { chmod, lchown, mkdir, open, readdir, readlink, rename, rm, symlink, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { BulkheadError, messageOf, systemCodeOf } from '#base/errors.js';
import { openChild, openFileIn, openRootDirectory, pathIn, pathOf, pour, type Directory } from '#base/held-directory.js';
import { removeTree } from '#base/remove-tree.js';
import { volumeNotFilled } from '../errors.js';
import type { DirectoryImage } from '../images/image.js';
import { defaultUnpackLimits } from '../images/unpack-limits.js';
import { createTree, resolvePath } from '../mounts/root-tree.js';
import { isAbandoned, nameOwner } from './owner.js';
import { FILLING, NEW_VOLUME } from './volumes.js';

const FRESH = 'fresh';
const LOOK_MS = 20;
const DEPTH_MAX = 400;

export interface FillRequest {
  /** Undefined where it is put together of mounts, and has no content of its own. */
  readonly image: DirectoryImage | undefined;
  /** Where the volume is shown. */
  readonly destination: string;
  readonly stop: AbortSignal;
}

/** `volume` is in use by this process, so that nobody removes it. Does nothing where somebody has used it before. */
export async function fillVolume(volume: { readonly name: string; readonly path: string }, request: FillRequest): Promise<void> {
  const claim = await claimFilling(volume.path, request.stop);
  if (claim === undefined) return;
  const fresh = join(volume.path, FRESH);
  try {
    await removeTree(fresh);
    if ((await readdir(join(volume.path, 'data'))).length === 0) await copyFromImage(fresh, request);
    await takePlace(fresh, join(volume.path, 'data'));
    await rm(claim);
  } catch (thrown) {
    await removeTree(fresh);
    // So the next one tries again.
    await rename(claim, join(volume.path, NEW_VOLUME));
    request.stop.throwIfAborted();
    throw thrown instanceof BulkheadError ? thrown : volumeNotFilled(volume.name, messageOf(thrown), thrown);
  }
}

/** The file that says who fills it; undefined where nothing is to be filled. */
async function claimFilling(volume: string, stop: AbortSignal): Promise<string | undefined> {
  const own = join(volume, `${FILLING}${nameOwner()}`);
  for (;;) {
    stop.throwIfAborted();
    const found = (await readdir(volume)).find((name) => name === NEW_VOLUME || name.startsWith(FILLING));
    if (found === undefined) return undefined;
    if (found === NEW_VOLUME || isAbandoned(found.slice(FILLING.length))) {
      // Of many who try, one has it.
      const isOurs = await rename(join(volume, found), own).then(() => true, ignoreMissing);
      if (isOurs === true) return own;
    } else await delay(LOOK_MS);
  }
}

/** Nothing where the image has no such directory. */
async function copyFromImage(fresh: string, { image, destination, stop }: FillRequest): Promise<void> {
  const held = image === undefined ? [] : await openInImage(image, destination);
  try {
    const found = held.at(-1);
    if (found === undefined) return;
    const left = { entries: defaultUnpackLimits.entries, bytes: defaultUnpackLimits.unpackedBytes };
    const copying = { isRoot: process.getuid?.() === 0, stop, left, depth: 0 };
    await copyDirectory(found.handle, Buffer.from(fresh), { ...copying, stats: found.stats });
  } finally {
    for (const { handle } of held.toReversed()) await handle.close();
  }
}

interface Held {
  readonly handle: Directory;
  readonly stats: Stats;
}

/** From the image's root to the directory; empty where there is none. Links are followed inside the image, by name. */
async function openInImage({ path, view = path }: DirectoryImage, destination: string): Promise<Held[]> {
  const tree = createTree({ type: 'image', source: view, readOnly: true, ownerUid: 0, ownerGid: 0, mode: 0o755 });
  const resolved = await resolvePath(tree, destination);
  if (resolved.entry?.kind !== 'directory') return [];
  const root = await openRootDirectory(view);
  const held: Held[] = [{ handle: root, stats: await root.stat() }];
  for (const name of resolved.path.split('/').filter((part) => part !== '')) {
    const child = await openChild(held.at(-1)?.handle ?? root, name);
    if (child !== undefined) held.push(child);
    if (child?.stats.isDirectory() !== true) {
      for (const { handle } of held.splice(0)) await handle.close();
      return [];
    }
  }
  return held;
}

interface Copying {
  /** Whether owners can be kept. */
  readonly isRoot: boolean;
  readonly stop: AbortSignal;
  readonly left: { entries: number; bytes: number };
  readonly depth: number;
}

/** Files, directories and links; devices and what an ordinary user may not read stay where they are. */
async function copyDirectory(from: Directory, to: Buffer, copying: Copying & { readonly stats: Stats }): Promise<void> {
  if (copying.depth > DEPTH_MAX) throw new Error(`there are more than ${DEPTH_MAX} directories in one another`);
  await mkdir(to, { mode: 0o700 });
  const names = (await readdir(pathOf(from), { encoding: 'buffer' }).catch(ignoreUnreadable)) ?? [];
  for (const name of names) {
    copying.stop.throwIfAborted();
    if ((copying.left.entries -= 1) < 0) throw new Error(`the image has more than ${defaultUnpackLimits.entries} files there`);
    const child = await openChild(from, name);
    if (child === undefined) continue;
    const { handle, stats } = child;
    const target = Buffer.concat([to, Buffer.from('/'), name]);
    try {
      if (stats.isDirectory()) await copyDirectory(handle, target, { ...copying, depth: copying.depth + 1, stats });
      else if (stats.isFile()) await copyFile({ from, name }, target, copying);
      else if (stats.isSymbolicLink()) await copyLink({ from, name }, target, { ...copying, stats });
    } finally {
      await handle.close();
    }
  }
  await keepAttributes(to, copying);
}

interface Source {
  readonly from: Directory;
  readonly name: Buffer;
}

async function copyFile({ from, name }: Source, to: Buffer, copying: Copying): Promise<void> {
  const found = await openFileIn(from, name).catch(ignoreUnreadable);
  if (found === undefined) return;
  const { file, stats } = found;
  try {
    if ((copying.left.bytes -= stats.size) < 0) throw new Error(`the image has more than ${defaultUnpackLimits.unpackedBytes} bytes there`);
    const target = await open(to, 'wx', 0o600);
    try {
      await pour(file, target);
    } finally {
      await target.close();
    }
  } finally {
    await file.close();
  }
  await keepAttributes(to, { ...copying, stats });
}

async function copyLink({ from, name }: Source, to: Buffer, { isRoot, stats }: Copying & { readonly stats: Stats }): Promise<void> {
  const target = await readlink(pathIn(from, name), { encoding: 'buffer' }).catch(ignoreUnreadable);
  if (target === undefined) return;
  await symlink(target, to);
  if (isRoot) await lchown(to, stats.uid, stats.gid);
}

/** Setuid and setgid are left out, as in images that are unpacked. Nobody else gets to the place before all of it is there. */
async function keepAttributes(path: Buffer, { isRoot, stats }: { isRoot: boolean; stats: Stats }): Promise<void> {
  if (isRoot) await lchown(path, stats.uid, stats.gid);
  await chmod(path, (stats.mode & 0o1777) | (stats.isDirectory() && !isRoot ? 0o700 : 0));
  await utimes(path, stats.atime, stats.mtime);
}

/** Where somebody has put something there meanwhile, that is what counts. */
async function takePlace(fresh: string, data: string): Promise<void> {
  await rename(fresh, data).catch(async (thrown: unknown) => {
    if (!['ENOENT', 'ENOTEMPTY', 'EEXIST'].includes(systemCodeOf(thrown) ?? '')) throw thrown;
    await removeTree(fresh);
  });
}

function ignoreMissing(thrown: unknown): undefined {
  if (systemCodeOf(thrown) !== 'ENOENT') throw thrown;
}

/** May not be read, or has become something else meanwhile. */
function ignoreUnreadable(thrown: unknown): undefined {
  if (!['EACCES', 'ENOENT', 'ELOOP', 'EINVAL'].includes(systemCodeOf(thrown) ?? '')) throw thrown;
}
