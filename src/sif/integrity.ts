/**
 * The parts of header and descriptors that a signature covers, as apptainer/sif hashes them. What may change without harm to the
 * signed objects is left out: where they lie, how they are numbered, when they were touched, and which groups there are.
 */
import { encodeDescriptor, type SifDescriptor } from './descriptor.js';
import { encodeHeader, type SifHeader } from './header.js';
import { DESCRIPTOR, DESCRIPTOR_BYTES, HEADER, ID_BYTES, MAGIC_BYTES, VERSION_BYTES } from './layout.js';

/** Launch script, magic, version, UUID: 61 bytes. */
export function headerIntegrity(header: SifHeader): Uint8Array {
  const bytes = encodeHeader(header);
  const text = bytes.subarray(HEADER.launchScript, HEADER.magic + MAGIC_BYTES + VERSION_BYTES);
  return Buffer.concat([text, bytes.subarray(HEADER.id, HEADER.id + ID_BYTES)]);
}

/** Type, "used", the id counted from the first one of its group, link, size, creation, owner, name and extra: 557 bytes. */
export function descriptorIntegrity(descriptor: SifDescriptor, relativeId: number): Uint8Array {
  const bytes = encodeDescriptor(descriptor);
  new DataView(bytes.buffer).setUint32(DESCRIPTOR.id, relativeId, true);
  return Buffer.concat([
    bytes.subarray(0, DESCRIPTOR.groupId),
    bytes.subarray(DESCRIPTOR.linkedId, DESCRIPTOR.offset),
    bytes.subarray(DESCRIPTOR.size, DESCRIPTOR.sizeWithPadding),
    bytes.subarray(DESCRIPTOR.createdAt, DESCRIPTOR.modifiedAt),
    bytes.subarray(DESCRIPTOR.uid, DESCRIPTOR_BYTES),
  ]);
}

/** 0 for the object with the lowest id of its group. */
export function relativeIdOf({ id, groupId }: SifDescriptor, descriptors: readonly SifDescriptor[]): number {
  return id - Math.min(id, ...descriptors.filter((other) => other.groupId === groupId).map((other) => other.id));
}
