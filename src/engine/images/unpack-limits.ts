/** How much of an image is taken from a stream, at most. */
export interface UnpackLimits {
  /** Of the stream itself, as it comes. */
  readonly streamBytes: number;
  /** Of all that it holds, unpacked. */
  readonly unpackedBytes: number;
  readonly entries: number;
}

const GIB = 1024 ** 3;

export const defaultUnpackLimits: UnpackLimits = { streamBytes: 8 * GIB, unpackedBytes: 16 * GIB, entries: 1_000_000 };

/** What is asked of the thread that unpacks. */
export interface UnpackTask {
  readonly format: 'tar' | 'tar.gz' | 'squashfs';
  /** An empty directory of this run alone. */
  readonly directory: string;
  readonly isRoot: boolean;
  readonly limits: UnpackLimits;
}

/** To the thread: the next part, or that there is none. Its buffer goes with it. */
export type UnpackInput = { readonly type: 'part'; readonly bytes: Uint8Array } | { readonly type: 'end' };

/** From the thread; it asks for every part, so that none waits in its memory. */
export type UnpackOutput =
  { readonly type: 'more' } | { readonly type: 'done'; readonly sizeBytes: number } | { readonly type: 'refused'; readonly why: string };
