import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { ARCH_UNKNOWN, createSif, DATA_TYPES, FS_TYPES, PART_TYPES, type NewObject } from '#sif/sif.js';

export function toBytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export function buildPartition(changes: Partial<NewObject> = {}): NewObject {
  const partition = { fsType: FS_TYPES.raw, partType: PART_TYPES.data, arch: ARCH_UNKNOWN };
  return { dataType: DATA_TYPES.partition, name: 'first', data: toBytes('the first object'), partition, ...changes };
}

export function buildGeneric(changes: Partial<NewObject> = {}): NewObject {
  return { dataType: DATA_TYPES.generic, name: 'second', data: toBytes('the second'), ...changes };
}

/** The two bytes that apptainer/sif's own tests write; see golden.ts. */
export function buildFace(changes: Partial<NewObject> = {}): NewObject {
  return { dataType: DATA_TYPES.generic, name: '', data: new Uint8Array([0xfa, 0xce]), ...changes };
}

export function buildFeed(changes: Partial<NewObject> = {}): NewObject {
  return buildFace({ data: new Uint8Array([0xfe, 0xed]), ...changes });
}

/** Their primary partition, for a 386. */
export function buildPrimary(changes: Partial<NewObject> = {}): NewObject {
  const partition = { fsType: FS_TYPES.squash, partType: PART_TYPES.primarySystem, arch: '01' };
  return buildFeed({ dataType: DATA_TYPES.partition, partition, ...changes });
}

export const TEST_ID = 'de170c43-36ab-44a8-bca9-1ea1a070a274';
export const TEST_TIME = 946_702_800;

/** A partition, a generic object and a signature of the group of both. */
export function buildSif(): Uint8Array {
  return createSif({ objects: [buildPartition(), buildGeneric(), buildSignature()] });
}

/** In form only: of group 1, SHA-256, no fingerprint. */
export function buildSignature(): NewObject {
  return {
    dataType: DATA_TYPES.signature,
    name: '',
    data: toBytes('{}'),
    groupId: 0,
    linkedGroupId: 1,
    extra: new Uint8Array([1, 0, 0, 0]),
  };
}

/** Debian's: an independent reader and writer of the format. */
export async function runSiftool(...args: string[]): Promise<Buffer> {
  const { stdout } = await promisify(execFile)('siftool', args, { encoding: 'buffer', maxBuffer: 2 ** 26 });
  return stdout;
}
