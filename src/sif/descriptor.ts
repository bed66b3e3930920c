import { invalidSif } from './errors.js';
import { readCount, readInteger, readText, recordAt, writeBytes, writeInteger, writeText, type FilePart } from './fields.js';
import { DATA_TYPES, DESCRIPTOR, DESCRIPTOR_BYTES, EXTRA_BYTES, GROUP_MASK, NAME_BYTES } from './layout.js';
import { readPartition, type Partition } from './partition.js';

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
  /** Seconds since 1970. */
  readonly createdAt: number;
  readonly modifiedAt: number;
  /** Of whoever wrote it, in old files; 0 today. */
  readonly uid: number;
  readonly gid: number;
  readonly name: string;
  /** The type-specific part, 384 bytes. */
  readonly extra: Uint8Array;
  /** What `extra` says of a partition. */
  readonly partition?: Partition;
}

/** Reads one slot of the descriptors, 1 for the first; nothing where it is free. Offsets are not yet compared with the file. The inverse of encodeDescriptor. */
export function decodeDescriptor(table: Uint8Array, slot: number): SifDescriptor | undefined {
  const start = (slot - 1) * DESCRIPTOR_BYTES;
  const used = table[start + DESCRIPTOR.used];
  if (used === 0) return undefined;
  const record = recordAt(table, start, { length: DESCRIPTOR_BYTES, where: `descriptor ${slot}` });
  if (used !== 1) throw invalidSif(record.where, `"used" is ${used}, not 0 or 1`);
  const dataType = record.view.getInt32(DESCRIPTOR.dataType, true);
  return {
    dataType,
    ...readIds(record),
    offset: readCount(record, DESCRIPTOR.offset, 'offset'),
    size: readCount(record, DESCRIPTOR.size, 'size'),
    sizeWithPadding: readCount(record, DESCRIPTOR.sizeWithPadding, 'size with padding'),
    createdAt: readInteger(record, DESCRIPTOR.createdAt, 'creation time'),
    modifiedAt: readInteger(record, DESCRIPTOR.modifiedAt, 'modification time'),
    uid: readInteger(record, DESCRIPTOR.uid, 'user'),
    gid: readInteger(record, DESCRIPTOR.gid, 'group of the user'),
    name: readText(record, DESCRIPTOR.name, { length: NAME_BYTES, field: 'name' }),
    extra: record.bytes.subarray(DESCRIPTOR.extra),
    ...(dataType === DATA_TYPES.partition && {
      partition: readPartition(recordAt(record.bytes, DESCRIPTOR.extra, { length: EXTRA_BYTES, where: record.where })),
    }),
  };
}

/** 585 bytes. */
export function encodeDescriptor(descriptor: SifDescriptor): Uint8Array {
  const bytes = new Uint8Array(DESCRIPTOR_BYTES);
  const view = new DataView(bytes.buffer);
  view.setInt32(DESCRIPTOR.dataType, descriptor.dataType, true);
  view.setUint8(DESCRIPTOR.used, 1);
  view.setUint32(DESCRIPTOR.id, descriptor.id, true);
  view.setUint32(DESCRIPTOR.groupId, GROUP_MASK + descriptor.groupId, true);
  view.setUint32(DESCRIPTOR.linkedId, encodeLink(descriptor), true);
  writeInteger(view, DESCRIPTOR.offset, descriptor.offset);
  writeInteger(view, DESCRIPTOR.size, descriptor.size);
  writeInteger(view, DESCRIPTOR.sizeWithPadding, descriptor.sizeWithPadding);
  writeInteger(view, DESCRIPTOR.createdAt, descriptor.createdAt);
  writeInteger(view, DESCRIPTOR.modifiedAt, descriptor.modifiedAt);
  writeInteger(view, DESCRIPTOR.uid, descriptor.uid);
  writeInteger(view, DESCRIPTOR.gid, descriptor.gid);
  writeText(view, DESCRIPTOR.name, descriptor.name);
  writeBytes(view, DESCRIPTOR.extra, descriptor.extra);
  return bytes;
}

export function encodeLink({ linkedId, linkedGroupId }: Pick<SifDescriptor, 'linkedId' | 'linkedGroupId'>): number {
  return linkedGroupId === 0 ? linkedId : GROUP_MASK + linkedGroupId;
}

function readIds({ view, where }: FilePart): Pick<SifDescriptor, 'id' | 'groupId' | 'linkedId' | 'linkedGroupId'> {
  const id = view.getUint32(DESCRIPTOR.id, true);
  const group = view.getUint32(DESCRIPTOR.groupId, true);
  const link = view.getUint32(DESCRIPTOR.linkedId, true);
  if (id === 0 || id >= GROUP_MASK) throw invalidSif(where, `id ${id} is out of range`);
  if (group < GROUP_MASK) throw invalidSif(where, `group ${group} lacks the mark of a group`);
  if (link === GROUP_MASK) throw invalidSif(where, 'it is linked to a group that cannot be');
  const isGroupLink = link > GROUP_MASK;
  return { id, groupId: group - GROUP_MASK, linkedId: isGroupLink ? 0 : link, linkedGroupId: isGroupLink ? link - GROUP_MASK : 0 };
}
