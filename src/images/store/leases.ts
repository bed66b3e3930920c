/**
 * What is in use, so that nobody removes it: `leases/<owner>.<random>.json` as long as that process runs, `leases/kept.<hash>.json`
 * as long as the directory that it names is there, such as the record of a container.
 */
import { existsSync } from 'node:fs';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { hashName } from '#base/hash-name.js';
import { removeIfThere } from '#base/staged-file.js';
import { digestSchema } from '../documents.js';
import { enter } from './locks.js';
import { nameSchema } from './names.js';
import { makeOwnedName, openStaged, partOf, sweepOwned, type ImageStore } from './place.js';

const leaseSchema = v.strictObject({
  version: v.literal(1),
  /** Digests of manifests. */
  images: v.array(digestSchema),
  /** Of images, where whoever holds them will ask for them by name. */
  names: v.optional(v.array(nameSchema)),
  /** Names in roots/. */
  roots: v.array(v.pipe(v.string(), v.regex(/^[0-9a-f]{64}\.[a-z]+$/))),
  /** Who holds it, in words: `container k3v0a91xw2qm`. */
  holder: v.pipe(v.string(), v.maxLength(1024)),
  /** Absolute; as long as it is there, the lease is. Without it, as long as the process runs. */
  while: v.optional(v.string()),
});
export type HeldLease = v.InferOutput<typeof leaseSchema>;

export interface UseLease {
  release(): Promise<void>;
}

/** Afterwards, look whether what is held is still there: it may have been removed a moment before. */
export async function holdInUse(store: ImageStore, held: Omit<HeldLease, 'version'>): Promise<UseLease> {
  const name = held.while === undefined ? await makeOwnedName() : `kept.${hashName(held.while)}`;
  const file = join(partOf(store, 'leases'), `${name}.json`);
  const text = `${JSON.stringify({ version: 1, ...held })}\n`;
  const release = async (): Promise<void> => void (await removeIfThere(file));
  if (held.while === undefined) await enter(store, () => writeFile(file, text, { mode: 0o600 }), file);
  // What says the same already has been seen by whoever removes, all the time.
  else if ((await readText(file)) !== text) await enter(store, () => replace(store, file, text), file);
  return { release };
}

/** Whoever removes reads the old one or the new one, and none by half. */
async function replace(store: ImageStore, file: string, text: string): Promise<void> {
  const staged = await openStaged(store);
  try {
    const written = join(staged.path, 'lease');
    await writeFile(written, text, { mode: 0o600 });
    await rename(written, file);
  } finally {
    await staged.close();
  }
}

/** Who of them keeps an image from being removed, by this name or by its digest. */
export function findHolders(leases: readonly HeldLease[], { name, digest }: { name: string; digest: string }): HeldLease[] {
  return leases.filter(({ names = [], images }) => names.includes(name) || images.includes(digest));
}

/** Removes those whose holder has gone. */
export async function listLeases(store: ImageStore): Promise<HeldLease[]> {
  const leases: HeldLease[] = [];
  for (const name of await sweepOwned(store, 'leases')) {
    const file = join(partOf(store, 'leases'), name);
    const lease = await readLease(file);
    if (lease === undefined) continue;
    if (lease.while === undefined || existsSync(lease.while)) leases.push(lease);
    else await removeIfThere(file);
  }
  return leases;
}

async function readText(file: string): Promise<string | undefined> {
  return readFile(file, 'utf8').catch(() => undefined);
}

/** Undefined where it is gone, or was written by half when its writer was killed. */
async function readLease(file: string): Promise<HeldLease | undefined> {
  try {
    const result = v.safeParse(leaseSchema, JSON.parse((await readText(file)) ?? ''));
    return result.success ? result.output : undefined;
  } catch {
    return undefined;
  }
}
