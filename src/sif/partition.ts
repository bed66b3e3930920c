/** What the `extra` of a partition says: int32 file system, int32 kind, two digits of architecture and a NUL. */
import { invalidSif } from './errors.js';
import { readText, writeText, type FilePart } from './fields.js';
import { ARCH_BYTES, EXTRA_BYTES } from './layout.js';

export interface Partition {
  /** One of FS_TYPES. */
  readonly fsType: number;
  /** One of PART_TYPES. */
  readonly partType: number;
  /** Two digits; in a file that siftool 2.8 changed perhaps three letters, which mean no architecture. */
  readonly arch: string;
}

/** The inverse of readPartition. */
export function encodePartition({ fsType, partType, arch }: Partition): Uint8Array {
  const extra = new Uint8Array(EXTRA_BYTES);
  const view = new DataView(extra.buffer);
  view.setInt32(0, fsType, true);
  view.setInt32(4, partType, true);
  writeText(view, 8, arch);
  return extra;
}

export function readPartition(extra: FilePart): Partition {
  const { view, where } = extra;
  const arch = readText(extra, 8, { length: ARCH_BYTES, field: 'architecture' });
  // `siftool setprim` 2.8 writes the first three letters of Go's name for it, "amd" for amd64.
  if (!/^(?:\d\d|[0-9a-z]{3})$/.test(arch)) throw invalidSif(where, `architecture ${JSON.stringify(arch)} is not two digits`);
  return { fsType: view.getInt32(0, true), partType: view.getInt32(4, true), arch };
}
