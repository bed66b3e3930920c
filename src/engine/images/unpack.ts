/**
 * Unpacks a stream in a thread of its own: what comes is hostile, and a million entries would keep the main thread from its signals.
 *
 *      driver ── part ──▶ here: counts ── part (moved, not copied) ──▶ thread: gunzip ▶ tar ▶ files
 *             ◀─ next? ──              ◀────────── more ─────────────
 */
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { messageOf } from '#base/errors.js';
import { findShipped } from '#base/shipped.js';
import { imageStreamRefused, unpackerNotBuilt } from '../errors.js';
import { untilStopped } from '../lifecycle/stop.js';
import type { ImageStream } from '../shapes.js';
import { openDirectoryImage } from './directory.js';
import { openFileImage } from './file.js';
import type { DirectoryImage, FileImage } from './image.js';
import { defaultUnpackLimits, type UnpackInput, type UnpackLimits, type UnpackOutput, type UnpackTask } from './unpack-limits.js';

/** A name is kept for every entry. */
const HEAP_MIB = 512;

export interface UnpackPlace {
  /** What the user called the image. */
  readonly image: string;
  /** Empty, and of this run alone. */
  readonly directory: string;
  readonly stop: AbortSignal;
}

export async function unpackStream(stream: ImageStream, { image, directory, stop }: UnpackPlace): Promise<DirectoryImage | FileImage> {
  const limits = { ...defaultUnpackLimits, ...stream.limits };
  const target = join(directory, 'image');
  const task: UnpackTask = { format: stream.format, directory: target, isRoot: process.getuid?.() === 0, limits };
  const thread = findShipped('unpack/unpack-thread.js');
  if (thread === undefined) throw unpackerNotBuilt();
  const worker = new Worker(thread, {
    workerData: task,
    env: {},
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MIB },
  });
  const parts = stream.parts[Symbol.asyncIterator]();
  try {
    await untilStopped(feed(worker, countParts(parts, stream, { image, limits }), image), stop);
  } finally {
    await worker.terminate();
    // What the driver does about it is no concern of the run.
    void Promise.resolve(parts.return?.()).catch(() => undefined);
  }
  return stream.format === 'squashfs' ? openFileImage(target, image) : openDirectoryImage(target);
}

/** Resolves when all is unpacked. */
function feed(worker: Worker, next: () => Promise<Uint8Array | undefined>, image: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const answer = async (): Promise<void> => {
      const bytes = await next();
      const input: UnpackInput = bytes === undefined ? { type: 'end' } : { type: 'part', bytes };
      worker.postMessage(input, bytes === undefined ? [] : [bytes.buffer as ArrayBuffer]);
    };
    worker.on('message', (output: UnpackOutput) => {
      if (output.type === 'done') resolve();
      else if (output.type === 'refused') reject(imageStreamRefused(image, output.why));
      else answer().catch(reject);
    });
    worker.on('error', (error) => reject(imageStreamRefused(image, messageOf(error))));
    worker.on('exit', () => reject(imageStreamRefused(image, 'the thread that unpacks it ended')));
  });
}

/** What was promised, and what is allowed at all, holds for every part as it comes. */
function countParts(
  parts: AsyncIterator<Uint8Array>,
  { sizeBytes }: ImageStream,
  { image, limits }: { image: string; limits: UnpackLimits },
): () => Promise<Uint8Array | undefined> {
  let count = 0;
  return async () => {
    const part = await parts.next();
    if (part.done === true) {
      if (sizeBytes !== undefined && count < sizeBytes)
        throw imageStreamRefused(image, `its driver said ${sizeBytes} bytes, and ended after ${count}`);
      return undefined;
    }
    const { value } = part;
    count += value.length;
    if (sizeBytes !== undefined && count > sizeBytes) throw imageStreamRefused(image, `its driver said ${sizeBytes} bytes, and sent more`);
    if (count > limits.streamBytes) throw imageStreamRefused(image, `its stream has more than ${limits.streamBytes} bytes`);
    return ownBuffer(value);
  };
}

/** With a buffer that holds these bytes and no others, which can be moved. */
function ownBuffer(bytes: Uint8Array): Uint8Array {
  return bytes.buffer instanceof ArrayBuffer && bytes.length === bytes.buffer.byteLength ? bytes : new Uint8Array(bytes);
}
