/**
 * What a SIF holds for a container, as Apptainer sees it: partitions are what can be mounted, sections are all other objects.
 *
 *   primary system partition      rootFs     first; must be well, and of an architecture that runs here
 *   overlay, of the same group    overlay    of any group where there is no primary partition
 *   data partition                data
 *   other partitions, and those   -          left out
 *   whose file system is damaged
 */
import { nameArch } from './arch.js';
import type { SifDescriptor } from './descriptor.js';
import { sifErrors } from './errors.js';
import type { SifFile } from './file.js';
import { DATA_TYPES, FS_TYPES, PART_TYPES } from './layout.js';
import type { Partition } from './partition.js';

export interface SifPart {
  readonly id: number;
  readonly name: string;
  /** From the start of the file. */
  readonly offset: number;
  readonly size: number;
  readonly usage: 'rootFs' | 'overlay' | 'data';
  /** One of FS_TYPES; absent for a section. */
  readonly fsType?: number;
}

export interface SifParts {
  readonly partitions: readonly SifPart[];
  readonly sections: readonly SifPart[];
}

/** Of every file system that is looked at. */
const SUPERBLOCK_BYTES = 2048;
const SQUASHFS_HEADER_BYTES = 96;
const SQUASHFS_USED_AT = 40;
const EXT = { start: 1024, blocks: 1028, blockSize: 1048, magic: 1080 };
const EXT_MAGIC = 0xef53;

/** `canRun` says whether programs for `amd64`, `arm64`, … run here. Throws SIF_ARCH_FOREIGN, or SIF_INVALID for a damaged primary partition. */
export function findParts(sif: Pick<SifFile, 'objects' | 'headOf'>, canRun: (arch: string) => boolean): SifParts {
  const primary = sif.objects.find(({ partition }) => partition?.partType === PART_TYPES.primarySystem);
  if (primary !== undefined) requireWell(primary, sif, canRun);
  const partitions = sif.objects.filter((object) => isMountable(object, primary?.groupId ?? 0) && findDamage(object, sif) === undefined);
  const sections = sif.objects.filter(({ dataType }) => dataType !== DATA_TYPES.partition && dataType !== 0);
  return {
    partitions: [...(primary === undefined ? [] : [primary]), ...partitions].map(describePart),
    sections: sections.map(describePart),
  };
}

/** By name, or by position from 0. Throws SIF_NO_PARTITION. The root file system has the name `rootfs`. */
export function findPartition({ partitions }: SifParts, key: string | number): SifPart {
  const found = findPart(partitions, key);
  if (found === undefined) throw sifErrors.noPartition(key);
  return found;
}

/** By name, or by position from 0. Throws SIF_NO_SECTION. */
export function findSection({ sections }: SifParts, key: string | number): SifPart {
  const found = findPart(sections, key);
  if (found === undefined) throw sifErrors.noSection(key);
  return found;
}

function findPart(parts: readonly SifPart[], key: string | number): SifPart | undefined {
  return typeof key === 'number' ? parts[key] : parts.find(({ name }) => name === key);
}

function requireWell(primary: SifDescriptor, sif: Pick<SifFile, 'headOf'>, canRun: (arch: string) => boolean): void {
  const damage = findDamage(primary, sif);
  if (damage !== undefined) throw sifErrors.partitionDamaged(primary.id, damage);
  const arch = nameArch(primary.partition?.arch ?? '');
  if (arch !== 'unknown' && !canRun(arch)) throw sifErrors.archForeign(arch);
}

function isMountable({ partition, groupId }: SifDescriptor, groupOfPrimary: number): boolean {
  if (partition?.partType === PART_TYPES.data) return true;
  return partition?.partType === PART_TYPES.overlay && (groupOfPrimary === 0 || groupId === groupOfPrimary);
}

/** What is wrong with the file system of a partition, as far as its first 2048 bytes tell. */
function findDamage(object: SifDescriptor, { headOf }: Pick<SifFile, 'headOf'>): string | undefined {
  const check = object.partition && CHECKS[object.partition.fsType];
  if (check === undefined) return 'its file system is of an unknown type';
  const head = Buffer.from(headOf(object, SUPERBLOCK_BYTES));
  return check(head, object.size);
}

/** What is encrypted or raw cannot be told from anything else. */
const CHECKS: Readonly<Record<Partition['fsType'], (head: Buffer, size: number) => string | undefined>> = {
  [FS_TYPES.squash]: checkSquashfs,
  [FS_TYPES.ext3]: checkExt,
  [FS_TYPES.raw]: () => undefined,
  [FS_TYPES.encryptedSquash]: () => undefined,
  [FS_TYPES.gocryptfsSquash]: () => undefined,
};

function checkSquashfs(head: Buffer, size: number): string | undefined {
  if (head.length < SQUASHFS_HEADER_BYTES || head.toString('latin1', 0, 4) !== 'hsqs') return 'it is not squashfs';
  return head.readBigUInt64LE(SQUASHFS_USED_AT) > BigInt(size) ? 'its end is missing' : undefined;
}

function checkExt(head: Buffer, size: number): string | undefined {
  if (head.length < SUPERBLOCK_BYTES || head.readUInt16LE(EXT.magic) !== EXT_MAGIC) return 'it is not ext3';
  const bytes = head.readUInt32LE(EXT.blocks) * EXT.start * 2 ** head.readUInt32LE(EXT.blockSize);
  return bytes > size ? 'its end is missing' : undefined;
}

function describePart({ id, name, offset, size, partition }: SifDescriptor): SifPart {
  if (partition === undefined) return { id, name, offset, size, usage: 'data' };
  const { fsType, partType } = partition;
  if (partType === PART_TYPES.primarySystem) return { id, name: 'rootfs', offset, size, usage: 'rootFs', fsType };
  return { id, name, offset, size, usage: partType === PART_TYPES.overlay ? 'overlay' : 'data', fsType };
}
