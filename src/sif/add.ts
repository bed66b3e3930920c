import type { SifDescriptor } from './descriptor.js';
import { cannotWrite, sifErrors } from './errors.js';
import { isReadable } from './fields.js';
import type { SifHeader } from './header.js';
import { DATA_TYPES, GROUP_MASK, NAME_BYTES, PART_TYPES, PARTITION_ALIGNMENT_BYTES } from './layout.js';
import { encodeMetadata, type ObjectMetadata } from './metadata.js';
import { withPartitionType } from './select.js';
import { writeZeros, type SifStorage } from './storage.js';
import { descriptorsOf, endOfData, readTable, timeOfChange, writeHeader, writeSlot, type ChangeOptions, type SifTable } from './table.js';

export interface NewObject extends ObjectMetadata {
  /** One of DATA_TYPES. */
  readonly dataType: number;
  /** At most 128 bytes. */
  readonly name: string;
  readonly data: Uint8Array;
  /** 1 where absent; 0 means no group. */
  readonly groupId?: number;
  /** The object that this one belongs to. */
  readonly linkedId?: number;
  /** The group that this object is about, as a signature's is. */
  readonly linkedGroupId?: number;
  /** The data begin at a multiple of it; 4096 for a partition and 1 for others, where absent. */
  readonly alignmentBytes?: number;
  /** Seconds since 1970; that of the change where absent. */
  readonly time?: number;
}

/**
 * Appends an object behind the last one, in the first free descriptor, whose number is its id. Throws SIF_FULL, SIF_PRIMARY_TAKEN,
 * SIF_TYPE_UNEXPECTED, or SIF_UNWRITABLE for what does not fit into a descriptor; then nothing was written.
 */
export function addObject(storage: SifStorage, object: NewObject, options: ChangeOptions = {}): SifDescriptor {
  const table = readTable(storage);
  const { header } = table;
  const arch = archAfter(table, object);
  const slot = findFreeSlot(table);
  const time = timeOfChange(header, options);
  const end = endOfData(table);
  const descriptor = { ...describeObject(object, { id: slot + 1, time }), ...placeObject(object, end) };
  // What an object that was deleted left there does not become padding.
  writeZeros(storage, end, Math.min(descriptor.offset, storage.size) - end);
  if (storage.size < descriptor.offset + descriptor.size) storage.resize(descriptor.offset + descriptor.size);
  storage.write(descriptor.offset, object.data);
  writeSlot(storage, header, slot, descriptor);
  const dataSize = descriptor.offset + descriptor.size - header.dataOffset;
  writeHeader(storage, { ...header, arch, descriptorsFree: header.descriptorsFree - 1, dataSize, modifiedAt: time });
  return descriptor;
}

/** The next multiple of the alignment; 0 and 1 mean none. */
export function alignUp(offset: number, alignmentBytes: number): number {
  if (!Number.isSafeInteger(alignmentBytes) || alignmentBytes < 0) throw cannotWrite(`alignment ${alignmentBytes} is no number of bytes`);
  const rest = alignmentBytes === 0 ? 0 : offset % alignmentBytes;
  const aligned = rest === 0 ? offset : offset + (alignmentBytes - rest);
  if (!Number.isSafeInteger(aligned)) throw cannotWrite('integer overflow when calculating alignment');
  return aligned;
}

/** Not one whose number is the id of an object in another slot, as a foreign writer may have left it. */
function findFreeSlot(table: SifTable): number {
  const ids = new Set(descriptorsOf(table).map(({ id }) => id));
  const slot = table.slots.findIndex((descriptor, index) => descriptor === undefined && !ids.has(index + 1));
  if (slot === -1) throw sifErrors.full(table.header.descriptorsTotal);
  return slot;
}

/** The file has the architecture of its primary partition, and where there is none, that of its last overlay. */
function archAfter(table: SifTable, { partition }: NewObject): SifHeader['arch'] {
  const primary = descriptorsOf(table).find(withPartitionType(PART_TYPES.primarySystem));
  if (partition?.partType === PART_TYPES.primarySystem) {
    if (primary !== undefined) throw sifErrors.primaryTaken(primary.id);
    return partition.arch;
  }
  return partition?.partType === PART_TYPES.overlay && primary === undefined ? partition.arch : table.header.arch;
}

function placeObject(object: NewObject, end: number): Pick<SifDescriptor, 'offset' | 'size' | 'sizeWithPadding'> {
  const { dataType, data, alignmentBytes = dataType === DATA_TYPES.partition ? PARTITION_ALIGNMENT_BYTES : 1 } = object;
  const offset = alignUp(end, alignmentBytes);
  return { offset, size: data.length, sizeWithPadding: offset - end + data.length };
}

function describeObject(
  object: NewObject,
  { id, time: changedAt }: { id: number; time: number },
): Omit<SifDescriptor, 'offset' | 'size' | 'sizeWithPadding'> {
  const { dataType, name, data, groupId = 1, linkedId = 0, linkedGroupId = 0, time = changedAt, partition } = object;
  checkName(name);
  checkIds({ groupId, linkedId, linkedGroupId });
  const extra = encodeMetadata(dataType, object, data);
  const fixed = { createdAt: time, modifiedAt: time, uid: 0, gid: 0 };
  return { dataType, id, groupId, linkedId, linkedGroupId, ...fixed, name, extra, ...(partition !== undefined && { partition }) };
}

function checkName(name: string): void {
  if (new TextEncoder().encode(name).length > NAME_BYTES)
    throw cannotWrite(`name value too large: ${JSON.stringify(name)} has more than ${NAME_BYTES} bytes`);
  if (!isReadable(name)) throw cannotWrite(`name ${JSON.stringify(name)} cannot be read back`);
}

function checkIds({ groupId, linkedId, linkedGroupId }: Record<'groupId' | 'linkedId' | 'linkedGroupId', number>): void {
  const fits = (id: number, max: number) => Number.isSafeInteger(id) && id >= 0 && id < max;
  for (const id of [groupId, linkedGroupId]) if (!fits(id, 2 ** 32 - GROUP_MASK)) throw sifErrors.invalidGroup(id);
  if (!fits(linkedId, GROUP_MASK)) throw sifErrors.invalidId(linkedId);
  if (linkedId !== 0 && linkedGroupId !== 0) throw cannotWrite('an object is linked to an object or to a group, not to both');
}
