/** Copies an image from where it is into the store, blob by blob. What the store has already is not read again. */
import { open } from 'node:fs/promises';
import type { BlobSink } from './blob-sink.js';
import type { Descriptor, Platform } from './documents.js';
import { describeImage, readAt, type FileRegion, type ImageSource } from './source.js';
import { addImage } from './store/images.js';
import type { NamedImage } from './store/names.js';
import type { ImageStore } from './store/place.js';

const CHUNK_BYTES = 1_048_576;

export interface ImportOptions {
  /** What the store calls it; what the user called it where absent. */
  readonly name?: string | undefined;
  readonly platform?: Platform | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Told of each part of a blob that has come, and of all that the blob has. */
  readonly onProgress?: ((progress: { digest: string; doneBytes: number; totalBytes: number }) => void) | undefined;
}

export async function importImage(store: ImageStore, source: ImageSource, options: ImportOptions = {}): Promise<NamedImage> {
  const { digest, mediaType, manifestBytes, manifest } = await describeImage(source, options.platform);
  const top: Descriptor = { mediaType, digest, size: manifestBytes.length };
  const fill = async (sink: BlobSink): Promise<Descriptor> => {
    const parts = new Map([manifest.config, ...manifest.layers].map((part) => [part.digest, part]));
    for (const part of parts.values()) await copyBlob(sink, part, { ...options, region: () => source.locate(part) });
    await writeBytes(sink, top, manifestBytes);
    return top;
  };
  return addImage(store, { name: options.name ?? source.name, fill, signal: options.signal });
}

async function copyBlob(
  sink: BlobSink,
  { digest, size }: Descriptor,
  { region, signal, onProgress }: ImportOptions & { region: () => Promise<FileRegion> },
): Promise<void> {
  if (await sink.has(digest)) return onProgress?.({ digest, doneBytes: size, totalBytes: size });
  const { path, offset } = await region();
  const writer = await sink.open(digest, size);
  try {
    const file = await open(path, 'r');
    try {
      while (!writer.isComplete && writer.offset < size) {
        signal?.throwIfAborted();
        const bytes = await readAt(file, offset + writer.offset, Math.min(CHUNK_BYTES, size - writer.offset));
        if (bytes.length === 0) break;
        await writer.write(bytes);
        onProgress?.({ digest, doneBytes: writer.offset, totalBytes: size });
      }
    } finally {
      await file.close();
    }
    await writer.commit();
  } finally {
    await writer.close();
  }
}

async function writeBytes(sink: BlobSink, { digest, size }: Descriptor, bytes: Uint8Array): Promise<void> {
  const writer = await sink.open(digest, size);
  try {
    if (!writer.isComplete) {
      await writer.restart();
      await writer.write(bytes);
      await writer.commit();
    }
  } finally {
    await writer.close();
  }
}
