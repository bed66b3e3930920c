import assert from 'node:assert/strict';
import { closeSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { openFileImage } from '#engine/images/file.js';
import { archOf, createSif, DATA_TYPES, FS_TYPES, PART_TYPES, type NewObject } from '#sif/sif.js';
import type { SifStorage } from '#sif/storage.js';
import { readTable, writeHeader, writeSlot } from '#sif/table.js';
import { needTool } from '../../helpers/need.js';
import { buildGeneric } from '../../sif/builder.js';
import { makeExt4, makeSquashfs } from '../drivers/images.js';
import { describeForEach } from '../fixtures/each-who.js';
import { inTemporaryDirectory } from '../fixtures/temporary.js';

const OWN = archOf(process.arch === 'arm64' ? 'arm64' : 'amd64');
const FOREIGN = archOf('mips');
const GIB = 1024 ** 3;

function buildSquashfs(): Uint8Array {
  const bytes = Buffer.alloc(4096);
  bytes.write('hsqs');
  bytes.writeBigUInt64LE(4096n, 40);
  return new Uint8Array(bytes);
}

function buildExt3(): Uint8Array {
  const bytes = Buffer.alloc(8192);
  bytes.writeUInt16LE(0xef53, 1080);
  bytes.writeUInt32LE(2, 1028);
  bytes.writeUInt32LE(2, 1048);
  return new Uint8Array(bytes);
}

function system(changes: Partial<NewObject> & { fsType?: number; arch?: string } = {}): NewObject {
  const { fsType = FS_TYPES.squash, arch = OWN, ...rest } = changes;
  const partition = { fsType, partType: PART_TYPES.primarySystem, arch };
  return { dataType: DATA_TYPES.partition, name: 'system', data: buildSquashfs(), partition, ...rest };
}

const data = (changes: Partial<NewObject> = {}): NewObject =>
  system({ name: 'data', partition: { fsType: FS_TYPES.raw, partType: PART_TYPES.data, arch: OWN }, ...changes });

/** What is found in a SIF file of these objects. */
function openSif(...objects: NewObject[]): ReturnType<typeof openFileImage> {
  return inTemporaryDirectory(async (directory) => {
    const path = join(directory, 'image.sif');
    await writeFile(path, createSif({ objects }));
    return openFileImage(path, './image.sif');
  });
}

describe('a SIF file as an image', () => {
  it('shows its primary system partition, squashfs or ext3, among objects of several groups', async () => {
    const squashfs = await openSif(buildGeneric(), data(), system({ groupId: 2 }), data({ groupId: 3 }));
    assert.equal(squashfs.feature, 'squashfs');
    assert.equal(squashfs.sizeBytes, 4096);
    assert.ok(squashfs.offset > 32_768);
    const ext3 = await openSif(data(), system({ fsType: FS_TYPES.ext3, data: buildExt3(), groupId: 2 }));
    assert.deepEqual([ext3.feature, ext3.sizeBytes], ['ext3', 8192]);
  });

  it('of another kind of machine is refused, with its name', async () => {
    await assert.rejects(openSif(system({ arch: FOREIGN })), { code: 'SIF_ARCH_FOREIGN', message: /\(mips\)/ });
  });

  for (const [fsType, how] of [
    [FS_TYPES.encryptedSquash, 'dm-crypt'],
    [FS_TYPES.gocryptfsSquash, 'gocryptfs'],
  ] as const) {
    it(`that is encrypted by ${how} is refused in these words`, async () => {
      await assert.rejects(openSif(system({ fsType })), {
        code: 'IMAGE_ENCRYPTED',
        message: `Cannot open image ./image.sif: its system partition is encrypted (${how}), and Bulkhead decrypts none`,
      });
    });
  }

  const bad: [string, NewObject[], RegExp][] = [
    ['without a system partition', [data(), buildGeneric()], /no primary system partition/],
    ['whose partition is not what it says', [system({ fsType: FS_TYPES.ext3 })], /it is not ext3/],
    ['whose partition is cut off', [system({ data: buildSquashfs().subarray(0, 2048) })], /its end is missing/],
    ['whose partition is raw', [system({ fsType: FS_TYPES.raw })], /neither squashfs nor ext3/],
  ];
  for (const [what, objects, why] of bad) {
    it(`${what} is refused`, async () => {
      await assert.rejects(openSif(...objects), { code: 'IMAGE_INVALID', message: why });
    });
  }
});

describeForEach('a SIF file', (lab, who) => {
  it('of more than 4 GiB is run from a partition at its end, and not read whole', async function () {
    needTool(this, 'mksquashfs');
    needTool(this, 'unsquashfs');
    const path = join(lab().directory, 'large.sif');
    const squashfs = await readFile(await makeSquashfs(lab().directory, lab().image));
    await writeFile(path, createSif({ objects: [data(), system({ data: squashfs })] }));
    stretch(path, 5 * GIB, squashfs);
    const images = join(lab().directory, 'images');
    await mkdir(images, { mode: 0o700 });
    await lab().give(images);
    const { exitCode, stdout, stderr } = await lab().run({ image: path, command: ['ls', '-d', '/etc'] }, { images });
    assert.deepEqual([exitCode, stdout], [0, '/etc\n'], stderr);
  });

  it('with an ext3 partition is run by root, and for others needs a program that knows where it stands', async function () {
    needTool(this, 'mke2fs');
    const path = join(lab().directory, 'ext3.sif');
    const ext = await readFile(await makeExt4(lab().directory, lab().image));
    await writeFile(path, createSif({ objects: [buildGeneric(), system({ fsType: FS_TYPES.ext3, data: ext })] }));
    const { exitCode, stdout, stderr } = await lab().run({ image: path, command: ['ls', '-d', '/lost+found'] }, { avoid: ['fuse2fs'] });
    if (who === 'root') assert.deepEqual([exitCode, stdout], [0, '/lost+found\n'], stderr);
    else assert.match(stderr, /^IMAGE_NEEDS_DRIVER .*kernel: it mounts files for root alone; fuse2fs: it shall not be taken/);
  });
});

/** Makes the first object so large, with zeros that take no room, and moves the second one behind it. */
function stretch(path: string, sizeBytes: number, second: Uint8Array): void {
  const fd = openSync(path, 'r+');
  try {
    const storage: SifStorage = {
      size: 6 * GIB,
      read: (offset, length) => {
        const bytes = new Uint8Array(length);
        readSync(fd, bytes, 0, length, offset);
        return bytes;
      },
      write: (offset, bytes) => void writeSync(fd, bytes, 0, bytes.length, offset),
      resize: (size) => ftruncateSync(fd, size),
    };
    const { header, slots } = readTable(storage);
    const [first, other] = slots;
    assert.ok(first !== undefined && other !== undefined);
    const offset = Math.ceil((first.offset + sizeBytes) / 4096) * 4096;
    writeSlot(storage, header, 0, { ...first, size: sizeBytes, sizeWithPadding: sizeBytes });
    writeSlot(storage, header, 1, { ...other, offset, sizeWithPadding: other.size });
    writeHeader(storage, { ...header, dataSize: offset + other.size - header.dataOffset });
    storage.resize(offset + other.size);
    storage.write(offset, second);
  } finally {
    closeSync(fd);
  }
}
