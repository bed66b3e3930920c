/** Removing: names first, then what no name and nobody who runs needs any more. */
import { readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { systemCodeOf } from '#base/errors.js';
import { removeIfThere } from '#base/staged-file.js';
import { imageInUse, imageUnknown } from '../errors.js';
import { nameRoots } from '../layers/root-name.js';
import { describeStoredImage, findImages } from './images.js';
import { findHolders, listLeases, type HeldLease } from './leases.js';
import { lockStore } from './locks.js';
import { listNames, removeHalfNames, removeName, type NamedImage } from './names.js';
import { hexOf, openStaged, partOf, type ImageStore } from './place.js';
import { explaining } from './trouble.js';

export interface Removed {
  /** Names that are gone. */
  readonly images: readonly string[];
  readonly blobs: number;
  /** File systems that were made of layers. */
  readonly roots: number;
  readonly freedBytes: number;
  /** False where another command is bringing images in: then what nobody needs stays until the next time. */
  readonly isComplete: boolean;
}

/** By name that name alone, by digest all names of it. Throws IMAGE_UNKNOWN or IMAGE_IN_USE. */
export function removeImage(store: ImageStore, image: string): Promise<Removed> {
  return explaining(store.directory, () => removeNamed(store, image));
}

function removeNamed(store: ImageStore, image: string): Promise<Removed> {
  return lockStore(store, async (isQuiet) => {
    const found = await findImages(store, image);
    const [first] = found;
    if (first === undefined) throw imageUnknown(image);
    const leases = await listLeases(store);
    const others = (await listNames(store)).images.filter(({ name }) => !found.some((one) => one.name === name));
    const isLast = !others.some(({ digest }) => digest === first.digest);
    const holders = found
      .flatMap((one) => findHolders(leases, one))
      // Under another name it is still there, unless they will ask for it by this one.
      .filter(({ names = [] }) => isLast || found.some(({ name }) => names.includes(name)))
      .map(({ holder }) => holder);
    if (holders.length > 0) throw imageInUse(image, [...new Set(holders)]);
    const own = await rootsOf(store, found);
    for (const { name } of found) await removeName(store, name);
    return collect(store, { isQuiet, leases, removed: found, mayGo: (root) => own.includes(root) });
  });
}

/** What nobody needs; with `all`, images that nobody uses as well. */
export async function pruneImages(store: ImageStore, { all = false }: { readonly all?: boolean } = {}): Promise<Removed> {
  try {
    return await explaining(store.directory, () => prune(store, all));
  } catch (thrown) {
    // To lock anything takes room as well. What is half there gives some: nobody can go on with it now.
    const freedBytes = systemCodeOf(thrown) === 'IMAGE_STORE_FULL' ? await emptyPartial(store) : 0;
    if (freedBytes === 0) throw thrown;
    const result = await explaining(store.directory, () => prune(store, all));
    return { ...result, freedBytes: result.freedBytes + freedBytes };
  }
}

function prune(store: ImageStore, all: boolean): Promise<Removed> {
  return lockStore(store, async (isQuiet) => {
    const leases = await listLeases(store);
    const { images, damaged } = await listNames(store);
    for (const file of damaged) await removeIfThere(file);
    const removed = all ? images.filter((image) => findHolders(leases, image).length === 0) : [];
    for (const { name } of removed) await removeName(store, name);
    if (isQuiet) await removeHalfNames(store);
    const partial = isQuiet ? await emptyPartial(store) : 0;
    const result = await collect(store, { isQuiet, leases, removed, mayGo: () => true });
    return { ...result, freedBytes: result.freedBytes + partial };
  });
}

interface Collection {
  readonly isQuiet: boolean;
  readonly leases: readonly HeldLease[];
  readonly removed: readonly NamedImage[];
  /** Which roots are looked at. */
  readonly mayGo: (root: string) => boolean;
}

async function collect(store: ImageStore, { isQuiet, leases, removed, mayGo }: Collection): Promise<Removed> {
  const images = removed.map(({ name }) => name);
  const nothing = { images, blobs: 0, roots: 0, freedBytes: 0 };
  if (!isQuiet) return { ...nothing, isComplete: false };
  const { images: named, damaged } = await listNames(store);
  // What a damaged name needs cannot be known; a prune removes it.
  if (damaged.length > 0) return { ...nothing, isComplete: false };
  const needed = await needs(store, [
    ...named,
    ...leases.flatMap((lease) => removed.filter(({ digest }) => lease.images.includes(digest))),
  ]);
  const held = new Set([...leases.flatMap(({ roots }) => roots), ...(await rootsOf(store, named))]);
  const blobs = await removeAll(store, join(partOf(store, 'blobs'), 'sha256'), (name) => !needed.has(name));
  const roots = await removeAll(store, partOf(store, 'roots'), (name) => mayGo(name) && !held.has(name));
  return { images, blobs: blobs.count, roots: roots.count, freedBytes: blobs.bytes + roots.bytes, isComplete: true };
}

/** Hexadecimal digits of all blobs of these images. */
async function needs(store: ImageStore, images: readonly NamedImage[]): Promise<Set<string>> {
  const needed = new Set(images.map(({ digest }) => hexOf(digest)));
  for (const image of images) {
    // One that cannot be read cannot be used, and so needs nothing but to be seen.
    const { manifest } = (await describeStoredImage(store, image).catch(() => undefined)) ?? {};
    for (const part of manifest === undefined ? [] : [manifest.config, ...manifest.layers]) needed.add(hexOf(part.digest));
  }
  return needed;
}

async function rootsOf(store: ImageStore, images: readonly NamedImage[]): Promise<string[]> {
  const all = images.map(async (image) => {
    const description = await describeStoredImage(store, image).catch(() => undefined);
    return description === undefined ? [] : nameRoots(description.config.rootfs.diff_ids);
  });
  return (await Promise.all(all)).flat();
}

/** Out of sight with one rename each, then for good. */
async function removeAll(
  store: ImageStore,
  directory: string,
  isChosen: (name: string) => boolean,
): Promise<{ count: number; bytes: number }> {
  const staged = await openStaged(store);
  try {
    let count = 0;
    let bytes = 0;
    for (const name of (await readdir(directory)).filter(isChosen)) {
      bytes += await measure(join(directory, name));
      await rename(join(directory, name), join(staged.path, name));
      count += 1;
    }
    return { count, bytes };
  } finally {
    await staged.close();
  }
}

async function emptyPartial(store: ImageStore): Promise<number> {
  let bytes = 0;
  for (const name of await readdir(partOf(store, 'partial'))) {
    const path = join(partOf(store, 'partial'), name);
    bytes += await measure(path);
    await rm(path, { force: true });
  }
  return bytes;
}

/** On the disk. */
async function measure(path: string): Promise<number> {
  const { size, blocks } = await stat(path);
  const entries = await readdir(path, { withFileTypes: true }).catch(() => []);
  if (entries.length === 0) return Math.min(size, blocks * 512);
  const inner = await Promise.all(
    entries.filter((entry) => entry.isDirectory() || entry.isFile()).map(({ name }) => measure(join(path, name))),
  );
  return inner.reduce((sum, one) => sum + one, 0);
}
