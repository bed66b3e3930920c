/** Where everything is in a SIF file, and the numbers that stand for types. */

export const HEADER_BYTES = 128;
/** Offset of each field of the header. */
export const HEADER = {
  launchScript: 0,
  magic: 32,
  version: 42,
  arch: 45,
  id: 48,
  createdAt: 64,
  modifiedAt: 72,
  descriptorsFree: 80,
  descriptorsTotal: 88,
  descriptorsOffset: 96,
  descriptorsSize: 104,
  dataOffset: 112,
  dataSize: 120,
} as const;

export const DESCRIPTOR_BYTES = 585;
/** Offset of each field of a descriptor, from its start. */
export const DESCRIPTOR = {
  dataType: 0,
  used: 4,
  id: 5,
  groupId: 9,
  linkedId: 13,
  offset: 17,
  size: 25,
  sizeWithPadding: 33,
  createdAt: 41,
  modifiedAt: 49,
  name: 73,
  extra: 201,
} as const;

export const LAUNCH_SCRIPT_BYTES = 32;
export const NAME_BYTES = 128;
export const EXTRA_BYTES = 384;
export const MAGIC = 'SIF_MAGIC';
export const VERSION = '01';

/** What every known writer uses; the reader takes any other place and number within bounds. */
export const DESCRIPTORS_OFFSET = 4096;
export const DESCRIPTORS_TOTAL = 48;
/** Go's reader allocates what the header says; 4096 is far beyond any real file and costs 2.4 MB. */
export const DESCRIPTORS_MAX = 4096;

/** Marks a group id, and a link that leads to a group. */
export const GROUP_MASK = 0xf0000000;

/** Go's zero time in seconds since 1970: what apptainer/sif writes into a deterministic file. */
export const GO_ZERO_TIME = -62_135_596_800;

export const DATA_TYPES = { partition: 0x4004, signature: 0x4005, genericJson: 0x4006, generic: 0x4007 } as const;
export const FS_TYPES = { squash: 1, ext3: 2, immutable: 3, raw: 4 } as const;
export const PART_TYPES = { system: 1, primarySystem: 2, data: 3, overlay: 4 } as const;
export const ARCH_UNKNOWN = '00';

export const PARTITION_ALIGNMENT_BYTES = 4096;
