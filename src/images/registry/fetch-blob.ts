/** One blob, from a registry into a sink: whole and with its digest, or not at all. What came of it before is not asked for again. */
import type { BlobSink, BlobWriter } from '../blob-sink.js';
import type { RegistryClient } from './client.js';
import { registryErrors } from './errors.js';
import { readChunks, type Answer, type Patience } from './http.js';
import { digestOf } from './manifest.js';
import { retrying, Transient, type RetryPolicy } from './retry.js';

export interface BlobToFetch {
  readonly digest: string;
  readonly sizeBytes: number;
  /** Looks at all bytes of a small one before it counts, and throws where they are not good. */
  readonly judge?: ((bytes: Buffer) => void) | undefined;
}

export interface FetchBlobOptions {
  readonly client: Pick<RegistryClient, 'openBlob'>;
  readonly sink: BlobSink;
  /** As errors name it. */
  readonly registry: string;
  readonly patience: Patience;
  readonly retry: RetryPolicy;
  readonly signal: AbortSignal;
  /** How many of its bytes are there; called often. */
  readonly progress: (doneBytes: number) => void;
  /** Before each wait for another attempt. */
  readonly told: (why: string, waitMs: number) => void;
}

/** Answers how many bytes came over the wire; 0 where it was there. */
export async function fetchBlob(blob: BlobToFetch, options: FetchBlobOptions): Promise<number> {
  const first = await fetchOnce(blob, options);
  if (first.isWhole) return first.receivedBytes;
  // What an earlier pull had left was not the beginning of this blob, as after a crash of the machine: the sink has removed it.
  const second = await fetchOnce(blob, options);
  if (second.isWhole) return first.receivedBytes + second.receivedBytes;
  throw second.failure;
}

interface Fetched {
  readonly isWhole: boolean;
  readonly receivedBytes: number;
  readonly failure?: unknown;
}

/** Throws where a second try from the beginning would not help. */
async function fetchOnce(blob: BlobToFetch, options: FetchBlobOptions): Promise<Fetched> {
  const writer = await options.sink.open(blob.digest, blob.sizeBytes);
  try {
    options.progress(writer.isComplete ? blob.sizeBytes : writer.offset);
    if (writer.isComplete) return { isWhole: true, receivedBytes: 0 };
    const keptBytes = writer.offset;
    const receivedBytes = await (blob.judge === undefined ? receive(blob, writer, options) : receiveJudged(blob, writer, options));
    try {
      await writer.commit();
      return { isWhole: true, receivedBytes };
    } catch (failure) {
      if (keptBytes === 0 || receivedBytes >= blob.sizeBytes) throw failure;
      return { isWhole: false, receivedBytes, failure };
    }
  } finally {
    await writer.close();
  }
}

/** From the beginning, whatever was there: it is small, and all of it must be seen. */
async function receiveJudged(blob: BlobToFetch, writer: BlobWriter, options: FetchBlobOptions): Promise<number> {
  const bytes = Buffer.alloc(blob.sizeBytes);
  await writer.restart();
  const seen: Receiver = {
    get offset() {
      return writer.offset;
    },
    restart: () => writer.restart(),
    write: (chunk) => {
      bytes.set(chunk, writer.offset);
      return writer.write(chunk);
    },
  };
  const receivedBytes = await receive(blob, seen, options);
  try {
    const got = digestOf(bytes);
    if (got !== blob.digest) throw registryErrors.digestMismatch(options.registry, `blob ${blob.digest}`, { wanted: blob.digest, got });
    blob.judge?.(bytes);
  } catch (error) {
    await writer.restart();
    throw error;
  }
  return receivedBytes;
}

type Receiver = Pick<BlobWriter, 'offset' | 'write' | 'restart'>;

/** Until as many bytes are written as the blob has. */
async function receive(blob: BlobToFetch, writer: Receiver, options: FetchBlobOptions): Promise<number> {
  const { client, registry, patience, retry: policy, signal, progress, told } = options;
  const what = `blob ${blob.digest}`;
  const refuse = (why: string) => registryErrors.answerInvalid(registry, what, why);
  let receivedBytes = 0;
  let receivedBefore = 0;
  const attempt = async (): Promise<void> => {
    receivedBefore = receivedBytes;
    if (writer.offset === blob.sizeBytes) return;
    const answer = await client.openBlob(blob.digest, writer.offset);
    await matchStart(answer, writer, blob, refuse);
    for await (const chunk of readChunks(answer, patience, signal)) {
      if (writer.offset + chunk.length > blob.sizeBytes)
        throw refuse(`it has more than the ${blob.sizeBytes} bytes that the manifest says`);
      await writer.write(chunk);
      receivedBytes += chunk.length;
      progress(writer.offset);
    }
    if (writer.offset < blob.sizeBytes) throw new Transient(`it ended after ${writer.offset} of ${blob.sizeBytes} bytes`);
  };
  await retrying(attempt, {
    policy,
    signal,
    told,
    progressed: () => receivedBytes > receivedBefore,
    gaveUp: (last, attempts) => registryErrors.gaveUp(registry, what, { why: last.message, attempts }),
  });
  return receivedBytes;
}

/** Brings the writer to where the answer begins, or throws. */
async function matchStart(answer: Answer, writer: Receiver, blob: BlobToFetch, refuse: (why: string) => Error): Promise<void> {
  const { status, headers, body } = answer;
  try {
    if (status === 416) {
      // There is nothing at our offset, so what is there is not what was meant.
      if (writer.offset === 0) throw refuse('it has nothing of it to send');
      await writer.restart();
      throw new Transient('it cannot go on where it stopped');
    }
    if (status === 206) requireRange(headers['content-range'], { from: writer.offset, size: blob.sizeBytes }, refuse);
    // The server does not do parts.
    else if (writer.offset > 0) await writer.restart();
    const length = headers['content-length'];
    const wanted = blob.sizeBytes - writer.offset;
    if (length !== undefined && Number(length) !== wanted) throw refuse(`it sends ${length} bytes instead of ${wanted}`);
  } catch (error) {
    body.destroy();
    throw error;
  }
}

function requireRange(header: string | undefined, { from, size }: { from: number; size: number }, refuse: (why: string) => Error): void {
  const [, first, last, total] = /^bytes (\d{1,16})-(\d{1,16})\/(\d{1,16}|\*)$/.exec(header ?? '') ?? [];
  const isRight = Number(first) === from && Number(last) === size - 1 && (total === '*' || Number(total) === size);
  if (!isRight) throw refuse(`asked for the bytes from ${from} on of ${size}, it sends "${(header ?? 'no range').slice(0, 80)}"`);
}
