/** Header and descriptors together: all of a SIF but its data. Reading it is where nothing is believed; see readTable. */
import { decodeDescriptor, encodeDescriptor, type SifDescriptor } from './descriptor.js';
import { invalidSif } from './errors.js';
import { encodeHeader, isDeterministic, readHeader, type SifHeader } from './header.js';
import { DESCRIPTOR_BYTES, GO_ZERO_TIME } from './layout.js';
import type { SifStorage } from './storage.js';

export interface SifTable {
  readonly header: SifHeader;
  /** One for each descriptor that the file has room for; undefined where it is free. */
  readonly slots: readonly (SifDescriptor | undefined)[];
}

export interface ChangeOptions {
  /**
   * Seconds since 1970, or GO_ZERO_TIME for a file that shall not depend on when it was made. Where it is absent: GO_ZERO_TIME if the
   * file is deterministic so far, the clock's time if not.
   */
  readonly time?: number;
}

/**
 * Reads all but the data: throws SIF_NOT_RECOGNIZED or SIF_INVALID, nothing else, in time and memory that grow with the number of
 * descriptors (4096 at most), not with what they claim. Bytes behind the data are allowed: `siftool del` leaves them.
 */
export function readTable(storage: SifStorage): SifTable {
  const header = readHeader(storage);
  const { descriptorsOffset, descriptorsTotal, descriptorsFree } = header;
  const bytes = storage.read(descriptorsOffset, descriptorsTotal * DESCRIPTOR_BYTES);
  const slots = Array.from({ length: descriptorsTotal }, (_, index) => decodeDescriptor(bytes, index + 1));
  const used = slots.filter((slot) => slot !== undefined);
  if (used.length !== descriptorsTotal - descriptorsFree) throw invalidSif('header', 'number of free descriptors is wrong');
  checkIds(used);
  checkPlaces(used, header, storage.size);
  return { header, slots };
}

/** In the order of their slots. */
export function descriptorsOf({ slots }: SifTable): SifDescriptor[] {
  return slots.filter((slot) => slot !== undefined);
}

/** Where the last object ends, whatever the header says: the next one goes there, never into a hole. */
export function endOfData({ header, slots }: SifTable): number {
  return slots.reduce((end, slot) => (slot === undefined ? end : Math.max(end, slot.offset + slot.size)), header.dataOffset);
}

export function writeHeader(storage: SifStorage, header: SifHeader): void {
  storage.write(0, encodeHeader(header));
}

/** `slot` counts from 0. Without a descriptor it becomes free: 585 zeros. */
export function writeSlot(storage: SifStorage, { descriptorsOffset }: SifHeader, slot: number, descriptor?: SifDescriptor): void {
  const bytes = descriptor === undefined ? new Uint8Array(DESCRIPTOR_BYTES) : encodeDescriptor(descriptor);
  storage.write(descriptorsOffset + slot * DESCRIPTOR_BYTES, bytes);
}

export function timeOfChange(header: SifHeader, { time }: ChangeOptions): number {
  return time ?? (isDeterministic(header) ? GO_ZERO_TIME : Math.floor(Date.now() / 1000));
}

function checkIds(descriptors: readonly SifDescriptor[]): void {
  const seen = new Set<number>();
  for (const { id } of descriptors) {
    if (seen.has(id)) throw invalidSif(`object ${id}`, 'another object has the same id');
    seen.add(id);
  }
}

/** Every object lies within the data, and no byte belongs to two. */
function checkPlaces(descriptors: readonly SifDescriptor[], { dataOffset, dataSize }: SifHeader, fileSize: number): void {
  let end = dataOffset;
  for (const { id, offset, size, sizeWithPadding } of descriptors.toSorted((a, b) => a.offset - b.offset || a.size - b.size)) {
    if (offset < dataOffset) throw invalidSif(`object ${id}`, `offset ${offset} is before the data`);
    if (offset + size > dataOffset + dataSize) throw invalidSif(`object ${id}`, `it ends at ${offset + size}, beyond the data`);
    if (size > 0 && offset + size > fileSize)
      throw invalidSif(`object ${id}`, `it ends at ${offset + size}, beyond the end of the file (${fileSize} bytes)`);
    if (sizeWithPadding < size || sizeWithPadding > dataSize)
      throw invalidSif(`object ${id}`, `size with padding ${sizeWithPadding} does not fit`);
    if (offset < end) throw invalidSif(`object ${id}`, 'it overlaps another object');
    end = offset + size;
  }
}
