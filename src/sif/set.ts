/** Changes what a descriptor says, not what its object holds. */
import type { SifDescriptor } from './descriptor.js';
import { sifErrors } from './errors.js';
import type { SifHeader } from './header.js';
import { DATA_TYPES, PART_TYPES } from './layout.js';
import { encodeDigest, encodeMetadata, isOci, partitionOf, type ObjectMetadata } from './metadata.js';
import { encodePartition } from './partition.js';
import { withId, withPartitionType } from './select.js';
import type { SifStorage } from './storage.js';
import { descriptorsOf, readTable, timeOfChange, writeHeader, writeSlot, type ChangeOptions, type SifTable } from './table.js';

/**
 * Makes a system partition the primary one; the one that was primary becomes a system partition, and the file has the new one's
 * architecture. Nothing changes where it is primary already. Throws SIF_OBJECT_NOT_FOUND or SIF_TYPE_UNEXPECTED.
 */
export function setPrimaryPartition(storage: SifStorage, id: number, options: ChangeOptions = {}): void {
  const table = readTable(storage);
  const chosen = findObject(table, id);
  const partition = partitionOf(chosen);
  if (partition.partType === PART_TYPES.primarySystem) return;
  if (partition.partType !== PART_TYPES.system)
    throw sifErrors.unexpectedType('make it primary, it is no system partition', chosen.dataType);
  const before = descriptorsOf(table).filter(withPartitionType(PART_TYPES.primarySystem));
  const changed = [
    ...before.map((old) => ({ ...old, extra: encodePartition({ ...partitionOf(old), partType: PART_TYPES.system }) })),
    { ...chosen, extra: encodePartition({ ...partition, partType: PART_TYPES.primarySystem }) },
  ];
  writeChanged(storage, table, changed, { ...options, arch: partition.arch });
}

/** Replaces the type-specific part. Throws SIF_OBJECT_NOT_FOUND or SIF_TYPE_UNEXPECTED. Not for partitions: they move with the header. */
export function setMetadata(storage: SifStorage, id: number, metadata: ObjectMetadata, options: ChangeOptions = {}): void {
  const table = readTable(storage);
  const object = findObject(table, id);
  if (object.dataType === DATA_TYPES.partition) throw sifErrors.unexpectedType('set metadata of a partition', object.dataType);
  const data = storage.read(object.offset, object.size);
  writeChanged(storage, table, [{ ...object, extra: encodeMetadata(object.dataType, metadata, data) }], options);
}

/** Throws SIF_OBJECT_NOT_FOUND or SIF_TYPE_UNEXPECTED. */
export function setOciDigest(storage: SifStorage, id: number, digest: string, options: ChangeOptions = {}): void {
  const table = readTable(storage);
  const object = findObject(table, id);
  if (!isOci(object)) throw sifErrors.unexpectedType('set its OCI digest', object.dataType);
  writeChanged(storage, table, [{ ...object, extra: encodeDigest(digest) }], options);
}

function findObject(table: SifTable, id: number): SifDescriptor {
  const object = descriptorsOf(table).find(withId(id));
  if (object === undefined) throw sifErrors.notFound();
  return object;
}

function writeChanged(
  storage: SifStorage,
  { header, slots }: SifTable,
  changed: readonly SifDescriptor[],
  { arch = header.arch, ...options }: ChangeOptions & Partial<Pick<SifHeader, 'arch'>>,
): void {
  const modifiedAt = timeOfChange(header, options);
  for (const descriptor of changed) {
    const slot = slots.findIndex((old) => old?.id === descriptor.id);
    writeSlot(storage, header, slot, { ...descriptor, modifiedAt });
  }
  writeHeader(storage, { ...header, arch, modifiedAt });
}
