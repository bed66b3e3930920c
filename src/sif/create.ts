import { encodeDescriptor, encodePartition, type Partition, type SifDescriptor } from './descriptor.js';
import { cannotCreate } from './errors.js';
import { encodeHeader } from './header.js';
import {
  DATA_TYPES,
  DESCRIPTOR_BYTES,
  DESCRIPTORS_OFFSET,
  DESCRIPTORS_TOTAL,
  EXTRA_BYTES,
  GROUP_MASK,
  HEADER_BYTES,
  NAME_BYTES,
  PART_TYPES,
  PARTITION_ALIGNMENT_BYTES,
} from './layout.js';

export interface NewObject {
  /** One of DATA_TYPES. */
  readonly dataType: number;
  /** At most 128 bytes. */
  readonly name: string;
  readonly data: Uint8Array;
  /** 1 where absent; 0 means no group. */
  readonly groupId?: number;
  /** The group that this object is about, as a signature's is. */
  readonly linkedGroupId?: number;
  /** The data begin at a multiple of it; 4096 for a partition and 1 for others, where absent. */
  readonly alignmentBytes?: number;
  /** For a partition, and only there. Never a primary system: that one would set the architecture of the file. */
  readonly partition?: Partition;
  /** The type-specific part of others, at most 384 bytes. */
  readonly extra?: Uint8Array;
}

/** Writes a SIF file. The same objects give the same bytes. */
export function createSif({ objects }: { readonly objects: readonly NewObject[] }): Uint8Array {
  if (objects.length > DESCRIPTORS_TOTAL) throw cannotCreate(`${objects.length} objects are more than ${DESCRIPTORS_TOTAL}`);
  const dataOffset = DESCRIPTORS_OFFSET + DESCRIPTORS_TOTAL * DESCRIPTOR_BYTES;
  const descriptors = placeObjects(objects, dataOffset);
  const last = descriptors.at(-1);
  const end = last === undefined ? dataOffset : last.offset + last.size;
  const file = new Uint8Array(end);
  encodeHeader(new DataView(file.buffer, 0, HEADER_BYTES), {
    descriptorsFree: DESCRIPTORS_TOTAL - objects.length,
    descriptorsTotal: DESCRIPTORS_TOTAL,
    descriptorsOffset: DESCRIPTORS_OFFSET,
    dataOffset,
    dataSize: end - dataOffset,
  });
  for (const [index, object] of objects.entries()) {
    const descriptor = descriptors[index];
    if (descriptor === undefined) continue;
    encodeDescriptor(new DataView(file.buffer, DESCRIPTORS_OFFSET + index * DESCRIPTOR_BYTES, DESCRIPTOR_BYTES), descriptor);
    file.set(object.data, descriptor.offset);
  }
  return file;
}

/** Gives each object its id and its place: one behind the other, each at its alignment. */
function placeObjects(objects: readonly NewObject[], dataOffset: number): SifDescriptor[] {
  let end = dataOffset;
  return objects.map((object, index) => {
    const offset = alignUp(end, alignmentOf(object));
    const size = object.data.length;
    const sizeWithPadding = offset - end + size;
    end = offset + size;
    return { ...describeObject(object, index + 1), offset, size, sizeWithPadding };
  });
}

function describeObject(object: NewObject, id: number): Omit<SifDescriptor, 'offset' | 'size' | 'sizeWithPadding'> {
  const { dataType, name, groupId = 1, linkedGroupId = 0, partition, extra = new Uint8Array() } = object;
  if (new TextEncoder().encode(name).length > NAME_BYTES)
    throw cannotCreate(`name ${JSON.stringify(name)} has more than ${NAME_BYTES} bytes`);
  if (extra.length > EXTRA_BYTES) throw cannotCreate(`extra of ${JSON.stringify(name)} has more than ${EXTRA_BYTES} bytes`);
  if (Math.max(groupId, linkedGroupId) >= 2 ** 32 - GROUP_MASK) throw cannotCreate(`group of ${JSON.stringify(name)} is out of range`);
  if ((dataType === DATA_TYPES.partition) !== (partition !== undefined))
    throw cannotCreate('a partition, and only a partition, has a partition type');
  if (partition?.partType === PART_TYPES.primarySystem) throw cannotCreate('primary system partitions are not written here');
  return { dataType, id, groupId, linkedId: 0, linkedGroupId, name, extra: partition === undefined ? extra : encodePartition(partition) };
}

function alignmentOf({ dataType, alignmentBytes }: NewObject): number {
  return alignmentBytes ?? (dataType === DATA_TYPES.partition ? PARTITION_ALIGNMENT_BYTES : 1);
}

function alignUp(offset: number, alignmentBytes: number): number {
  return Math.ceil(offset / alignmentBytes) * alignmentBytes;
}
