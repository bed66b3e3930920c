/** The unpacked bytes of a layer, whose digests are those that they should be. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { Duplex, pipeline, Readable, type Transform } from 'node:stream';
import * as zlib from 'node:zlib';
import { findTool } from '#base/programs.js';
import type { FileRegion } from '../source.js';
import { RATIO_FROM_BYTES, RATIO_MAX } from './limits.js';
import { RefusedLayer } from './refused.js';

export interface Layer {
  readonly region: FileRegion;
  /** Of the region. */
  readonly digest: string;
  /** Of what it is unpacked. */
  readonly diffId: string;
}

/** Why a layer cannot be unpacked here, though others could. */
export class ZstdMissing extends Error {}

const CHUNK_BYTES = 262_144;

/** Counts what layers come to, together. */
export interface Meter {
  readonly unpackedBytesMax: number;
  unpackedBytes: number;
}

/**
 * Throws RefusedLayer, at the latest at its end, where the layer's digest is another one, or where it is a bomb. The digest of what is
 * unpacked is checked with `checkDiffId`; the same bytes unpack to the same.
 */
export async function* readLayer(layer: Layer, { meter, checkDiffId }: { meter: Meter; checkDiffId: boolean }): AsyncGenerator<Buffer> {
  const { region, digest, diffId } = layer;
  const compressed = readChecked(region, digest);
  const hash = checkDiffId ? createHash('sha256') : undefined;
  let unpackedBytes = 0;
  for await (const chunk of await expand(compressed)) {
    unpackedBytes += chunk.length;
    meter.unpackedBytes += chunk.length;
    refuseBomb(meter, { unpackedBytes, storedBytes: region.sizeBytes });
    hash?.update(chunk);
    yield chunk;
  }
  const found = hash === undefined ? diffId : `sha256:${hash.digest('hex')}`;
  if (found !== diffId) throw new RefusedLayer(`unpacked it has the digest ${found}, and not the ${diffId} of the image's configuration`);
}

function refuseBomb({ unpackedBytes: all, unpackedBytesMax }: Meter, { unpackedBytes, storedBytes }: Record<string, number>): void {
  if (all > unpackedBytesMax) throw new RefusedLayer(`unpacked the image has more than ${unpackedBytesMax} bytes`);
  if ((unpackedBytes ?? 0) > RATIO_FROM_BYTES && (unpackedBytes ?? 0) > (storedBytes ?? 0) * RATIO_MAX)
    throw new RefusedLayer(`unpacked it has more than ${RATIO_MAX} times its bytes, as a bomb has`);
}

async function* readChecked({ path, offset, sizeBytes }: FileRegion, digest: string): AsyncGenerator<Buffer> {
  const hash = createHash('sha256');
  let readBytes = 0;
  if (sizeBytes > 0) {
    const stream = createReadStream(path, { start: offset, end: offset + sizeBytes - 1, highWaterMark: CHUNK_BYTES });
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      hash.update(chunk);
      readBytes += chunk.length;
      yield chunk;
    }
  }
  const found = `sha256:${hash.digest('hex')}`;
  if (readBytes !== sizeBytes || found !== digest) throw new RefusedLayer(`its content has the digest ${found}`);
}

/** By what stands in it: descriptors of Docker's say gzip of layers that are none. */
async function expand(source: AsyncGenerator<Buffer>): Promise<AsyncIterable<Buffer>> {
  const first = await source.next();
  const head = first.done === true ? Buffer.alloc(0) : first.value;
  const whole = (async function* () {
    if (head.length > 0) yield head;
    yield* source;
  })();
  if (head[0] === 0x1f && head[1] === 0x8b) return through(whole, zlib.createGunzip({ chunkSize: CHUNK_BYTES }));
  if (head.length >= 4 && head.readUInt32LE(0) === 0xfd2fb528) return through(whole, await openZstd());
  return whole;
}

/** Also fails where the source does. */
function through(source: AsyncIterable<Buffer>, transform: Duplex): AsyncIterable<Buffer> {
  pipeline(Readable.from(source), transform, () => undefined);
  return explain(transform);
}

async function* explain(stream: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  try {
    yield* stream;
  } catch (thrown) {
    if (thrown instanceof RefusedLayer) throw thrown;
    throw new RefusedLayer(`it cannot be decompressed (${thrown instanceof Error ? thrown.message : 'no reason given'})`);
  }
}

/** Node knows it from 22.15 on. Both refuse a window of more than 128 MiB. */
async function openZstd(): Promise<Duplex> {
  const { createZstdDecompress } = zlib as { createZstdDecompress?: (options: { chunkSize: number }) => Transform };
  if (createZstdDecompress !== undefined) return createZstdDecompress({ chunkSize: CHUNK_BYTES });
  const program = await findTool('zstd');
  if (program === undefined) throw new ZstdMissing();
  const child = spawn(program, ['--decompress', '--stdout', '--quiet'], { stdio: ['pipe', 'pipe', 'pipe'], env: {} });
  const said: string[] = [];
  child.stderr.on('data', (chunk: Buffer) => said.length < 4 && said.push(chunk.toString('latin1').slice(0, 200)));
  const readable = Readable.from(
    (async function* () {
      const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
      yield* child.stdout as AsyncIterable<Buffer>;
      if ((await ended) !== 0) throw new RefusedLayer(`it cannot be decompressed (${said.join('').trim()})`);
    })(),
  );
  child.on('error', (error) => readable.destroy(error));
  return Duplex.from({ writable: child.stdin, readable });
}
