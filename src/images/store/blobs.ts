/** Blobs in a store: whole and checked, or not there. What has come of one stays, so that the next try goes on from there. */
import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { systemCodeOf } from '#base/errors.js';
import { syncDirectory } from '#base/staged-file.js';
import type { BlobSink, BlobWriter } from '../blob-sink.js';
import { blobInvalid } from '../errors.js';
import { lockWork } from './locks.js';
import { blobFile, hexOf, partialFile, partOf, type ImageStore } from './place.js';

/** Use it within a transaction, so that what it `has` stays. `signal` ends waits for other processes. */
export function openBlobSink(store: ImageStore, { signal }: { signal?: AbortSignal | undefined } = {}): BlobSink {
  return {
    has: async (digest) => (await findBlob(store, digest)) !== undefined,
    open: (digest, sizeBytes) => openBlobWriter(store, { digest, sizeBytes, signal }),
  };
}

/** Its size in bytes. */
export async function findBlob(store: ImageStore, digest: string): Promise<number | undefined> {
  try {
    return (await stat(blobFile(store, digest))).size;
  } catch (thrown) {
    if (systemCodeOf(thrown) === 'ENOENT') return undefined;
    throw thrown;
  }
}

interface BlobRequest {
  readonly digest: string;
  readonly sizeBytes: number;
  readonly signal?: AbortSignal | undefined;
}

async function openBlobWriter(store: ImageStore, { digest, sizeBytes, signal }: BlobRequest): Promise<BlobWriter> {
  const lease = await lockWork(store, `blob-${hexOf(digest)}`, { what: `blob ${digest}`, signal });
  try {
    const found = await findBlob(store, digest);
    if (found !== undefined && found !== sizeBytes) throw blobInvalid(digest, `it has ${found} bytes, and was said to have ${sizeBytes}`);
    if (found !== undefined) return new CompleteBlob(sizeBytes, () => lease.release());
    return await PartialBlob.open(store, { digest, sizeBytes, lease });
  } catch (thrown) {
    await lease.release();
    throw thrown;
  }
}

class CompleteBlob implements BlobWriter {
  readonly isComplete = true;
  readonly offset: number;
  readonly #release: () => Promise<void>;
  #isClosed = false;

  constructor(sizeBytes: number, release: () => Promise<void>) {
    this.offset = sizeBytes;
    this.#release = release;
  }

  write(): Promise<void> {
    return Promise.reject(new TypeError('a complete blob takes no bytes'));
  }

  restart(): Promise<void> {
    return Promise.reject(new TypeError('a complete blob does not restart'));
  }

  commit(): Promise<void> {
    return Promise.resolve();
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#release();
  }
}

interface Target {
  readonly digest: string;
  readonly sizeBytes: number;
  readonly lease: { requireHeld(): void; release(): Promise<void> };
}

class PartialBlob implements BlobWriter {
  #isComplete = false;
  #isClosed = false;
  #offset: number;
  #hash: Hash;
  readonly #store: ImageStore;
  readonly #target: Target;
  readonly #file: FileHandle;

  /** What is there already is read once, for the hash of the whole. */
  static async open(store: ImageStore, target: Target): Promise<PartialBlob> {
    const path = partialFile(store, target.digest);
    const file = await open(path, 'a+', 0o600);
    try {
      const { size } = await file.stat();
      const isUsable = size <= target.sizeBytes;
      if (!isUsable) await file.truncate(0);
      const hash = createHash('sha256');
      if (isUsable && size > 0) for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) hash.update(chunk);
      return new PartialBlob(store, target, { file, hash, offset: isUsable ? size : 0 });
    } catch (thrown) {
      await file.close();
      throw thrown;
    }
  }

  private constructor(store: ImageStore, target: Target, { file, hash, offset }: { file: FileHandle; hash: Hash; offset: number }) {
    this.#store = store;
    this.#target = target;
    this.#file = file;
    this.#hash = hash;
    this.#offset = offset;
  }

  get isComplete(): boolean {
    return this.#isComplete;
  }

  get offset(): number {
    return this.#offset;
  }

  /** One at a time, each awaited. */
  async write(bytes: Uint8Array): Promise<void> {
    const { digest, sizeBytes } = this.#target;
    if (this.#offset + bytes.length > sizeBytes) {
      await this.restart();
      throw blobInvalid(digest, `more than its ${sizeBytes} bytes came`);
    }
    const writing = this.#append(bytes);
    // Meanwhile. Where the writing fails, so does the pull, and what is there is read again.
    this.#hash.update(bytes);
    await writing;
    this.#offset += bytes.length;
  }

  async #append(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) at += (await this.#file.write(bytes, at)).bytesWritten;
  }

  async restart(): Promise<void> {
    await this.#file.truncate(0);
    this.#hash = createHash('sha256');
    this.#offset = 0;
  }

  async commit(): Promise<void> {
    if (this.#isComplete) return;
    const { digest, sizeBytes, lease } = this.#target;
    const partial = partialFile(this.#store, digest);
    const came = `sha256:${this.#hash.copy().digest('hex')}`;
    if (this.#offset !== sizeBytes || came !== digest) {
      await rm(partial, { force: true });
      await this.close();
      throw blobInvalid(
        digest,
        this.#offset === sizeBytes ? `what came is ${came}` : `it has ${sizeBytes} bytes, and ${this.#offset} came`,
      );
    }
    await this.#file.sync();
    lease.requireHeld();
    await rename(partial, blobFile(this.#store, digest));
    await syncDirectory(`${partOf(this.#store, 'blobs')}/sha256`);
    this.#isComplete = true;
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#file.close();
    await this.#target.lease.release();
  }
}
