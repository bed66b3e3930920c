/**
 * What is in use, so that nobody removes it: `leases/<owner>.<random>.json` as long as that process runs, `leases/kept.<hash>.json`
 * as long as the directory that it names is there, such as the record of a container.
 */
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { hashName } from '#base/hash-name.js';
import { removeIfThere } from '#base/staged-file.js';
import { digestSchema } from '../documents.js';
import { enter } from './locks.js';
import { makeOwnedName, partOf, sweepOwned, type ImageStore } from './place.js';

const leaseSchema = v.strictObject({
  version: v.literal(1),
  /** Digests of manifests. */
  images: v.array(digestSchema),
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
  await enter(store, () => writeFile(file, text, { mode: 0o600 }), file);
  return { release: async () => void (await removeIfThere(file)) };
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

/** Undefined where it is gone, or was written by half when its writer was killed. */
async function readLease(file: string): Promise<HeldLease | undefined> {
  try {
    const result = v.safeParse(leaseSchema, JSON.parse(await readFile(file, 'utf8')));
    return result.success ? result.output : undefined;
  } catch {
    return undefined;
  }
}
