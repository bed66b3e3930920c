/** What the `extra` of a partition says: int32 file system, int32 kind, two digits of architecture and a NUL. */
import { sifErrors } from './errors.js';
import { writeText, type FilePart } from './fields.js';
import { readArch } from './header.js';
import { EXTRA_BYTES } from './layout.js';

export interface Partition {
  /** One of FS_TYPES. */
  readonly fsType: number;
  /** One of PART_TYPES. */
  readonly partType: number;
  /** Two digits. */
  readonly arch: string;
}

/** The inverse of readPartition. */
export function encodePartition({ fsType, partType, arch }: Partition): Uint8Array {
  if (!/^\d\d$/.test(arch)) throw sifErrors.archUnknown(arch);
  const extra = new Uint8Array(EXTRA_BYTES);
  const view = new DataView(extra.buffer);
  view.setInt32(0, fsType, true);
  view.setInt32(4, partType, true);
  writeText(view, 8, arch);
  return extra;
}

export function readPartition(extra: FilePart): Partition {
  const { view } = extra;
  return { fsType: view.getInt32(0, true), partType: view.getInt32(4, true), arch: readArch(extra, 8) };
}
