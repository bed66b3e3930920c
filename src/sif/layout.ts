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
  uid: 57,
  gid: 65,
  name: 73,
  extra: 201,
} as const;

export const LAUNCH_SCRIPT_BYTES = 32;
export const ARCH_BYTES = 3;
export const ID_BYTES = 16;
export const NAME_BYTES = 128;
export const EXTRA_BYTES = 384;
export const MAGIC = 'SIF_MAGIC';
export const MAGIC_BYTES = 10;
export const VERSION = '01';
export const VERSION_BYTES = 3;

/** What every known writer uses; the reader takes any other place and number within bounds. */
export const DESCRIPTORS_OFFSET = 4096;
export const DESCRIPTORS_TOTAL = 48;
/** Go's reader allocates what the header says; 4096 is far beyond any real file and costs 2.4 MB. */
export const DESCRIPTORS_MAX = 4096;

/** Marks a group id, and a link that leads to a group. */
export const GROUP_MASK = 0xf0000000;

/** Go's zero time in seconds since 1970: what apptainer/sif writes into a deterministic file. */
export const GO_ZERO_TIME = -62_135_596_800;

export const DATA_TYPES = {
  definition: 0x4001,
  environment: 0x4002,
  labels: 0x4003,
  partition: 0x4004,
  signature: 0x4005,
  genericJson: 0x4006,
  generic: 0x4007,
  cryptoMessage: 0x4008,
  sbom: 0x4009,
  ociRootIndex: 0x400a,
  ociBlob: 0x400b,
} as const;
export const FS_TYPES = { squash: 1, ext3: 2, immutable: 3, raw: 4, encryptedSquash: 5, gocryptfsSquash: 6 } as const;
export const PART_TYPES = { system: 1, primarySystem: 2, data: 3, overlay: 4 } as const;
export const HASH_TYPES = { sha256: 1, sha384: 2, sha512: 3, blake2s: 4, blake2b: 5 } as const;
export const MESSAGE_FORMATS = { openPgp: 1, pem: 2 } as const;
export const MESSAGE_TYPES = { clearSignature: 0x100, rsaOaep: 0x200 } as const;
export const SBOM_FORMATS = {
  cycloneDxJson: 1,
  cycloneDxXml: 2,
  gitHubJson: 3,
  spdxJson: 4,
  spdxRdf: 5,
  spdxTagValue: 6,
  spdxYaml: 7,
  syftJson: 8,
} as const;

export const PARTITION_ALIGNMENT_BYTES = 4096;
