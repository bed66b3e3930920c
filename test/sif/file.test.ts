import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, constants, readdirSync, readFileSync, readlinkSync, rmSync, statSync, truncateSync } from 'node:fs';
import { chmod, chown, link, mkdtemp, readdir, readFile, realpath, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import {
  addObject,
  changeSif,
  changeSifFile,
  deleteObject,
  readSif,
  readSifFile,
  selectObject,
  setPrimaryPartition,
  withId,
  type SifChange,
} from '#sif/sif.js';
import { needOrdinaryUser, needRoot } from '../helpers/need.js';
import { buildGeneric, buildSif } from './builder.js';

const { O_RDONLY, O_RDWR, O_WRONLY } = constants;

describe('a SIF file on disk', () => {
  let directory: string;
  let path: string;
  beforeEach(async () => {
    directory = await realpath(await mkdtemp(join(tmpdir(), 'bulkhead-sif-')));
    path = join(directory, 'file.sif');
    await writeFile(path, buildSif());
  });
  afterEach(() => rm(directory, { recursive: true }));

  const change: SifChange = (sif) => {
    deleteObject(sif, 2, { zero: true });
    addObject(sif, buildGeneric({ name: 'new', alignmentBytes: 4096 }));
    deleteObject(sif, 3, { compact: true });
  };

  describe('readSifFile', () => {
    it('reads the same as readSif, without the data (apptainer 84)', async () => {
      const expected = readSif(buildSif());
      const { header, objects, data } = await readSifFile(path, (sif) => ({ ...sif, data: sif.objects.map(sif.dataOf) }));
      assert.deepEqual(header, expected.header);
      assert.deepEqual(
        objects.map((object, index) => ({ ...object, data: data[index] })),
        expected.objects,
      );
    });

    it('reads a file that nobody may write, and leaves it as it is (apptainer 84)', async () => {
      await chmod(path, 0o400);
      const before = await stat(path, { bigint: true });
      const text = await readSifFile(path, ({ objects, dataOf }) => Buffer.from(dataOf(selectObject(objects, withId(1)))).toString());
      assert.equal(text, 'the first object');
      const { mtimeNs, ctimeNs } = await stat(path, { bigint: true });
      assert.deepEqual([mtimeNs, ctimeNs], [before.mtimeNs, before.ctimeNs]);
    });

    it('opens it for reading only, and changeSifFile no more than a copy for writing (apptainer 80)', async () => {
      assert.deepEqual(await readSifFile(path, () => openFiles(directory)), [['file.sif', O_RDONLY]]);
      const seen: (readonly [string, number])[] = [];
      await changeSifFile(path, (sif) => {
        change(sif);
        seen.push(...openFiles(directory));
      });
      assert.deepEqual(seen.map(([name, mode]) => [name.replace(/[0-9a-f]{16}/, '*'), mode]).toSorted(), [
        ['file.sif', O_RDONLY],
        ['file.sif.*.staged', O_RDWR],
      ]);
    });

    it('refuses a byte, a file with another magic, and one that was cut off (apptainer 84)', async () => {
      await writeFile(path, 'S');
      await assert.rejects(
        readSifFile(path, () => 0),
        { code: 'SIF_NOT_RECOGNIZED' },
      );
      await writeFile(path, Buffer.from(buildSif()).fill('SIF_MAGIX', 32, 41));
      await assert.rejects(
        readSifFile(path, () => 0),
        { code: 'SIF_NOT_RECOGNIZED' },
      );
      for (const length of [127, 128, 5000, 32175, buildSif().length - 1]) {
        await writeFile(path, buildSif().subarray(0, length));
        await assert.rejects(
          readSifFile(path, () => 0),
          { code: length < 128 ? 'SIF_NOT_RECOGNIZED' : 'SIF_INVALID' },
        );
      }
    });

    it('refuses a directory, and does not wait for a FIFO', async () => {
      await assert.rejects(
        readSifFile(directory, () => 0),
        { code: 'FILE_NOT_REGULAR' },
      );
      execFileSync('mkfifo', [join(directory, 'fifo')]);
      await assert.rejects(
        readSifFile(join(directory, 'fifo'), () => 0),
        { code: 'FILE_NOT_REGULAR' },
      );
    });

    it('says of a file that becomes shorter while it is read what is wrong', async () => {
      await assert.rejects(
        readSifFile(path, ({ objects, dataOf }) => {
          truncateSync(path, 32_770);
          return objects.map(dataOf);
        }),
        { code: 'SIF_INVALID', message: /before the 16 bytes/ },
      );
    });
  });

  describe('changeSifFile', () => {
    it('makes the same file as changeSif (apptainer 84)', async () => {
      await changeSifFile(path, change);
      assert.deepEqual(new Uint8Array(await readFile(path)), changeSif(buildSif(), change));
      assert.deepEqual(await readdir(directory), ['file.sif']);
    });

    it('leaves the old file, and nothing else, where the change cannot be made', async () => {
      const inode = (await stat(path)).ino;
      for (const [refused, code] of [
        [(sif) => (change(sif), deleteObject(sif, 9)), 'SIF_OBJECT_NOT_FOUND'],
        [(sif) => setPrimaryPartition(sif, 1), 'SIF_TYPE_UNEXPECTED'],
        [(sif) => sif.write(88, new Uint8Array([1])), 'SIF_INVALID'],
        [(sif) => sif.resize(4096), 'SIF_INVALID'],
      ] satisfies [SifChange, string][]) {
        await assert.rejects(changeSifFile(path, refused), { code });
        assert.deepEqual(new Uint8Array(await readFile(path)), buildSif());
        assert.deepEqual([(await stat(path)).ino, await readdir(directory)], [inode, ['file.sif']]);
      }
    });

    it('is seen whole or not at all while it goes on', async () => {
      await changeSifFile(path, (sif) => {
        change(sif);
        assert.deepEqual(new Uint8Array(readFileSync(path)), buildSif());
      });
      assert.notDeepEqual(new Uint8Array(await readFile(path)), buildSif());
    });

    it('refuses a file that somebody else changes meanwhile', async () => {
      const others: (() => void)[] = [() => truncateSync(path, 40_000), () => rmSync(path), () => chmodSync(path, 0o600)];
      for (const [index, other] of others.entries()) {
        await writeFile(path, buildSif());
        const changing = changeSifFile(path, (sif) => (change(sif), other()));
        await assert.rejects(changing, { code: index === 1 ? 'ENOENT' : 'FILE_CHANGED' });
      }
      assert.deepEqual(await readdir(directory), ['file.sif']);
    });

    it('keeps the mode, follows a link, and leaves other names their bytes', async () => {
      await chmod(path, 0o640);
      await symlink('file.sif', join(directory, 'link.sif'));
      await link(path, join(directory, 'other.sif'));
      await utimes(path, 1, 1);
      await changeSifFile(join(directory, 'link.sif'), change);
      assert.equal(statSync(path).mode & 0o7777, 0o640);
      assert.deepEqual(new Uint8Array(await readFile(path)), changeSif(buildSif(), change));
      assert.deepEqual(new Uint8Array(await readFile(join(directory, 'other.sif'))), buildSif());
      assert.deepEqual((await readdir(directory)).sort(), ['file.sif', 'link.sif', 'other.sif']);
    });

    it('keeps the owner where root changes a file', async function () {
      needRoot(this);
      await chown(path, 12_345, 23_456);
      await changeSifFile(path, change);
      const { uid, gid } = await stat(path);
      assert.deepEqual([uid, gid], [12_345, 23_456]);
    });

    it('refuses a file that one may not write, though its directory would let one replace it (apptainer 80, 84)', async function () {
      needOrdinaryUser(this);
      await chmod(path, 0o444);
      await assert.rejects(changeSifFile(path, change), { code: 'EACCES' });
      assert.deepEqual(new Uint8Array(await readFile(path)), buildSif());
    });
  });
});

/** Name and access mode of each file of the directory that this process has open, as the kernel tells it. */
function openFiles(directory: string): (readonly [name: string, mode: number])[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    const file = linkOf(fd);
    if (file === undefined || dirname(file) !== directory) return [];
    const [, flags = ''] = /^flags:\s*(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8')) ?? [];
    return [[basename(file), Number.parseInt(flags, 8) & (O_RDWR | O_WRONLY)] as const];
  });
}

/** The listing itself was open, and no longer is. */
function linkOf(fd: string): string | undefined {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return undefined;
  }
}
