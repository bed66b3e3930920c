/**
 * Whether what a bundle consists of is to be trusted: root's or the caller's own, and writable by nobody else, as all that is in a
 * plugin directory (trust.ts); here a program of it is run, unconfined. Links are followed and what they lead to is judged, together
 * with the directory that holds it, for who may write there could put something else in its place. Whoever may change what was judged,
 * between the look and the use, is root or the caller.
 */
import { constants, type Stats } from 'node:fs';
import { access, realpath, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { systemCodeOf } from '#base/errors.js';
import { findDistrust } from '../trust.js';
import { bundleErrors } from './errors.js';
import type { Layout } from './layouts.js';

const STICKY = 0o1000;

/** Throws why the directories of the bundle are refused. */
export async function judgeDirectories({ name, directory, directories }: Layout, uid: number): Promise<void> {
  for (const path of directories) {
    const stats = await look(name, path);
    if (stats === undefined && path === directory) throw bundleErrors.linkBroken(name, path);
    // What is missing, or no directory, is missed by whoever looks for something in it.
    if (stats?.isDirectory() === true) await requireTrust(name, path, stats, uid);
  }
}

/** Answers whether they are there; throws why they are refused. */
export async function judgeResources({ name, resources }: Layout, uid: number): Promise<boolean> {
  const stats = await look(name, resources);
  if (stats?.isDirectory() !== true) return false;
  await requireTrust(name, resources, stats, uid);
  return true;
}

/** Throws why the program cannot be run, or is refused. */
export async function judgeProgram({ name, executable: path }: Layout, uid: number): Promise<void> {
  const stats = await look(name, path);
  if (stats === undefined) throw bundleErrors.programMissing(name, path);
  if (!stats.isFile()) throw bundleErrors.programUnfit(name, path, `is ${describeKind(stats)}, not a regular file`);
  await requireTrust(name, path, stats, uid);
  if ((stats.mode & 0o111) === 0) throw bundleErrors.programUnfit(name, path, 'is not executable');
  await access(path, constants.X_OK).catch(() => {
    throw bundleErrors.programUnfit(name, path, 'may not be run by you, or is on a file system from which nothing is run');
  });
}

async function requireTrust(name: string, path: string, stats: Stats, uid: number): Promise<void> {
  const distrust = findDistrust(stats, uid);
  if (distrust !== undefined) throw bundleErrors.unsafe(name, path, distrust);
  const holder = dirname(await realpath(path));
  const above = await look(name, holder);
  // In a sticky directory of root's, or of the caller's own, others cannot take away what is not theirs.
  const why = above && findDistrust((above.mode & STICKY) === 0 ? above : { uid: above.uid, mode: 0 }, uid);
  if (why !== undefined) throw bundleErrors.unsafe(name, holder, why);
}

/** Of what the path leads to; nothing where it leads nowhere. */
async function look(name: string, path: string): Promise<Stats | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    const code = systemCodeOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw bundleErrors.unreadable(name, path, error);
  }
}

function describeKind(stats: Stats): string {
  if (stats.isDirectory()) return 'a directory';
  return stats.isFIFO() ? 'a FIFO' : stats.isSocket() ? 'a socket' : 'a device';
}
