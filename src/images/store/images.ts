/** Images in a store, by name or digest. */
import type { BlobSink } from '../blob-sink.js';
import { MANIFEST_TYPES, type Descriptor } from '../documents.js';
import { blobInvalid, blobMissing, documentInvalid, imageAmbiguous, imageUnknown } from '../errors.js';
import { readImage, type FileRegion, type ImageDescription, type ImageSource } from '../source.js';
import { findBlob, openBlobSink } from './blobs.js';
import { beginTransaction } from './locks.js';
import { findName, isImageName, listNames, writeName, type NamedImage } from './names.js';
import { blobFile, type ImageStore } from './place.js';
import { explaining } from './trouble.js';

/** The manifest of one image (no index): what `fill` answers with. */
export type AddedManifest = Pick<Descriptor, 'mediaType' | 'digest' | 'size'>;

export interface ImageToAdd {
  /** What it is to be called: visible ASCII, at most 1024 characters, such as `docker://docker.io/library/busybox:1.36`. */
  readonly name: string;
  /** Brings all blobs into the sink, also that of the manifest. */
  readonly fill: (sink: BlobSink) => Promise<AddedManifest>;
  /** Ends waits for other processes that bring the same. */
  readonly signal?: AbortSignal | undefined;
}

/** Where `fill` throws, what came of blobs stays for the next try, and the name means what it meant. */
export async function addImage(store: ImageStore, image: ImageToAdd): Promise<NamedImage> {
  if (!isImageName(image.name)) throw documentInvalid('image', 'its name is too long, or not of visible ASCII characters');
  return explaining(store.directory, () => add(store, image));
}

async function add(store: ImageStore, { name, fill, signal }: ImageToAdd): Promise<NamedImage> {
  const transaction = await beginTransaction(store);
  try {
    const image = await nameImage(store, name, await fill(openBlobSink(store, { signal })));
    await writeName(store, image);
    return image;
  } finally {
    await transaction.end();
  }
}

/** Looks whether all of it is there. */
async function nameImage(store: ImageStore, name: string, { mediaType, digest, size }: AddedManifest): Promise<NamedImage> {
  if (!MANIFEST_TYPES.includes(mediaType)) throw documentInvalid('manifest of the image', 'it is none of one image');
  const source = openStoredSource(store, { name, mediaType, digest, manifestBytes: size });
  const { manifest, config } = await readImage(source, source.top);
  const parts = [manifest.config, ...manifest.layers];
  for (const part of parts) await source.locate(part);
  const sizes = new Map([[digest, size], ...parts.map((part) => [part.digest, part.size] as const)]);
  return {
    ...{ version: 1, name, digest, mediaType, manifestBytes: size },
    sizeBytes: [...sizes.values()].reduce((sum, one) => sum + one, 0),
    platform: { os: config.os, architecture: config.architecture, ...(config.variant ? { variant: config.variant } : {}) },
    addedAt: new Date().toISOString(),
  };
}

/** Reads an image of the store, and what its manifest and configuration say. */
export async function describeStoredImage(store: ImageStore, image: NamedImage): Promise<ImageDescription> {
  const source = openStoredSource(store, image);
  return readImage(source, source.top);
}

type Stored = Pick<NamedImage, 'name' | 'mediaType' | 'digest' | 'manifestBytes'>;

export function openStoredSource(store: ImageStore, { name, mediaType, digest, manifestBytes }: Stored): ImageSource {
  return {
    name,
    top: { mediaType, digest, size: manifestBytes },
    locate: (descriptor) => locateBlob(store, descriptor),
  };
}

async function locateBlob(store: ImageStore, { digest, size }: Descriptor): Promise<FileRegion> {
  const found = await findBlob(store, digest);
  if (found === undefined) throw blobMissing(digest, 'the image store');
  if (found !== size) throw blobInvalid(digest, `it has ${found} bytes, and should have ${size}`);
  return { path: blobFile(store, digest), offset: 0, sizeBytes: size };
}

/** Throws IMAGE_UNKNOWN. What is given is a name, a digest, or at least four of its hexadecimal digits. */
export async function findImage(store: ImageStore, image: string): Promise<NamedImage> {
  const named = await findName(store, image);
  if (named !== undefined) return named;
  const [first] = await findImages(store, image);
  if (first === undefined) throw imageUnknown(image);
  return first;
}

/** All names of one image; a name alone means itself. Empty where there is none. */
export async function findImages(store: ImageStore, image: string): Promise<NamedImage[]> {
  const named = await findName(store, image);
  if (named !== undefined) return [named];
  const [, hex] = /^(?:sha256:)?([0-9a-f]{4,64})$/.exec(image) ?? [];
  if (hex === undefined) return [];
  const found = (await listNames(store)).images.filter(({ digest }) => digest.startsWith(`sha256:${hex}`));
  const digests = [...new Set(found.map(({ digest }) => digest))];
  if (digests.length > 1) throw imageAmbiguous(image, digests);
  return found;
}
