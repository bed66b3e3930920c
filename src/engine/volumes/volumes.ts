/**
 * Named volumes: directories that outlive containers.
 *
 *      VOLUMES/cache/               0700; made beside it and renamed
 *          volume.json              written once: when it was made
 *          data/                    what a container sees
 *          uses/                    a file for each process that runs a container with it, named after that process
 *          new, filling.PROCESS     until the first container has it: fill.ts
 *          removed-by-PROCESS       who removes it
 *
 * To remove one, `uses` goes first: the kernel removes a directory only where it is empty, and into one that is gone nobody puts a
 * file. So of one who begins to use a volume and one who removes it, one comes first, and whoever finds a volume without `uses`
 * knows that it is removed, also where the remover was killed.
 */
import { readdirSync } from 'node:fs';
import { chmod, lstat, mkdir, readdir, rename, rm, rmdir, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import * as v from 'valibot';
import { parseBoundedJson } from '#base/bounded-json.js';
import { systemCodeOf } from '#base/errors.js';
import { openPrivateDirectory } from '#base/private-directory.js';
import { readRegularFile } from '#base/regular-file.js';
import { volumeDamaged, volumeInUse, volumeNameInvalid, volumeNotFound, volumesUnsafe } from '../errors.js';
import { removeOwnedTree } from '../runtimes/remove-owned.js';
import { isAbandoned, nameOwner } from './owner.js';

export interface Volume {
  readonly name: string;
  /** What a container sees. */
  readonly path: string;
  /** ISO, UTC. */
  readonly createdAt: string;
  /** How many processes run containers with it. */
  readonly users: number;
}

export interface VolumeList {
  readonly volumes: readonly Volume[];
  /** Those that cannot be read; they hide no other. */
  readonly problems: readonly { readonly name: string; readonly error: unknown }[];
}

/** As docker's: what passes is a file name, a word of a shell, and shows itself on a terminal as it is. */
const NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]{1,63}$/;
const FILE = 'volume.json';
/** In the directory of a volume that nobody has used yet, and while it is filled; see fill.ts. */
export const NEW_VOLUME = 'new';
export const FILLING = 'filling.';
const FILE_BYTES_MAX = 4096;
const REMOVAL = 'removed-by-';
const RETRY_MS = 5;
const ATTEMPTS_MAX = 1000;
const description = v.strictObject({ version: v.literal(1), createdAt: v.pipe(v.string(), v.isoTimestamp()) });

export function isVolumeName(name: string): boolean {
  return NAME.test(name);
}

/** Where its content is, whether it is there or not. */
export function volumePath(directory: string, name: string): string {
  return join(directory, name, 'data');
}

/** The volume that this is the content of. */
export function volumeOf(directory: string, path: string): string | undefined {
  const name = path.startsWith(`${directory}/`) && path.endsWith('/data') ? path.slice(directory.length + 1, -'/data'.length) : '';
  return isVolumeName(name) ? name : undefined;
}

/** Whether no container has seen it yet; `path` is that of the volume. */
export function isNewVolume(path: string): boolean {
  return readdirSync(path).some((name) => name === NEW_VOLUME || name.startsWith(FILLING));
}

/** Makes it where there is none. Atomic. */
export async function createVolume(directory: string, name: string): Promise<Volume> {
  requireName(name);
  await openDirectory(directory);
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    const volume = await findVolume(directory, name);
    if (volume !== undefined) return volume;
    await finishRemoval(directory, name);
    await stage(directory, name);
  }
  throw volumeDamaged(name, 'it is removed as often as it is made');
}

export async function listVolumes(directory: string): Promise<VolumeList> {
  if (!(await isThere(directory))) return { volumes: [], problems: [] };
  await openDirectory(directory);
  const volumes: Volume[] = [];
  const problems: { name: string; error: unknown }[] = [];
  for (const name of (await readdir(directory)).filter(isVolumeName).toSorted()) {
    try {
      const volume = await findVolume(directory, name);
      if (volume !== undefined) volumes.push(volume);
    } catch (error) {
      problems.push({ name, error });
    }
  }
  return { volumes, problems };
}

/** Throws where there is none. */
export async function readVolume(directory: string, name: string): Promise<Volume> {
  requireName(name);
  const volume = (await isThere(directory)) ? await findVolume(directory, name) : undefined;
  if (volume === undefined) throw volumeNotFound(name);
  return volume;
}

/** Refuses one that is in use. Killed at any instant, there is the whole volume, or none that anybody would use. */
export async function removeVolume(directory: string, name: string): Promise<void> {
  const { users } = await readVolume(directory, name);
  if (users > 0) throw volumeInUse(name);
  const path = join(directory, name);
  for (const user of await listOrNothing(join(path, 'uses'))) if (isAbandoned(user)) await rm(join(path, 'uses', user), { force: true });
  const own = await markRemoval(path);
  try {
    await rmdir(join(path, 'uses'));
  } catch (thrown) {
    await rm(own, { force: true });
    if (systemCodeOf(thrown) === 'ENOENT') return finishRemoval(directory, name);
    throw systemCodeOf(thrown) === 'ENOTEMPTY' ? volumeInUse(name) : thrown;
  }
  await takeAway(directory, name);
}

/** From here on nobody removes it, until `release` or the end of this process. Makes it where there is none. */
export async function holdVolume(directory: string, name: string): Promise<{ readonly release: () => Promise<void> }> {
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    await createVolume(directory, name);
    const mark = join(directory, name, 'uses', nameOwner());
    try {
      await writeFile(mark, '', { mode: 0o600, flag: 'wx' });
      return { release: () => rm(mark, { force: true }) };
    } catch (thrown) {
      if (systemCodeOf(thrown) !== 'ENOENT') throw thrown;
    }
  }
  throw volumeDamaged(name, 'it is removed as often as it is made');
}

/** Removes what killed processes left of making and removing volumes. */
export async function sweepVolumes(directory: string): Promise<void> {
  if (!(await isThere(directory))) return;
  const left = (await readdir(directory)).filter((name) => name.startsWith('.') && isAbandoned(name.slice(1)));
  for (const name of left) await removeOwnedTree(join(directory, name));
}

/** Undefined where there is none, or where it is being removed. */
async function findVolume(directory: string, name: string): Promise<Volume | undefined> {
  const path = join(directory, name);
  try {
    const users = (await readdir(join(path, 'uses'))).filter((user) => !isAbandoned(user)).length;
    const { bytes } = await readRegularFile(join(path, FILE), { bytesMax: FILE_BYTES_MAX, noFollow: true });
    const read = parseBoundedJson(bytes);
    const parsed = v.safeParse(description, read.parsed ? read.value : undefined);
    if (!parsed.success) throw volumeDamaged(name, `${FILE} is not what was written`);
    return { name, path: volumePath(directory, name), createdAt: parsed.output.createdAt, users };
  } catch (thrown) {
    if (systemCodeOf(thrown) === 'ENOENT') return undefined;
    throw thrown;
  }
}

/** Where there is one already, that one stays. */
async function stage(directory: string, name: string): Promise<void> {
  if (await isThere(join(directory, name))) return;
  const staged = join(directory, `.${nameOwner()}`);
  for (const path of [staged, join(staged, 'uses')]) await mkdir(path, { mode: 0o700 });
  await mkdir(join(staged, 'data'));
  // What is in it is the container's: others than root may be meant to read it there, and nobody gets to it from outside.
  await chmod(join(staged, 'data'), 0o755);
  await writeFile(join(staged, NEW_VOLUME), '', { mode: 0o600 });
  await writeFile(join(staged, FILE), JSON.stringify({ version: 1, createdAt: new Date().toISOString() }), { mode: 0o600 });
  try {
    await rename(staged, join(directory, name));
  } catch (thrown) {
    await removeOwnedTree(staged);
    if (!['ENOTEMPTY', 'EEXIST'].includes(systemCodeOf(thrown) ?? '')) throw thrown;
  }
}

/**
 * Of one that has lost its `uses`: whoever took them away does it, and where that one was killed, the one who takes away its mark.
 * Nobody else may: the name could be that of a new volume by then.
 */
async function finishRemoval(directory: string, name: string): Promise<void> {
  const path = join(directory, name);
  const entries = await listOrNothing(path);
  if (entries.length === 0 || entries.includes('uses')) return;
  const marks = entries.filter((entry) => entry.startsWith(REMOVAL)).toSorted();
  const [first] = marks;
  if (first === undefined) throw volumeDamaged(name, 'its directory "uses" is missing');
  if (!marks.every((mark) => isAbandoned(mark.slice(REMOVAL.length)))) return delay(RETRY_MS);
  const own = await markRemoval(path);
  try {
    await unlink(join(path, first));
  } catch (thrown) {
    await rm(own, { force: true });
    if (systemCodeOf(thrown) === 'ENOENT') return;
    throw thrown;
  }
  await takeAway(directory, name);
}

/** Says who removes it. Where it is gone by now, that says nothing to anybody. */
async function markRemoval(path: string): Promise<string> {
  const mark = join(path, `${REMOVAL}${nameOwner()}`);
  await writeFile(mark, '', { mode: 0o600, flag: 'wx' }).catch(ignoreMissing);
  return mark;
}

async function takeAway(directory: string, name: string): Promise<void> {
  const removed = join(directory, `.${nameOwner()}`);
  await rename(join(directory, name), removed);
  await removeOwnedTree(removed);
}

async function listOrNothing(path: string): Promise<string[]> {
  return (await readdir(path).catch(ignoreMissing)) ?? [];
}

function ignoreMissing(thrown: unknown): undefined {
  if (systemCodeOf(thrown) !== 'ENOENT') throw thrown;
}

async function openDirectory(path: string): Promise<void> {
  await openPrivateDirectory(path, (why) => volumesUnsafe(path, why));
}

async function isThere(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}

function requireName(name: string): void {
  if (!isVolumeName(name)) throw volumeNameInvalid(name);
}
