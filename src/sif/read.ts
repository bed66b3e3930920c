import { decodeDescriptor, type SifDescriptor } from './descriptor.js';
import { invalidSif } from './errors.js';
import { decodeHeader, type SifHeader } from './header.js';
import { DESCRIPTOR_BYTES } from './layout.js';

export interface SifObject extends SifDescriptor {
  /** A view of the file's bytes, not a copy. */
  readonly data: Uint8Array;
}

export interface Sif {
  readonly header: SifHeader;
  /** In the order of their descriptors. */
  readonly objects: readonly SifObject[];
}

/**
 * Reads a SIF file: throws SIF_NOT_RECOGNIZED or SIF_INVALID, nothing else, in time that grows with the number of
 * descriptors, not with what they claim. Bytes behind the data are allowed: `siftool del` leaves them.
 */
export function readSif(file: Uint8Array): Sif {
  const header = decodeHeader(file);
  const descriptors = readDescriptors(file, header);
  if (descriptors.length !== header.descriptorsTotal - header.descriptorsFree)
    throw invalidSif('header', 'number of free descriptors is wrong');
  checkIds(descriptors);
  checkPlaces(descriptors, header);
  const objects = descriptors.map((descriptor) => ({
    ...descriptor,
    data: file.subarray(descriptor.offset, descriptor.offset + descriptor.size),
  }));
  return { header, objects };
}

function readDescriptors(file: Uint8Array, { descriptorsOffset, descriptorsTotal }: SifHeader): SifDescriptor[] {
  const descriptors: SifDescriptor[] = [];
  for (let index = 0; index < descriptorsTotal; index++) {
    const descriptor = decodeDescriptor(file, descriptorsOffset + index * DESCRIPTOR_BYTES, index + 1);
    if (descriptor !== undefined) descriptors.push(descriptor);
  }
  return descriptors;
}

function checkIds(descriptors: readonly SifDescriptor[]): void {
  const seen = new Set<number>();
  for (const { id } of descriptors) {
    if (seen.has(id)) throw invalidSif(`object ${id}`, 'another object has the same id');
    seen.add(id);
  }
}

/** Every object lies within the data, and no byte belongs to two. */
function checkPlaces(descriptors: readonly SifDescriptor[], { dataOffset, dataSize }: SifHeader): void {
  let end = dataOffset;
  for (const { id, offset, size, sizeWithPadding } of descriptors.toSorted((a, b) => a.offset - b.offset || a.size - b.size)) {
    if (offset < dataOffset) throw invalidSif(`object ${id}`, `offset ${offset} is before the data`);
    if (offset + size > dataOffset + dataSize) throw invalidSif(`object ${id}`, `it ends at ${offset + size}, beyond the data`);
    if (sizeWithPadding < size || sizeWithPadding > dataSize)
      throw invalidSif(`object ${id}`, `size with padding ${sizeWithPadding} does not fit`);
    if (offset < end) throw invalidSif(`object ${id}`, 'it overlaps another object');
    end = offset + size;
  }
}
