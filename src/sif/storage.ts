/**
 * Where the bytes of a SIF are: in memory or in a file. What reads and changes a SIF sees nothing else, so both are read by the same
 * checks and changed to the same bytes. Offsets count from the start of the file.
 */
import { cannotWrite, invalidSif } from './errors.js';

export interface SifStorage {
  readonly size: number;
  /** Exactly `length` bytes, which may be a view; SIF_INVALID where the file ends before. */
  read(offset: number, length: number): Uint8Array;
  /** Grows the file where needed; zeros lie between the old end and `offset`. */
  write(offset: number, bytes: Uint8Array): void;
  /** Cuts off the end, or appends zeros. */
  resize(size: number): void;
}

/** More than a package or a container's image has, and less than Node can hold in one piece. */
export const MEMORY_BYTES_MAX = 2 ** 31;

/** Never writes into the bytes that it was given where they have to grow; whoever wants to keep them as they are passes a copy. */
export class MemoryStorage implements SifStorage {
  #bytes: Uint8Array;

  constructor(bytes: Uint8Array = new Uint8Array()) {
    this.#bytes = bytes;
  }

  get bytes(): Uint8Array {
    return this.#bytes;
  }

  get size(): number {
    return this.#bytes.length;
  }

  read(offset: number, length: number): Uint8Array {
    requireRange(this.size, offset, length);
    return this.#bytes.subarray(offset, offset + length);
  }

  write(offset: number, bytes: Uint8Array): void {
    requireOffset(offset);
    if (offset + bytes.length > this.size) this.resize(offset + bytes.length);
    this.#bytes.set(bytes, offset);
  }

  resize(size: number): void {
    requireOffset(size);
    if (size > MEMORY_BYTES_MAX) throw cannotWrite(`${size} bytes do not fit into memory; change the file on disk`);
    const resized = new Uint8Array(size);
    resized.set(this.#bytes.subarray(0, size));
    this.#bytes = resized;
  }
}

/** Nothing can be read anywhere: an empty object may lie behind the end. */
export function requireRange(size: number, offset: number, length: number): void {
  requireOffset(offset);
  requireOffset(length);
  if (length > 0 && offset + length > size) throw invalidSif('file', `it ends at ${size}, before the ${length} bytes at ${offset}`);
}

export function requireOffset(offset: number): void {
  if (!Number.isSafeInteger(offset) || offset < 0) throw cannotWrite(`${offset} is no offset and no size`);
}

/** In pieces, so that a large object costs no memory. */
const ZERO_BYTES = 1_048_576;

/** Nothing where `size` is not above 0. */
export function writeZeros(storage: SifStorage, offset: number, size: number): void {
  const zeros = new Uint8Array(Math.max(0, Math.min(size, ZERO_BYTES)));
  for (let at = 0; at < size; at += ZERO_BYTES) storage.write(offset + at, zeros.subarray(0, Math.min(ZERO_BYTES, size - at)));
}
