import { bugError, userError, type BulkheadError } from '#base/errors.js';

/** The file is no SIF file at all; apptainer's words. */
export function notRecognized(): BulkheadError {
  return userError('SIF_NOT_RECOGNIZED', 'image format not recognized');
}

/** The file says that it is a SIF file and contradicts itself. `where` is the part, e.g. `descriptor 3`. */
export function invalidSif(where: string, why: string): BulkheadError {
  return userError('SIF_INVALID', `invalid SIF: ${where}: ${why}`, {
    hint: 'get the file again, or compile it again; it is damaged',
    data: { where },
  });
}

/** Ours: whoever writes a SIF passes what fits. */
export function cannotWrite(why: string): BulkheadError {
  return bugError('SIF_UNWRITABLE', `Cannot write SIF: ${why}`);
}

/** What somebody asked of a file that is well. apptainer/sif's words in the text. */
export const sifErrors = {
  full: (total: number) =>
    userError('SIF_FULL', `Cannot add the object: all ${total} descriptors are used (insufficient descriptor capacity)`, {
      data: { total },
    }),
  primaryTaken: (id: number) =>
    userError('SIF_PRIMARY_TAKEN', `Cannot add the partition: image already contains a primary partition, object ${id}`, { data: { id } }),
  empty: () => userError('SIF_EMPTY', 'Cannot find the object: no objects in image'),
  notFound: () => userError('SIF_OBJECT_NOT_FOUND', 'Cannot find the object: object not found'),
  several: (ids: readonly number[]) =>
    userError('SIF_OBJECTS_SEVERAL', `Cannot choose the object: multiple objects found (${ids.slice(0, 16).join(', ')})`, {
      data: { ids },
    }),
  invalidId: (id: number) => userError('SIF_ID_INVALID', `Cannot find the object: invalid object ID ${id}`, { data: { id } }),
  invalidGroup: (id: number) => userError('SIF_GROUP_INVALID', `Cannot find the object: invalid group ID ${id}`, { data: { id } }),
  unexpectedType: (what: string, dataType: number) =>
    userError('SIF_TYPE_UNEXPECTED', `Cannot ${what}: unexpected data type 0x${dataType.toString(16)}`, { data: { dataType } }),
  partitionDamaged: (id: number, why: string) => invalidSif(`object ${id}`, `the system partition cannot be used: ${why}`),
  archForeign: (arch: string) =>
    userError('SIF_ARCH_FOREIGN', `Cannot use the image: its architecture (${arch}) could not run on this host`, {
      hint: `take an image for this machine, or let an administrator register an emulator for ${arch} with binfmt_misc`,
      data: { arch },
    }),
  noPartition: (key: string | number) =>
    userError('SIF_NO_PARTITION', `Cannot find partition ${JSON.stringify(key)}: no such partition in image`, { data: { key } }),
  noSection: (key: string | number) =>
    userError('SIF_NO_SECTION', `Cannot find section ${JSON.stringify(key)}: no such section in image`, { data: { key } }),
  archUnknown: (name: string) => userError('SIF_ARCH_UNKNOWN', `Cannot use architecture ${JSON.stringify(name)}: unknown architecture`),
};
