/** The thread that unpacks one stream: asks for part after part, and says what came of it. A main of its own; see unpack.ts. */
import { closeSync, openSync, writeSync } from 'node:fs';
import { Readable, Transform, type TransformCallback } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { createGunzip } from 'node:zlib';
import { extract } from 'tar-stream';
import { RefusedEntry, unpackEntries } from './unpack-entries.js';
import type { UnpackInput, UnpackLimits, UnpackOutput, UnpackTask } from './unpack-limits.js';

/** An honest archive of text comes to ten or twenty. */
const RATIO_MAX = 100;
/** Below this many bytes no ratio is a bomb. */
const RATIO_FROM_BYTES = 64 * 1_048_576;
/** Names and attributes before one entry: what is longer would be held in memory. */
const HEADER_BYTES_MAX = 1_048_576;
const SLICE_BYTES = 65_536;

const progress = { received: 0, unpacked: 0, taken: 0 };

async function main(task: UnpackTask): Promise<void> {
  try {
    await unpack(task);
    say({ type: 'done', sizeBytes: progress.unpacked });
  } catch (thrown) {
    say({ type: 'refused', why: thrown instanceof Error ? thrown.message : 'it cannot be read' });
  }
}

async function unpack({ format, directory, isRoot, limits }: UnpackTask): Promise<void> {
  if (format === 'squashfs') return keepFile(directory);
  const archive = extract();
  const expand = format === 'tar.gz' ? [createGunzip()] : [];
  const feeding = pipeline([Readable.from(readParts()), ...expand, guard(limits), archive]);
  // Whichever of the two fails first has the reason; the other then fails for it.
  const reading = unpackEntries(archive, { directory, isRoot, limits, onTaken: (bytes) => (progress.taken += bytes) });
  const failed: unknown[] = [];
  await Promise.all([feeding, reading].map((work) => work.catch((thrown: unknown) => void failed.push(thrown))));
  if (failed.length > 0) throw failed.find((thrown) => thrown instanceof RefusedEntry) ?? failed[0];
}

async function keepFile(path: string): Promise<void> {
  const file = openSync(path, 'wx', 0o600);
  try {
    for await (const part of readParts()) for (let at = 0; at < part.length; at += writeSync(file, part, at));
  } finally {
    closeSync(file);
  }
}

async function* readParts(): AsyncGenerator<Uint8Array> {
  for (;;) {
    say({ type: 'more' });
    const input = await new Promise<UnpackInput>((resolve) => parentPort?.once('message', resolve));
    if (input.type === 'end') return;
    progress.received += input.bytes.length;
    yield input.bytes;
  }
}

/** Counts what is unpacked before anything looks into it, and hands it on in small slices. */
function guard({ unpackedBytes }: UnpackLimits): Transform {
  return new Transform({
    transform(chunk: Buffer, _encoding, done: TransformCallback) {
      for (let at = 0; at < chunk.length; at += SLICE_BYTES) {
        const slice = chunk.subarray(at, at + SLICE_BYTES);
        progress.unpacked += slice.length;
        const why = findExcess(unpackedBytes);
        if (why !== undefined) return done(new RefusedEntry(why));
        this.push(slice);
      }
      done();
    },
    highWaterMark: SLICE_BYTES,
  });
}

function findExcess(unpackedBytes: number): string | undefined {
  const { received, unpacked, taken } = progress;
  if (unpacked > unpackedBytes) return `unpacked it has more than ${unpackedBytes} bytes`;
  if (unpacked > RATIO_FROM_BYTES && unpacked > received * RATIO_MAX)
    return `unpacked it has more than ${RATIO_MAX} times the bytes of its stream, as a bomb has`;
  // What waits between here and the reader is far less than this.
  if (unpacked - taken > HEADER_BYTES_MAX * 4) return `an entry has a header of more than ${HEADER_BYTES_MAX} bytes`;
  return undefined;
}

function say(output: UnpackOutput): void {
  parentPort?.postMessage(output);
}

await main(workerData as UnpackTask);
