import { ARCH_UNKNOWN } from './arch.js';
import { sifErrors } from './errors.js';
import { PART_TYPES } from './layout.js';
import { withId, withPartitionType, type SifSelector } from './select.js';
import { writeZeros, type SifStorage } from './storage.js';
import { endOfData, readTable, timeOfChange, writeHeader, writeSlot, type ChangeOptions } from './table.js';

export interface DeleteOptions extends ChangeOptions {
  /** Overwrites the data with zeros; without it they stay in the file, where nothing points to them. */
  readonly zero?: boolean;
  /** Cuts the file off behind the last object that is left. Holes before it stay. */
  readonly compact?: boolean;
}

/** Deletes an object; its descriptor is free for the next one. Throws SIF_OBJECT_NOT_FOUND; then nothing was written. */
export function deleteObject(storage: SifStorage, id: number, options: DeleteOptions = {}): void {
  deleteObjects(storage, withId(id), options);
}

/** Deletes all that are meant. Throws SIF_OBJECT_NOT_FOUND where none is; then nothing was written. */
export function deleteObjects(storage: SifStorage, isMeant: SifSelector, options: DeleteOptions = {}): void {
  const { header, slots } = readTable(storage);
  const deleted = slots.filter((slot) => slot !== undefined).filter(isMeant);
  if (deleted.length === 0) throw sifErrors.notFound();
  const left = slots.map((slot) => (slot !== undefined && deleted.includes(slot) ? undefined : slot));
  for (const [index, slot] of slots.entries()) if (slot !== left[index]) writeSlot(storage, header, index);
  if (options.zero === true) for (const { offset, size } of deleted) writeZeros(storage, offset, size);
  const dataSize = options.compact === true ? endOfData({ header, slots: left }) - header.dataOffset : header.dataSize;
  if (options.compact === true) storage.resize(header.dataOffset + dataSize);
  writeHeader(storage, {
    ...header,
    arch: deleted.some(withPartitionType(PART_TYPES.primarySystem)) ? ARCH_UNKNOWN : header.arch,
    descriptorsFree: header.descriptorsFree + deleted.length,
    dataSize,
    modifiedAt: timeOfChange(header, options),
  });
}
