/**
 * What the `image` commands do, and what a run does whose image is not there yet. No plugin is asked: their schemes are theirs.
 *
 *      docker://…                               a registry            named docker://HOST/NAME:TAG in the store, whatever was typed
 *      oci:…  oci-archive:…  docker-archive:…   of this machine       named as typed
 */
import { existsSync } from 'node:fs';
import {
  addImage,
  describeImage,
  describeStoredImage,
  findImage,
  formatRegistryReference,
  importImage,
  isLocalScheme,
  listNames,
  openImageStore,
  openLocalImage,
  parseLocalReference,
  parsePlatform,
  parseRegistryReference,
  pruneImages,
  pullFromRegistry,
  removeImage,
  renderPlatform,
  type ImageConfig,
  type ImageSource,
  type ImageStore,
  type NamedImage,
  type NamedImages,
  type PulledImage,
  type PullEvent,
  type Removed,
} from '#images/images.js';
import { BulkheadError } from '#base/errors.js';
import type { Scene } from './scene.js';

export type ImageProgress = PullEvent;
export type ImageList = NamedImages;
export type RemovedImages = Removed;

export interface PullRequest {
  readonly platform?: string | undefined;
  readonly tlsVerify?: boolean | undefined;
  readonly insecureRegistries?: readonly string[] | undefined;
  /** Blobs at once. */
  readonly parallel?: number | undefined;
  readonly signal: AbortSignal;
  readonly progress?: ((event: ImageProgress) => void) | undefined;
}

/** An image that is in the store now, and how many bytes came over the network for that. */
export interface PullReport {
  readonly image: NamedImage;
  readonly receivedBytes: number;
}

export async function pullImage(scene: Scene, typed: string, request: PullRequest): Promise<PullReport> {
  const store = await openStore(scene);
  const [, scheme = '', rest = ''] = /^([a-z-]+):([^]*)$/.exec(typed) ?? [];
  if (isLocalScheme(scheme)) return copyImage(store, await openLocalImage(parseLocalReference(scheme, rest)), request);
  const { settings, log } = scene;
  const { 'insecure-registries': allowed } = await settings();
  let pulled: PulledImage | undefined;
  const image = await addImage(store, {
    name: nameOf(typed),
    signal: request.signal,
    fill: async (sink) => {
      pulled = await pullFromRegistry(typed, {
        ...request,
        sink,
        insecureRegistries: [...allowed, ...(request.insecureRegistries ?? [])],
        env: scene.env,
      });
      return { mediaType: pulled.mediaType, digest: pulled.digest, size: pulled.manifestBytes };
    },
  });
  log.write('debug', `${image.name} is ${image.digest}, ${pulled?.receivedBytes ?? 0} bytes came`);
  return { image, receivedBytes: pulled?.receivedBytes ?? 0 };
}

/** From a layout or an archive of this machine. */
async function copyImage(
  store: ImageStore,
  source: ImageSource,
  { platform, signal, progress = () => undefined }: PullRequest,
): Promise<PullReport> {
  const wanted = parsePlatform(platform);
  const { digest, manifest } = await describeImage(source, wanted);
  const blobs = [manifest.config, ...manifest.layers].map((blob, index) => ({
    ...{ kind: index === 0 ? ('config' as const) : ('layer' as const), digest: blob.digest, sizeBytes: blob.size },
  }));
  progress({ type: 'image', image: source.name, digest, blobs });
  const image = await importImage(store, source, {
    platform: wanted,
    signal,
    onProgress: ({ digest: blob, doneBytes, totalBytes }) => {
      progress({ type: 'bytes', digest: blob, doneBytes });
      if (doneBytes === totalBytes) progress({ type: 'done', digest: blob, receivedBytes: doneBytes });
    },
  });
  return { image, receivedBytes: 0 };
}

export type PullWhen = 'missing' | 'always' | 'never';

/** Sees to it that the image of a run is in the store; answers undefined where nothing was to be pulled. */
export async function ensureImage(
  scene: Scene,
  typed: string,
  { when, ...request }: PullRequest & { readonly when: PullWhen },
): Promise<PullReport | undefined> {
  if (when === 'always') return pullImage(scene, typed, request);
  const store = await openStore(scene);
  if (when === 'never') return void (await findImage(store, nameOf(typed)));
  const { images } = await listNames(store);
  const found = images.find(({ name }) => name === nameOf(typed));
  const isThere = found !== undefined && (request.platform === undefined || renderPlatform(found.platform).startsWith(request.platform));
  return isThere ? undefined : pullImage(scene, typed, request);
}

export async function listImages(scene: Scene): Promise<ImageList> {
  // To look makes nothing.
  if (!existsSync(scene.paths.images)) return { images: [], damaged: [] };
  return listNames(await openStore(scene));
}

export interface ImageReport extends NamedImage {
  readonly layers: readonly { readonly digest: string; readonly mediaType: string; readonly sizeBytes: number }[];
  readonly config: ImageConfig;
}

export async function inspectImage(scene: Scene, typed: string): Promise<ImageReport> {
  const store = await openStore(scene);
  const image = await findTyped(store, typed);
  const { manifest, config } = await describeStoredImage(store, image);
  return { ...image, layers: manifest.layers.map(({ digest, mediaType, size }) => ({ digest, mediaType, sizeBytes: size })), config };
}

/** One after the other; what was removed stays so where a later one cannot be. */
export async function removeImages(scene: Scene, typed: readonly string[]): Promise<readonly RemovedImages[]> {
  const store = await openStore(scene);
  const removed: Removed[] = [];
  for (const one of typed) {
    const { name } = await findTyped(store, one);
    removed.push(await removeImage(store, isDigest(one) ? one : name));
  }
  return removed;
}

export async function pruneStore(scene: Scene, options: { readonly all: boolean }): Promise<RemovedImages> {
  return pruneImages(await openStore(scene), options);
}

function openStore({ paths }: Scene): Promise<ImageStore> {
  return openImageStore(paths.images);
}

/** The name in the store of an image of a registry: one for all ways of writing it. */
function nameOf(typed: string): string {
  return `docker://${formatRegistryReference(parseRegistryReference(typed))}`;
}

/** By its name, by a part of its digest, or as one would pull it. */
async function findTyped(store: ImageStore, typed: string): Promise<NamedImage> {
  try {
    return await findImage(store, typed);
  } catch (error) {
    if (!(error instanceof BulkheadError) || error.code !== 'IMAGE_UNKNOWN') throw error;
    const name = tryNameOf(typed);
    if (name === undefined) throw error;
    const { images } = await listNames(store);
    const found = images.find((image) => image.name === name);
    if (found === undefined) throw error;
    return found;
  }
}

function tryNameOf(typed: string): string | undefined {
  try {
    return nameOf(typed);
  } catch {
    return undefined;
  }
}

function isDigest(typed: string): boolean {
  return /^(?:sha256:)?[0-9a-f]{4,64}$/.test(typed);
}
