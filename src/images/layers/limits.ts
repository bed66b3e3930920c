/** How much layers may come to, at most. */
export interface LayerLimits {
  /** Of all layers, unpacked, with the holes of files. */
  readonly unpackedBytes: number;
  /** Of all layers. */
  readonly entries: number;
}

export const defaultLayerLimits: LayerLimits = { unpackedBytes: 64 * 1024 ** 3, entries: 1_000_000 };

/** Honest layers come to ten or twenty. */
export const RATIO_MAX = 200;
/** Below this many bytes no ratio is a bomb. */
export const RATIO_FROM_BYTES = 256 * 1_048_576;

/** What a squashfs can hold of seconds. */
export const SECONDS_MAX = 2 ** 32 - 1;
