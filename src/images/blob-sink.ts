/** Where the bytes of blobs go. Digests are `sha256:<64 hex>`. */
export interface BlobSink {
  has(digest: string): Promise<boolean>;
  open(digest: string, sizeBytes: number): Promise<BlobWriter>;
}

/** Exclusive among processes: `open` waits for another writer of the same digest; a whole blob then has `isComplete`. */
export interface BlobWriter {
  readonly isComplete: boolean;
  readonly offset: number;
  /** in order, at `offset` */
  write(bytes: Uint8Array): Promise<void>;
  /** back to 0 */
  restart(): Promise<void>;
  /** checks size and digest; on a mismatch removes what was written and throws */
  commit(): Promise<void>;
  /** without commit, what was written stays for the next try; idempotent */
  close(): Promise<void>;
}
