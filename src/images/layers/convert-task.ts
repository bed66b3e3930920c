import type { LayerLimits } from './limits.js';
import type { Layer } from './read-layer.js';

/** What is asked of the thread that unpacks layers. */
export interface ConvertTask {
  readonly layers: readonly Layer[];
  readonly limits: LayerLimits;
  /** Empty, and of this command alone: here the root comes to be as `image`, and copies of the image's passwd and group. */
  readonly directory: string;
  /** mksquashfs; a directory is made without it. */
  readonly mksquashfs: string | undefined;
  readonly isRoot: boolean;
}

/** Errors that have a name cross as data: a thread's exceptions lose it. */
export type ConvertOutcome =
  | { readonly type: 'done'; readonly leftOut: number }
  | { readonly type: 'refused'; readonly digest: string; readonly why: string }
  | { readonly type: 'zstd'; readonly digest: string }
  | { readonly type: 'failed'; readonly why: string };

/** From the thread, now and then. */
export interface ConvertProgress {
  /** Of `totalBytes`, which is twice the size of all layers where they are read twice. */
  readonly doneBytes: number;
  readonly totalBytes: number;
}
