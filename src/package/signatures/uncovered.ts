import { DATA_TYPES, type Sif } from '#sif/sif.js';

/**
 * Something in a file that the signatures of the group do not cover, in words; nothing where there is none. Signatures themselves are
 * not covered, they are checked. Of the tables, places and times are not: the reader compares those with each other.
 */
export function findUncovered(file: Uint8Array, { header, objects }: Sif, groupId: number): string | undefined {
  const stray = objects.find((object) => object.dataType !== DATA_TYPES.signature && object.groupId !== groupId);
  if (stray !== undefined) return `object ${stray.id} is not in the signed group`;
  const grouped = objects.find((object) => object.dataType === DATA_TYPES.signature && object.groupId !== 0);
  if (grouped !== undefined) return `object ${grouped.id} is a signature and belongs to a group`;
  const elsewhere = objects.find((object) => object.dataType === DATA_TYPES.signature && object.linkedGroupId !== groupId);
  if (elsewhere !== undefined) return `object ${elsewhere.id} is a signature of something else`;
  const places = objects.filter(({ size }) => size > 0).toSorted((one, other) => one.offset - other.offset);
  let end = header.dataOffset;
  for (const { offset, size } of [...places, { offset: file.length, size: 0 }]) {
    const hidden = findNonZero(file.subarray(end, offset));
    if (hidden !== undefined) return `there are bytes at ${end + hidden} that belong to no object`;
    end = offset + size;
  }
  return undefined;
}

function findNonZero(bytes: Uint8Array): number | undefined {
  const index = bytes.findIndex((byte) => byte !== 0);
  return index < 0 ? undefined : index;
}
