/**
 * What a descriptor's `extra` says, by the type of the object:
 *
 *   partition              int32 file system, int32 kind, two digits of architecture and a NUL
 *   signature              int32 hash, 256 bytes of which the first 20 are a PGP fingerprint, zeros where there is none
 *   cryptographic message  int32 format, int32 kind
 *   SBOM                   int32 format
 *   OCI root index, blob   "sha256:" and 64 hexadecimal digits, as text
 *
 * Each `…Of` reads what it is named for and throws SIF_TYPE_UNEXPECTED for an object of another type.
 */
import { createHash } from 'node:crypto';
import type { SifDescriptor } from './descriptor.js';
import { cannotWrite, invalidSif, sifErrors } from './errors.js';
import { readText, recordAt, writeBytes, writeText, type FilePart } from './fields.js';
import { DATA_TYPES, EXTRA_BYTES, HASH_TYPES } from './layout.js';
import { encodePartition, type Partition } from './partition.js';

export interface SignatureMetadata {
  /** One of HASH_TYPES. */
  readonly hashType: number;
  /** 20 bytes, of the PGP key; absent in a DSSE signature. */
  readonly fingerprint?: Uint8Array;
}

export interface CryptoMessage {
  /** One of MESSAGE_FORMATS. */
  readonly format: number;
  /** One of MESSAGE_TYPES. */
  readonly messageType: number;
}

/** At most one of them: the one that the type of the object has, or bytes for a type that has none of its own. */
export interface ObjectMetadata {
  readonly partition?: Partition;
  readonly signature?: SignatureMetadata;
  readonly cryptoMessage?: CryptoMessage;
  /** One of SBOM_FORMATS. */
  readonly sbomFormat?: number;
  /** `sha256:` and 64 hexadecimal digits; that of the data where it is absent. */
  readonly ociDigest?: string;
  /** At most 384 bytes, as they shall be in the file. */
  readonly extra?: Uint8Array;
}

const FINGERPRINT_BYTES = 20;
const FINGERPRINT_OFFSET = 4;
const OCI_TYPES: readonly number[] = [DATA_TYPES.ociRootIndex, DATA_TYPES.ociBlob];
const TYPES_OF: Readonly<Record<Exclude<keyof ObjectMetadata, 'extra'>, readonly number[]>> = {
  partition: [DATA_TYPES.partition],
  signature: [DATA_TYPES.signature],
  cryptoMessage: [DATA_TYPES.cryptoMessage],
  sbomFormat: [DATA_TYPES.sbom],
  ociDigest: OCI_TYPES,
};

/** Whether it is of OCI's, and so has a digest of that kind. */
export function isOci({ dataType }: Pick<SifDescriptor, 'dataType'>): boolean {
  return OCI_TYPES.includes(dataType);
}

/** 384 bytes. */
export function encodeMetadata(dataType: number, metadata: ObjectMetadata, data: Uint8Array): Uint8Array {
  checkMetadata(dataType, metadata);
  const { partition, signature, cryptoMessage, sbomFormat, ociDigest, extra } = metadata;
  if (extra !== undefined) return padExtra(extra);
  if (partition !== undefined) return encodePartition(checkPartition(partition));
  if (signature !== undefined) return encodeSignature(signature);
  if (cryptoMessage !== undefined) return encodeNumbers(cryptoMessage.format, cryptoMessage.messageType);
  if (sbomFormat !== undefined) return encodeNumbers(sbomFormat);
  if (OCI_TYPES.includes(dataType)) return encodeDigest(ociDigest ?? digestOf(data));
  return new Uint8Array(EXTRA_BYTES);
}

export function encodeDigest(digest: string): Uint8Array {
  if (!isDigest(digest)) throw cannotWrite(`${JSON.stringify(digest)} is not a digest such as sha256:…`);
  const extra = new Uint8Array(EXTRA_BYTES);
  writeText(viewOf(extra), 0, digest);
  return extra;
}

export function partitionOf({ dataType, partition }: SifDescriptor): Partition {
  if (partition === undefined) throw sifErrors.unexpectedType('read it as a partition', dataType);
  return partition;
}

export function signatureOf(descriptor: SifDescriptor): SignatureMetadata {
  const { view, bytes, where } = extraOf(descriptor, 'signature', 'a signature');
  const hashType = view.getInt32(0, true);
  if (!Object.values<number>(HASH_TYPES).includes(hashType)) throw invalidSif(where, `hash type ${hashType} is not known`);
  const fingerprint = bytes.subarray(FINGERPRINT_OFFSET, FINGERPRINT_OFFSET + FINGERPRINT_BYTES);
  return { hashType, ...(fingerprint.some((byte) => byte !== 0) && { fingerprint }) };
}

export function cryptoMessageOf(descriptor: SifDescriptor): CryptoMessage {
  const { view } = extraOf(descriptor, 'cryptoMessage', 'a cryptographic message');
  return { format: view.getInt32(0, true), messageType: view.getInt32(4, true) };
}

export function sbomFormatOf(descriptor: SifDescriptor): number {
  return extraOf(descriptor, 'sbomFormat', 'an SBOM').view.getInt32(0, true);
}

export function ociDigestOf(descriptor: SifDescriptor): string {
  const extra = extraOf(descriptor, 'ociDigest', 'an OCI object');
  const digest = readText(extra, 0, { length: EXTRA_BYTES, field: 'digest' });
  if (!isDigest(digest)) throw invalidSif(extra.where, 'digest is not sha256:…');
  return digest;
}

function extraOf({ dataType, id, extra }: SifDescriptor, kind: keyof typeof TYPES_OF, what: string): FilePart {
  if (!TYPES_OF[kind].includes(dataType)) throw sifErrors.unexpectedType(`read it as ${what}`, dataType);
  return recordAt(extra, 0, { length: EXTRA_BYTES, where: `object ${id}` });
}

function checkMetadata(dataType: number, metadata: ObjectMetadata): void {
  const kinds = Object.keys(TYPES_OF).filter((kind) => metadata[kind as keyof typeof TYPES_OF] !== undefined) as (keyof typeof TYPES_OF)[];
  const foreign = kinds.find((kind) => !TYPES_OF[kind].includes(dataType));
  if (foreign !== undefined) throw sifErrors.unexpectedType(`write an object with "${foreign}"`, dataType);
  if (metadata.extra !== undefined && kinds.length > 0) throw cannotWrite('an object has either "extra" or the metadata of its type');
  // Without it nobody could read the file again: an architecture has two digits.
  if (dataType === DATA_TYPES.partition && metadata.partition === undefined) throw cannotWrite('a partition needs "partition"');
}

function checkPartition(partition: Partition): Partition {
  if (!/^\d\d$/.test(partition.arch)) throw sifErrors.archUnknown(partition.arch);
  return partition;
}

function encodeSignature({ hashType, fingerprint = new Uint8Array() }: SignatureMetadata): Uint8Array {
  if (fingerprint.length !== 0 && fingerprint.length !== FINGERPRINT_BYTES)
    throw cannotWrite(`a fingerprint has ${FINGERPRINT_BYTES} bytes, not ${fingerprint.length}`);
  const extra = encodeNumbers(hashType);
  extra.set(fingerprint, FINGERPRINT_OFFSET);
  return extra;
}

function encodeNumbers(...numbers: readonly number[]): Uint8Array {
  const extra = new Uint8Array(EXTRA_BYTES);
  for (const [index, number] of numbers.entries()) viewOf(extra).setInt32(4 * index, number, true);
  return extra;
}

function padExtra(bytes: Uint8Array): Uint8Array {
  if (bytes.length > EXTRA_BYTES) throw cannotWrite(`extra value too large: ${bytes.length} bytes, more than ${EXTRA_BYTES}`);
  const extra = new Uint8Array(EXTRA_BYTES);
  writeBytes(viewOf(extra), 0, bytes);
  return extra;
}

function digestOf(data: Uint8Array): string {
  return `sha256:${createHash('sha256').update(data).digest('hex')}`;
}

function isDigest(text: string): boolean {
  return /^sha256:[0-9a-f]{64}$/.test(text);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
