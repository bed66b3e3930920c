/**
 * The SIF file format, byte-compatible with apptainer/sif. Knows nothing of plugins or containers.
 *
 *        0  header, 128 bytes          launch script, "SIF_MAGIC", version, arch, UUID, times, where the tables are
 *     4096  descriptors, 48 x 585      one per object: type, id, group, link, offset, size, name, type-specific "extra"
 *    32176  data                       the objects in the order in which they came, each at its alignment, zeros between
 *
 * All integers are little-endian, nothing is padded. Groups and links to groups carry 0xF0000000; "no group" is that alone.
 *
 *   createSif   objects -> bytes       deterministic unless told otherwise: nil UUID and Go's zero time
 *   readSif     bytes -> objects       believes nothing: every count, offset and size is checked before it is used
 *   changeSif   bytes -> bytes         addObject, deleteObject(s), setPrimaryPartition, setMetadata, setOciDigest, all or nothing
 *   …SifFile    the same on disk
 *   select…     which objects          by id, type, group, link, kind of partition, digest
 *   findParts   what a container can mount: root file system, overlays, data
 *   …Integrity  what a signature covers
 *
 * There is no checksum in the format; whoever needs to know that the bytes are the right ones hashes the file.
 */
export { addObject, type NewObject } from './add.js';
export { ARCH_UNKNOWN, archOf, nameArch } from './arch.js';
export { changeSif, type SifChange } from './change.js';
export { createSif } from './create.js';
export { deleteObject, deleteObjects } from './delete.js';
export { type SifDescriptor } from './descriptor.js';
export { changeSifFile, readSifFile, type SifFile } from './file.js';
export { findPartition, findParts, findSection, type SifPart, type SifParts } from './image.js';
export { descriptorIntegrity, headerIntegrity, relativeIdOf } from './integrity.js';
export { cryptoMessageOf, ociDigestOf, partitionOf, sbomFormatOf, signatureOf } from './metadata.js';
export { readSif, type Sif, type SifObject } from './read.js';
export {
  selectObject,
  selectObjects,
  withDataType,
  withGroupId,
  withId,
  withLinkedGroupId,
  withLinkedId,
  withNoGroup,
  withOciDigest,
  withPartitionType,
} from './select.js';
export { setMetadata, setOciDigest, setPrimaryPartition } from './set.js';
export { DATA_TYPES, FS_TYPES, GO_ZERO_TIME, HASH_TYPES, MESSAGE_FORMATS, MESSAGE_TYPES, PART_TYPES, SBOM_FORMATS } from './layout.js';
