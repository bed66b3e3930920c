/** Where an image can be read from: its blobs are parts of files, whichever format those have. */
import { createHash } from 'node:crypto';
import { open, type FileHandle } from 'node:fs/promises';
import {
  DOCUMENT_BYTES_MAX,
  INDEX_TYPES,
  parseConfig,
  parseIndex,
  parseManifest,
  type Descriptor,
  type ImageConfig,
  type Manifest,
  type Platform,
} from './documents.js';
import { blobInvalid, documentInvalid } from './errors.js';
import { choosePlatform, requirePlatform } from './platform.js';

/** A part of a file. */
export interface FileRegion {
  /** Absolute. */
  readonly path: string;
  readonly offset: number;
  readonly sizeBytes: number;
}

export interface ImageSource {
  /** What the user called it. */
  readonly name: string;
  /** Of an index or of a manifest. */
  readonly top: Descriptor;
  /** Throws IMAGE_BLOB_MISSING, and IMAGE_BLOB_INVALID where its size is another one. */
  locate(descriptor: Descriptor): Promise<FileRegion>;
  /** The bytes of a manifest that stands in no file, because its format has none. */
  readonly made?: { readonly digest: string; readonly bytes: Uint8Array } | undefined;
}

/** One image, for one platform, with all that is known without its layers. */
export interface ImageDescription {
  /** Of the manifest. */
  readonly digest: string;
  readonly mediaType: string;
  readonly manifestBytes: Uint8Array;
  readonly manifest: Manifest;
  readonly config: ImageConfig;
}

/** An index may lead to another one, but not for ever. */
const INDEX_DEPTH_MAX = 4;

/** The one for `wanted`, for this machine where nothing is wanted. Checks all digests on the way. */
export async function describeImage(source: ImageSource, wanted?: Platform): Promise<ImageDescription> {
  let descriptor = source.top;
  for (let depth = 0; INDEX_TYPES.includes(descriptor.mediaType); depth++) {
    if (depth === INDEX_DEPTH_MAX)
      throw documentInvalid('index of the image', `it leads to ${INDEX_DEPTH_MAX} others, one after the other`);
    const { manifests } = parseIndex(await readDocument(source, descriptor), descriptor.mediaType);
    descriptor = choosePlatform(manifests, source.name, wanted);
  }
  const image = await readImage(source, descriptor);
  requirePlatform(image.config, source.name, wanted);
  return image;
}

/** Of a manifest, whatever its platform is. */
export async function readImage(source: ImageSource, descriptor: Descriptor): Promise<ImageDescription> {
  const manifestBytes = await readDocument(source, descriptor);
  const manifest = parseManifest(manifestBytes, descriptor.mediaType);
  const config = parseConfig(await readDocument(source, manifest.config), manifest);
  return { digest: descriptor.digest, mediaType: descriptor.mediaType, manifestBytes, manifest, config };
}

async function readDocument(source: ImageSource, descriptor: Descriptor): Promise<Uint8Array> {
  const { digest, size } = descriptor;
  if (size > DOCUMENT_BYTES_MAX)
    throw blobInvalid(digest, `it has more than ${DOCUMENT_BYTES_MAX} bytes, as no manifest or configuration has`);
  if (source.made?.digest === digest) return source.made.bytes;
  const bytes = await readRegion(await source.locate(descriptor));
  const found = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  if (found !== digest) throw blobInvalid(digest, `its content is that of ${found}`);
  return bytes;
}

export async function readRegion({ path, offset, sizeBytes }: FileRegion): Promise<Uint8Array> {
  const file = await open(path, 'r');
  try {
    return await readAt(file, offset, sizeBytes);
  } finally {
    await file.close();
  }
}

/** Shorter than `length` where the file ends before. */
export async function readAt(file: FileHandle, offset: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await file.read(bytes, filled, length - filled, offset + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return bytes.subarray(0, filled);
}
