/** From the reference that a user types to a root and what the image wants to run, for as long as it is in use. */
import { existsSync } from 'node:fs';
import { access, constants } from 'node:fs/promises';
import { join } from 'node:path';
import type { ConvertProgress } from './layers/convert-task.js';
import { nameRoots, type RootKind } from './layers/root-name.js';
import { openLocalImage } from './open.js';
import { isLocalScheme, parseLocalReference } from './references.js';
import { formatRegistryReference, parseRegistryReference } from './registry/reference.js';
import { readRunConfig, type ImageRunConfig } from './run-config.js';
import { describeImage, readImage, type ImageDescription, type ImageSource } from './source.js';
import { findImage, openStoredSource } from './store/images.js';
import { holdInUse } from './store/leases.js';
import { openImageStore, partOf, type ImageStore } from './store/place.js';
import { openRoot, type OpenRoot } from './store/roots.js';
import { findImageUser } from './users.js';

export interface RunnableRequest {
  /** `docker`, which must be in the store already, or one of this machine's formats. */
  readonly scheme: string;
  /** What follows the colon. */
  readonly rest: string;
  /** Of the store. */
  readonly directory: string;
  /** Who uses it, in words. */
  readonly holder: string;
  /** A directory, such as the record of a container: as long as it is there the image stays, also when nobody uses it. */
  readonly keptWhile?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly log?: ((line: string) => void) | undefined;
  readonly onProgress?: ((progress: ConvertProgress) => void) | undefined;
}

export interface RunnableImage extends OpenRoot, Omit<ImageRunConfig, 'user'> {
  readonly user: { readonly uid: number; readonly gid: number } | undefined;
}

export async function openRunnableImage(request: RunnableRequest): Promise<RunnableImage> {
  const store = await openImageStore(request.directory);
  const { source, image, name } = await describeTyped(store, request);
  const { holder, keptWhile, signal, log, onProgress } = request;
  const root = await openRoot(store, { source, image, kind: await chooseKind(), holder, signal, log, onProgress });
  try {
    if (keptWhile !== undefined) await keep(store, { image, name, holder, keptWhile });
    const config = readRunConfig(image.config);
    return { ...config, ...root, user: await findImageUser(config.user, root.accounts) };
  } catch (thrown) {
    await root.release();
    throw thrown;
  }
}

/** What it would run, without its layers. */
export async function readRunnableConfig(
  request: Pick<RunnableRequest, 'scheme' | 'rest' | 'directory'>,
): Promise<ImageRunConfig & { readonly accounts: string | undefined }> {
  const store = await openImageStore(request.directory);
  const { image } = await describeTyped(store, request);
  // Only a root that was made has them.
  const accounts = nameRoots(image.config.rootfs.diff_ids).map((name) => join(partOf(store, 'roots'), name));
  return { ...readRunConfig(image.config), accounts: accounts.find((path) => existsSync(path)) };
}

/** For a container that was made, and has not run yet. What is in no store cannot be removed from one. Throws where it is not there. */
export async function keepRunnableImage(
  request: Pick<RunnableRequest, 'scheme' | 'rest' | 'directory' | 'holder'> & { readonly keptWhile: string },
): Promise<void> {
  if (isLocalScheme(request.scheme)) return;
  const store = await openImageStore(request.directory);
  await keep(store, { ...request, ...(await describeTyped(store, request)) });
  // It may have been removed before anybody could see who keeps it.
  await describeTyped(store, request);
}

interface Keeping {
  readonly image: ImageDescription;
  /** In the store, where it is there. */
  readonly name?: string | undefined;
  readonly holder: string;
  readonly keptWhile: string;
}

async function keep(store: ImageStore, { image, name, holder, keptWhile }: Keeping): Promise<void> {
  const roots = nameRoots(image.config.rootfs.diff_ids);
  await holdInUse(store, {
    ...(name === undefined ? { images: [] } : { images: [image.digest], names: [name] }),
    roots,
    holder,
    while: keptWhile,
  });
}

interface Described {
  readonly source: ImageSource;
  readonly image: ImageDescription;
  /** In the store, where it is there. */
  readonly name?: string | undefined;
}

async function describeTyped(store: ImageStore, { scheme, rest }: Pick<RunnableRequest, 'scheme' | 'rest'>): Promise<Described> {
  if (isLocalScheme(scheme)) {
    const source = await openLocalImage(parseLocalReference(scheme, rest));
    return { source, image: await describeImage(source) };
  }
  const stored = await findImage(store, `${scheme}://${formatRegistryReference(parseRegistryReference(`${scheme}:${rest}`))}`);
  const source = openStoredSource(store, stored);
  // Which platform it is for was chosen when it was pulled.
  return { source, image: await readImage(source, source.top), name: stored.name };
}

/**
 * Root mounts a file with all its owners. Others have one uid, so that a directory of their own files is as good, needs no FUSE, and lets
 * a writable layer copy what it changes.
 */
async function chooseKind(): Promise<RootKind> {
  if (process.getuid?.() !== 0) return 'directory';
  const hasLoops = await access('/dev/loop-control', constants.R_OK).then(
    () => true,
    () => false,
  );
  return hasLoops ? 'squashfs' : 'directory';
}
