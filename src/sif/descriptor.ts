import { invalidSif } from './errors.js';
import { readCount, readText, recordAt, writeBytes, writeInteger, writeText, type FilePart } from './fields.js';
import { readArch } from './header.js';
import { DATA_TYPES, DESCRIPTOR, DESCRIPTOR_BYTES, EXTRA_BYTES, GO_ZERO_TIME, GROUP_MASK, NAME_BYTES } from './layout.js';

export interface Partition {
  readonly fsType: number;
  readonly partType: number;
  /** Two digits. */
  readonly arch: string;
}

export interface SifDescriptor {
  /** One of DATA_TYPES, or a type that a later SIF adds. */
  readonly dataType: number;
  readonly id: number;
  /** 0 means no group. */
  readonly groupId: number;
  /** The object that this one belongs to; 0 means none. */
  readonly linkedId: number;
  /** The group that this one belongs to, as a signature does; 0 means none. */
  readonly linkedGroupId: number;
  /** From the start of the file. */
  readonly offset: number;
  readonly size: number;
  /** The size, and the zeros in front that align it. */
  readonly sizeWithPadding: number;
  readonly name: string;
  /** The type-specific part, 384 bytes. */
  readonly extra: Uint8Array;
  /** What `extra` says of a partition. */
  readonly partition?: Partition;
}

/** Reads one slot; nothing where it is free. Offsets are not yet compared with the file. The inverse of encodeDescriptor. */
export function decodeDescriptor(file: Uint8Array, offset: number, slot: number): SifDescriptor | undefined {
  const record = recordAt(file, offset, { length: DESCRIPTOR_BYTES, where: `descriptor ${slot}` });
  const used = record.view.getUint8(DESCRIPTOR.used);
  if (used === 0) return undefined;
  if (used !== 1) throw invalidSif(record.where, `"used" is ${used}, not 0 or 1`);
  const dataType = record.view.getInt32(DESCRIPTOR.dataType, true);
  return {
    dataType,
    ...readIds(record),
    offset: readCount(record, DESCRIPTOR.offset, 'offset'),
    size: readCount(record, DESCRIPTOR.size, 'size'),
    sizeWithPadding: readCount(record, DESCRIPTOR.sizeWithPadding, 'size with padding'),
    name: readText(record, DESCRIPTOR.name, { length: NAME_BYTES, field: 'name' }),
    extra: record.bytes.subarray(DESCRIPTOR.extra),
    ...(dataType === DATA_TYPES.partition && { partition: readPartition(record) }),
  };
}

export function encodeDescriptor(view: DataView, descriptor: SifDescriptor): void {
  view.setInt32(DESCRIPTOR.dataType, descriptor.dataType, true);
  view.setUint8(DESCRIPTOR.used, 1);
  view.setUint32(DESCRIPTOR.id, descriptor.id, true);
  view.setUint32(DESCRIPTOR.groupId, GROUP_MASK + descriptor.groupId, true);
  view.setUint32(DESCRIPTOR.linkedId, descriptor.linkedGroupId === 0 ? descriptor.linkedId : GROUP_MASK + descriptor.linkedGroupId, true);
  writeInteger(view, DESCRIPTOR.offset, descriptor.offset);
  writeInteger(view, DESCRIPTOR.size, descriptor.size);
  writeInteger(view, DESCRIPTOR.sizeWithPadding, descriptor.sizeWithPadding);
  writeInteger(view, DESCRIPTOR.createdAt, GO_ZERO_TIME);
  writeInteger(view, DESCRIPTOR.modifiedAt, GO_ZERO_TIME);
  writeText(view, DESCRIPTOR.name, descriptor.name);
  writeBytes(view, DESCRIPTOR.extra, descriptor.extra);
}

/** Int32 file system, int32 kind, two digits of architecture. The inverse of readPartition. */
export function encodePartition({ fsType, partType, arch }: Partition): Uint8Array {
  const extra = new Uint8Array(EXTRA_BYTES);
  const view = new DataView(extra.buffer);
  view.setInt32(0, fsType, true);
  view.setInt32(4, partType, true);
  writeText(view, 8, arch);
  return extra;
}

function readPartition(record: FilePart): Partition {
  const { view } = record;
  return {
    fsType: view.getInt32(DESCRIPTOR.extra, true),
    partType: view.getInt32(DESCRIPTOR.extra + 4, true),
    arch: readArch(record, DESCRIPTOR.extra + 8),
  };
}

function readIds({ view, where }: FilePart): Pick<SifDescriptor, 'id' | 'groupId' | 'linkedId' | 'linkedGroupId'> {
  const id = view.getUint32(DESCRIPTOR.id, true);
  const group = view.getUint32(DESCRIPTOR.groupId, true);
  const link = view.getUint32(DESCRIPTOR.linkedId, true);
  if (id === 0 || id >= GROUP_MASK) throw invalidSif(where, `id ${id} is out of range`);
  if (group < GROUP_MASK) throw invalidSif(where, `group ${group} lacks the mark of a group`);
  const isGroupLink = link >= GROUP_MASK;
  return { id, groupId: group - GROUP_MASK, linkedId: isGroupLink ? 0 : link, linkedGroupId: isGroupLink ? link - GROUP_MASK : 0 };
}
