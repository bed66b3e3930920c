/** Where things are in a store; the drawing is in the door. */
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { systemCodeOf } from '#base/errors.js';
import { hashName } from '#base/hash-name.js';
import { openPrivateDirectory } from '#base/private-directory.js';
import { storeUnsafe } from '../errors.js';
import { describeOwner, judgeOwners, type OwnerState } from './owner.js';
import { explaining } from './trouble.js';

export interface ImageStore {
  /** Absolute, without symbolic links; of this uid alone. */
  readonly directory: string;
}

const PARTS = ['blobs', 'partial', 'names', 'roots', 'leases', 'transactions', 'staged', 'locks'] as const;
type Part = (typeof PARTS)[number];
/** How old something is that belongs to nobody, where nothing can be known of its owner. A container may run for long. */
const ABANDONED_MS = { staged: 24 * 3_600_000, transactions: 24 * 3_600_000, leases: 30 * 24 * 3_600_000 };
const DIGEST = /^sha256:([0-9a-f]{64})$/;

/** Makes it where it is missing, and removes what killed commands left in the making. */
export async function openImageStore(path: string): Promise<ImageStore> {
  const store = { directory: await openPrivateDirectory(path, (why) => storeUnsafe(path, why)) };
  await explaining(store.directory, async () => {
    for (const part of PARTS) await mkdir(partOf(store, part), { mode: 0o700 }).catch(ignoreExisting);
    await mkdir(join(partOf(store, 'blobs'), 'sha256'), { mode: 0o700 }).catch(ignoreExisting);
  });
  // Where nothing can be removed, what is there can be read all the same.
  for (const part of ['staged', 'transactions', 'leases'] as const) await sweepOwned(store, part).catch(ignoreReadOnly);
  return store;
}

export function partOf({ directory }: ImageStore, part: Part): string {
  return join(directory, part);
}

/** e.g. `blobs/sha256/9f86d0…`. */
export function blobFile(store: ImageStore, digest: string): string {
  return join(partOf(store, 'blobs'), 'sha256', hexOf(digest));
}

/** What of a blob has come so far. */
export function partialFile(store: ImageStore, digest: string): string {
  return join(partOf(store, 'partial'), hexOf(digest));
}

/** e.g. `names/2c26b4….json` for `docker://busybox:1.36`; any text gives a file name. */
export function nameFile(store: ImageStore, name: string): string {
  return join(partOf(store, 'names'), `${hashName(name)}.json`);
}

/** A digest came from outside once: nothing else than hexadecimal digits gets into a path. */
export function hexOf(digest: string): string {
  const [, hex] = DIGEST.exec(digest) ?? [];
  if (hex === undefined) throw new TypeError('not a digest');
  return hex;
}

/** A name in a part of the store that tells of this process, so that it can be told when nobody is there any more. */
export async function makeOwnedName(): Promise<string> {
  return `${await describeOwner()}.${randomBytes(6).toString('hex')}`;
}

export interface Staged {
  readonly path: string;
  readonly close: () => Promise<void>;
}

/** An empty directory in the file system of the store, for this process alone. */
export async function openStaged(store: ImageStore): Promise<Staged> {
  const path = join(partOf(store, 'staged'), await makeOwnedName());
  await mkdir(path, { mode: 0o700 });
  return { path, close: () => rm(path, { recursive: true, force: true, maxRetries: 3 }) };
}

/** Removes what belongs to nobody any more. Answers with the names of what stays. */
export async function sweepOwned(store: ImageStore, part: 'staged' | 'transactions' | 'leases'): Promise<string[]> {
  const names = await readdir(partOf(store, part));
  if (names.length === 0) return [];
  const judge = await judgeOwners();
  const staying: string[] = [];
  for (const name of names) {
    const path = join(partOf(store, part), name);
    if (await isAbandoned(path, { owner: judge(name), part, name })) await rm(path, { recursive: true, force: true, maxRetries: 3 });
    else staying.push(name);
  }
  return staying;
}

interface Owned {
  readonly owner: OwnerState;
  readonly part: keyof typeof ABANDONED_MS;
  readonly name: string;
}

async function isAbandoned(path: string, { owner, part, name }: Owned): Promise<boolean> {
  if (owner !== 'unknown') return owner === 'gone';
  // What is no owner's own has other rules.
  if (name.startsWith('kept.')) return false;
  const found = await stat(path).catch(() => undefined);
  return found !== undefined && Date.now() - found.mtimeMs > ABANDONED_MS[part];
}

function ignoreReadOnly(thrown: unknown): void {
  if (systemCodeOf(thrown) !== 'EROFS') throw thrown;
}

function ignoreExisting(thrown: unknown): void {
  if (systemCodeOf(thrown) !== 'EEXIST') throw thrown;
}
