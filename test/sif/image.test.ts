import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { canRunArch } from '#base/machine.js';
import {
  archOf,
  createSif,
  DATA_TYPES,
  findPartition,
  findParts,
  findSection,
  FS_TYPES,
  PART_TYPES,
  readSif,
  readSifFile,
  type NewObject,
  type SifParts,
} from '#sif/sif.js';
import { needTool } from '../helpers/need.js';
import { buildGeneric, toBytes } from './builder.js';

/** As far as a superblock goes: what mksquashfs and mke2fs write is in the last tests. */
function buildSquashfs(): Uint8Array {
  const bytes = Buffer.alloc(4096);
  bytes.write('hsqs');
  bytes.writeBigUInt64LE(4096n, 40);
  return new Uint8Array(bytes);
}

function buildExt(): Uint8Array {
  const bytes = Buffer.alloc(8192);
  bytes.writeUInt16LE(0xef53, 1080);
  bytes.writeUInt32LE(2, 1028);
  bytes.writeUInt32LE(2, 1048);
  return new Uint8Array(bytes);
}

function partition(partType: number, changes: Partial<NewObject> & { fsType?: number; arch?: string } = {}): NewObject {
  const { fsType = FS_TYPES.squash, arch = archOf('amd64'), ...rest } = changes;
  return { dataType: DATA_TYPES.partition, name: 'part', data: buildSquashfs(), partition: { fsType, partType, arch }, ...rest };
}

const primary = (changes: Parameters<typeof partition>[1] = {}) => partition(PART_TYPES.primarySystem, changes);
const overlay = (changes: Parameters<typeof partition>[1] = {}) =>
  partition(PART_TYPES.overlay, { name: 'overlay', fsType: FS_TYPES.ext3, data: buildExt(), ...changes });

function partsOf(objects: readonly NewObject[], canRun: (arch: string) => boolean = (arch) => arch === 'amd64'): SifParts {
  const sif = readSif(createSif({ objects }));
  const byId = new Map(sif.objects.map((object) => [object.id, object.data]));
  return findParts({ objects: sif.objects, headOf: ({ id }, bytesMax) => byId.get(id)?.subarray(0, bytesMax) ?? assert.fail() }, canRun);
}

function countParts(objects: readonly NewObject[]): [partitions: number, sections: number] {
  const { partitions, sections } = partsOf(objects);
  return [partitions.length, sections.length];
}

describe('findParts', () => {
  it('finds nothing in a file without objects (apptainer 72)', () => {
    assert.deepEqual(countParts([]), [0, 0]);
  });

  it('finds nothing in a system partition that is not primary (apptainer 73)', () => {
    assert.deepEqual(countParts([partition(PART_TYPES.system)]), [0, 0]);
  });

  it('refuses a primary partition for another processor, unless that is emulated (apptainer 74)', () => {
    const foreign = [primary({ arch: archOf('s390x') })];
    assert.throws(() => partsOf(foreign), { code: 'SIF_ARCH_FOREIGN', message: /architecture \(s390x\) could not run/ });
    assert.equal(partsOf(foreign, () => true).partitions.length, 1);
    assert.equal(partsOf([primary({ arch: '00' })], () => false).partitions.length, 1);
  });

  it('finds the primary partition (apptainer 75)', () => {
    const { partitions, sections } = partsOf([primary()]);
    const found = { id: 1, name: 'rootfs', offset: 32768, size: 4096, usage: 'rootFs', fsType: FS_TYPES.squash };
    assert.deepEqual([partitions, sections], [[found], []]);
    assert.deepEqual(countParts([primary({ fsType: FS_TYPES.ext3, data: buildExt() })]), [1, 0]);
  });

  it('refuses a primary partition whose file system is cut off, or is none (apptainer 76)', () => {
    const refused = (changes: Parameters<typeof partition>[1]) =>
      assert.throws(() => partsOf([primary(changes)]), { code: 'SIF_INVALID', message: /the system partition cannot be used/ });
    for (const length of [0, 4, 95, 96, 4095]) refused({ data: buildSquashfs().subarray(0, length) });
    for (const length of [1081, 2047, 2048, 8191]) refused({ fsType: FS_TYPES.ext3, data: buildExt().subarray(0, length) });
    refused({ fsType: FS_TYPES.ext3 });
    refused({ data: toBytes('no file system'.repeat(400)) });
    refused({ fsType: FS_TYPES.immutable });
  });

  it('finds the overlays of the same group as the primary partition (apptainer 77)', () => {
    assert.deepEqual(countParts([primary(), overlay()]), [2, 0]);
    assert.deepEqual(countParts([overlay(), primary()]), [2, 0]);
    assert.deepEqual(countParts([primary(), overlay({ groupId: 2 })]), [1, 0]);
    assert.deepEqual(countParts([overlay({ groupId: 2 })]), [1, 0]);
    assert.deepEqual(
      partsOf([overlay(), primary()]).partitions.map(({ usage }) => usage),
      ['rootFs', 'overlay'],
    );
  });

  it('leaves out overlays and data whose file system is damaged', () => {
    assert.deepEqual(
      countParts([primary(), overlay({ data: new Uint8Array(4096) }), partition(PART_TYPES.data, { data: toBytes('hsqs') })]),
      [1, 0],
    );
  });

  it('finds data partitions of every kind, and any other object as a section (apptainer 78, 79)', () => {
    assert.deepEqual(countParts([buildGeneric()]), [0, 1]);
    assert.deepEqual(countParts([primary(), buildGeneric()]), [1, 1]);
    const raw = partition(PART_TYPES.data, { fsType: FS_TYPES.raw, data: toBytes('x') });
    assert.deepEqual(countParts([raw, partition(PART_TYPES.data, { fsType: FS_TYPES.encryptedSquash }), buildGeneric()]), [2, 1]);
  });
});

describe('findPartition and findSection', () => {
  const parts = partsOf([buildGeneric({ name: 'first' }), primary(), partition(PART_TYPES.data, { name: 'files' }), buildGeneric()]);

  it('find by name and by position (apptainer 81)', () => {
    assert.deepEqual(
      ['rootfs', 'files', 0, 1].map((key) => findPartition(parts, key).id),
      [2, 3, 2, 3],
    );
    assert.deepEqual(
      ['first', 'second', 0, 1].map((key) => findSection(parts, key).id),
      [1, 4, 1, 4],
    );
  });

  it('refuse a name or a position that is not there (apptainer 81)', () => {
    for (const key of [2, -1, 0.5, '', 'second']) assert.throws(() => findPartition(parts, key), { code: 'SIF_NO_PARTITION' });
    for (const key of [2, -1, 0.5, '', 'rootfs']) assert.throws(() => findSection(parts, key), { code: 'SIF_NO_SECTION' });
    const none = partsOf([]);
    assert.throws(() => findPartition(none, 0), { code: 'SIF_NO_PARTITION', message: /no such partition/ });
    assert.throws(() => findSection(none, 0), { code: 'SIF_NO_SECTION', message: /no such section/ });
  });
});

describe('a file system that a tool made', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'bulkhead-sif-'));
    mkdirSync(join(directory, 'root'));
    // So that it does not fit into the padding of a small file system.
    writeFileSync(join(directory, 'root/file'), randomBytes(65_536));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  async function checkMade(fsType: number, file: string): Promise<void> {
    const data = new Uint8Array(readFileSync(file));
    const path = join(directory, 'image.sif');
    writeFileSync(path, createSif({ objects: [primary({ fsType, data })] }));
    const { partitions } = await readSifFile(path, (sif) => findParts(sif, () => true));
    assert.deepEqual(
      partitions.map(({ size }) => size),
      [data.length],
    );
    writeFileSync(path, createSif({ objects: [primary({ fsType, data: data.subarray(0, data.length / 2) })] }));
    await assert.rejects(
      readSifFile(path, (sif) => findParts(sif, () => true)),
      { code: 'SIF_INVALID', message: /its end is missing/ },
    );
  }

  it('mksquashfs (apptainer 75, 76)', async function () {
    needTool(this, 'mksquashfs');
    execFileSync('mksquashfs', [join(directory, 'root'), join(directory, 'fs'), '-quiet', '-no-progress'], { stdio: 'ignore' });
    await checkMade(FS_TYPES.squash, join(directory, 'fs'));
  });

  it('mke2fs (apptainer 75, 76)', async function () {
    needTool(this, 'mke2fs');
    execFileSync('mke2fs', ['-q', '-t', 'ext3', '-d', join(directory, 'root'), join(directory, 'fs'), '4m'], { stdio: 'ignore' });
    await checkMade(FS_TYPES.ext3, join(directory, 'fs'));
  });
});

describe('canRunArch', () => {
  let emulators: string;
  beforeEach(() => {
    emulators = mkdtempSync(join(tmpdir(), 'bulkhead-binfmt-'));
  });
  afterEach(() => rmSync(emulators, { recursive: true }));

  it('is true for the machine itself and what it runs besides', () => {
    for (const [arch, runs, not] of [
      ['x64', ['amd64', '386'], ['arm64']],
      ['arm64', ['arm64', 'arm'], ['amd64']],
      ['riscv64', ['riscv64'], ['386']],
    ] as const) {
      for (const name of runs) assert.equal(canRunArch(name, { arch, emulators }), true, name);
      for (const name of not) assert.equal(canRunArch(name, { arch, emulators }), false, name);
    }
  });

  it('is true for what is emulated in containers too (apptainer 74)', () => {
    const register = (text: string) => writeFileSync(join(emulators, 'qemu-aarch64'), text);
    const machine = { arch: 'x64', emulators };
    register('enabled\ninterpreter /usr/bin/qemu-aarch64\nflags: OCF\noffset 0\n');
    assert.equal(canRunArch('arm64', machine), true);
    assert.equal(canRunArch('s390x', machine), false);
    register('enabled\ninterpreter /usr/bin/qemu-aarch64\nflags: OC\noffset 0\n');
    assert.equal(canRunArch('arm64', machine), false);
    register('disabled\ninterpreter /usr/bin/qemu-aarch64\nflags: OCF\noffset 0\n');
    assert.equal(canRunArch('arm64', machine), false);
  });
});
