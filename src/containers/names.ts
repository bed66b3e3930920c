/**
 * Names of containers. A claim is a directory of the name that holds one file, named after the container and after who claimed it:
 *
 *      names/web/k3v0a91xw2qm.4026531836.8123.991734.0f9c…3d
 *
 * Made beside it and renamed: the kernel lets a directory replace nothing or an empty one, so that of many who claim a name at once
 * one gets it. To release it the file goes first, by its own name: nobody can take away the claim of somebody who came later.
 */
import { mkdir, readdir, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemCodeOf } from '#base/errors.js';
import { containerErrors } from './errors.js';
import { ownedName, readOwnedName } from './owner.js';
import { isThere } from './root.js';

const NAMES = 'names';
/** It is a file or a directory that somebody has put there by hand: nobody's claim, and nobody's to remove. */
const ATTEMPTS_MAX = 100;

/** Throws where another container has it. */
export async function claimName(root: string, name: string, id: string): Promise<void> {
  const claim = join(root, NAMES, name);
  const staged = join(root, `${ownedName(id, 'staged')}`, 'claim');
  await mkdir(staged, { recursive: true, mode: 0o700 });
  await writeFile(join(staged, ownedName(id)), '', { mode: 0o600 });
  await mkdir(join(root, NAMES), { recursive: true, mode: 0o700 });
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    try {
      return await rename(staged, claim);
    } catch (thrown) {
      if (!['ENOTEMPTY', 'EEXIST'].includes(systemCodeOf(thrown) ?? '')) throw thrown;
    }
    const owner = await findOwner(root, name);
    if (owner !== undefined) throw containerErrors.nameTaken(name, owner);
  }
  throw containerErrors.nameTaken(name, undefined);
}

/** The id of the container that has the name; claims that nobody holds are removed on the way. */
export async function findOwner(root: string, name: string): Promise<string | undefined> {
  for (const file of await listOrNothing(join(root, NAMES, name))) {
    const owner = readOwnedName(file);
    if (owner === undefined) continue;
    if (await isThere(join(root, owner.id))) return owner.id;
    // Its owner may be about to put the container there, unless it was killed.
    if (!owner.isAbandoned) return owner.id;
    await unlinkQuietly(join(root, NAMES, name, file));
  }
  return undefined;
}

/** Also where it has none, or has lost it. Idempotent. */
export async function releaseName(root: string, name: string, id: string): Promise<void> {
  const claim = join(root, NAMES, name);
  for (const file of await listOrNothing(claim)) if (file.startsWith(`${id}.`)) await unlinkQuietly(join(claim, file));
  await removeEmpty(claim);
}

/** All names of the container, where its record does not tell them. */
export async function releaseNamesOf(root: string, id: string): Promise<void> {
  for (const name of await listOrNothing(join(root, NAMES))) await releaseName(root, name, id);
}

/** Removes the claims of killed processes. */
export async function sweepNames(root: string): Promise<void> {
  for (const name of await listOrNothing(join(root, NAMES))) {
    if ((await findOwner(root, name)) === undefined) await removeEmpty(join(root, NAMES, name));
  }
}

/** Of those that have something in them the kernel says no. */
async function removeEmpty(directory: string): Promise<void> {
  await rmdir(directory).catch((thrown: unknown) => {
    if (!['ENOENT', 'ENOTEMPTY', 'EEXIST', 'ENOTDIR'].includes(systemCodeOf(thrown) ?? '')) throw thrown;
  });
}

async function unlinkQuietly(path: string): Promise<void> {
  await rm(path, { force: true });
}

async function listOrNothing(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (thrown) {
    if (['ENOENT', 'ENOTDIR'].includes(systemCodeOf(thrown) ?? '')) return [];
    throw thrown;
  }
}
