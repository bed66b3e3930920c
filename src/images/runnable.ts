/** From the reference that a user types to a root and what the image wants to run, for as long as it is in use. */
import { access, constants } from 'node:fs/promises';
import type { ConvertProgress } from './layers/convert-task.js';
import type { RootKind } from './layers/root-name.js';
import { openLocalImage } from './open.js';
import { isLocalScheme, parseLocalReference } from './references.js';
import { formatRegistryReference, parseRegistryReference } from './registry/reference.js';
import { readRunConfig, type ImageRunConfig } from './run-config.js';
import { describeImage, readImage, type ImageDescription, type ImageSource } from './source.js';
import { findImage, openStoredSource } from './store/images.js';
import { openImageStore, type ImageStore } from './store/place.js';
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
  readonly signal?: AbortSignal | undefined;
  readonly log?: ((line: string) => void) | undefined;
  readonly onProgress?: ((progress: ConvertProgress) => void) | undefined;
}

export interface RunnableImage extends OpenRoot, Omit<ImageRunConfig, 'user'> {
  readonly user: { readonly uid: number; readonly gid: number } | undefined;
}

export async function openRunnableImage(request: RunnableRequest): Promise<RunnableImage> {
  const store = await openImageStore(request.directory);
  const { source, image } = await describeTyped(store, request);
  const { holder, signal, log, onProgress } = request;
  const root = await openRoot(store, { source, image, kind: await chooseKind(), holder, signal, log, onProgress });
  try {
    const config = readRunConfig(image.config);
    return { ...config, ...root, user: await findImageUser(config.user, root.accounts) };
  } catch (thrown) {
    await root.release();
    throw thrown;
  }
}

/** What it would run, without its layers. */
export async function readRunnableConfig(request: Pick<RunnableRequest, 'scheme' | 'rest' | 'directory'>): Promise<ImageRunConfig> {
  const { image } = await describeTyped(await openImageStore(request.directory), request);
  return readRunConfig(image.config);
}

async function describeTyped(
  store: ImageStore,
  { scheme, rest }: Pick<RunnableRequest, 'scheme' | 'rest'>,
): Promise<{ source: ImageSource; image: ImageDescription }> {
  if (isLocalScheme(scheme)) {
    const source = await openLocalImage(parseLocalReference(scheme, rest));
    return { source, image: await describeImage(source) };
  }
  const stored = await findImage(store, `${scheme}://${formatRegistryReference(parseRegistryReference(`${scheme}:${rest}`))}`);
  const source = openStoredSource(store, stored);
  // Which platform it is for was chosen when it was pulled.
  return { source, image: await readImage(source, source.top) };
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
