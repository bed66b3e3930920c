/**
 * The SIF file format, byte-compatible with apptainer/sif. Knows nothing of plugins or containers.
 *
 *        0  header, 128 bytes          launch script, "SIF_MAGIC", version, arch, UUID, times, where the tables are
 *     4096  descriptors, 48 x 585      one per object: type, id, group, link, offset, size, name, type-specific "extra"
 *    32176  data                       the objects in the order of their ids, each at its alignment, zeros between
 *
 * All integers are little-endian, nothing is padded. Groups and links to groups carry 0xF0000000; "no group" is that alone.
 *
 *   createSif   objects -> bytes       deterministic: nil UUID and Go's zero time, so the same objects give the same bytes
 *   readSif     bytes -> objects       believes nothing: every count, offset and size is checked before it is used
 *
 * There is no checksum in the format; whoever needs to know that the bytes are the right ones hashes the file.
 */
export { createSif, type NewObject } from './create.js';
export { readSif, type Sif, type SifObject } from './read.js';
export { ARCH_UNKNOWN, DATA_TYPES, FS_TYPES, PART_TYPES } from './layout.js';
