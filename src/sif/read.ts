import type { SifDescriptor } from './descriptor.js';
import type { SifHeader } from './header.js';
import { MemoryStorage } from './storage.js';
import { descriptorsOf, readTable } from './table.js';

export interface SifObject extends SifDescriptor {
  /** A view of the file's bytes, not a copy. */
  readonly data: Uint8Array;
}

export interface Sif {
  readonly header: SifHeader;
  /** In the order of their descriptors. */
  readonly objects: readonly SifObject[];
}

/** Reads a SIF file that is in memory, as readTable does. */
export function readSif(file: Uint8Array): Sif {
  const table = readTable(new MemoryStorage(file));
  const objects = descriptorsOf(table).map((descriptor) => ({
    ...descriptor,
    data: file.subarray(descriptor.offset, descriptor.offset + descriptor.size),
  }));
  return { header: table.header, objects };
}
