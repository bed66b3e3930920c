import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { lstat, mkdir, readdir, readFile, readlink, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { describe, it } from 'mocha';
import { describeImage, importImage, openLocalImage, openRoot, pruneImages, removeImage, type ImageStore } from '#images/images.js';
import type { RootKind } from '#images/layers/root-name.js';
import { readTar } from '#images/tar/read.js';
import { encodeHead } from '#images/tar/write.js';
import { needRoot, needTool } from '../../helpers/need.js';
import { directory, file, hardLink, ImageBuilder, inLab, link, makeTar, smallImage, type Entry, type Lab } from '../builder.js';

const LONG = Array.from({ length: 12 }, () => 'a-name-of-thirty-characters-xx').join('/');
const content: readonly Entry[] = [
  directory('./', { mode: 0o711, uid: 3, gid: 4 }),
  directory('bin', { mode: 0o750 }),
  file('bin/tool', 'tool', { mode: 0o4755, uid: 12, gid: 34 }),
  hardLink('hard', 'bin/tool'),
  link('sh', '/bin/tool'),
  directory('locked', { mode: 0o555 }),
  file('locked/secret', 'x', { mode: 0 }),
  file(LONG, 'deep'),
  file('größe', 'ü'),
  { name: 'null', type: 'character-device', devmajor: 1, devminor: 3, mode: 0o666 },
];

interface Opened {
  readonly path: string;
  readonly accounts: string;
  readonly kind: RootKind;
  release(): Promise<void>;
}

async function openImageRoot(store: ImageStore, path: string, kind: RootKind, options: object = {}): Promise<Opened> {
  const source = await openLocalImage({ scheme: 'oci', path, tag: undefined });
  return openRoot(store, { source, image: await describeImage(source), kind, holder: 'a test', ...options });
}

async function writeImage({ path }: Lab, layers: readonly Buffer[]): Promise<string> {
  const builder = new ImageBuilder();
  builder.image(layers);
  await builder.writeLayout(join(path, 'image'));
  return join(path, 'image');
}

const rootsOf = (store: ImageStore): Promise<string[]> => readdir(join(store.directory, 'roots'));
const listSquashfs = (path: string): string => execFileSync('unsquashfs', ['-lln', path], { encoding: 'utf8' });
const readSquashfs = (path: string, name: string): Buffer => execFileSync('unsquashfs', ['-cat', path, name]);

describe('a root made of layers', () => {
  it('is one squashfs, with owners, modes, devices, links and long names', async function () {
    needTool(this, 'mksquashfs');
    await inLab(async (lab) => {
      const root = await openImageRoot(lab.store, await writeImage(lab, [gzipSync(await makeTar(content))]), 'squashfs');
      assert.equal(root.kind, 'squashfs');
      const lines = listSquashfs(root.path);
      const has = (pattern: RegExp): void => assert.match(lines, pattern);
      has(/^drwx--x--x .* squashfs-root$/m);
      has(/^-rwsr-xr-x 12\/34 .* squashfs-root\/bin\/tool$/m);
      has(/^-rwsr-xr-x 12\/34 .* squashfs-root\/hard$/m);
      has(/^crw-rw-rw- 0\/0 +1, +3 .* squashfs-root\/null$/m);
      has(/ squashfs-root\/sh -> \/bin\/tool$/m);
      has(/ squashfs-root\/größe$/m);
      assert.equal(readSquashfs(root.path, LONG).toString(), 'deep');
      await root.release();
    });
  });

  it('is a directory where that is asked for, without what gives rights away', () =>
    inLab(async (lab) => {
      const lines: string[] = [];
      const log = (line: string): void => void lines.push(line);
      const root = await openImageRoot(lab.store, await writeImage(lab, [gzipSync(await makeTar(content))]), 'directory', { log });
      const at = (name: string): string => join(root.path, name);
      assert.equal(await readFile(at('bin/tool'), 'utf8'), 'tool');
      assert.equal((await lstat(at('bin/tool'))).mode & 0o7777, 0o755);
      assert.equal((await stat(at('hard'))).ino, (await stat(at('bin/tool'))).ino);
      assert.equal(await readlink(at('sh')), '/bin/tool');
      assert.equal((await lstat(at('bin/tool'))).mtimeMs, 1_000_000_000_000);
      assert.equal(await readFile(at(LONG), 'utf8'), 'deep');
      assert.equal(existsSync(at('null')), false);
      assert.match(lines.join(), /Left out 1 devices and FIFOs/);
      await root.release();
      assert.equal((await pruneImages(lab.store)).roots, 1);
    }));

  it('is a directory with nothing beside it of what later layers hide, and the accounts of its own files', () =>
    inLab(async (lab) => {
      const layers = [
        [directory('etc'), file('etc/passwd', 'old'), file('etc/group', 'staff:x:50:'), file('hidden', 'h'), file('first', 'f')],
        [file('etc/passwd', 'ann:x:7:50::/:'), file('.wh.hidden'), hardLink('second', 'first'), file('.wh.first')],
      ];
      const image = await writeImage(lab, await Promise.all(layers.map(makeTar)));
      const root = await openImageRoot(lab.store, image, 'directory');
      assert.deepEqual((await readdir(root.path)).toSorted(), ['etc', 'second']);
      assert.equal(await readFile(join(root.path, 'second'), 'utf8'), 'f');
      assert.deepEqual((await readdir(root.accounts)).toSorted(), ['group', 'image', 'passwd']);
      assert.equal(await readFile(join(root.accounts, 'passwd'), 'utf8'), 'ann:x:7:50::/:');
    })).timeout(30_000);

  it('is a directory whose accounts are no file of this machine, whatever its links say', () =>
    inLab(async (lab) => {
      const through = await writeImage(lab, [await makeTar([link('etc', '/etc')])]);
      assert.deepEqual(await readdir((await openImageRoot(lab.store, through, 'directory')).accounts), ['image']);
      const direct = await writeImage({ ...lab, path: join(lab.path, 'b') }, [
        await makeTar([directory('etc'), link('etc/passwd', '/etc/passwd')]),
      ]);
      assert.deepEqual(await readdir((await openImageRoot(lab.store, direct, 'directory')).accounts), ['image']);
    })).timeout(30_000);

  it('keeps owners in a directory for root', async function () {
    needRoot(this);
    await inLab(async (lab) => {
      const root = await openImageRoot(lab.store, await writeImage(lab, [await makeTar(content)]), 'directory');
      const { uid, gid } = await lstat(join(root.path, 'bin/tool'));
      assert.deepEqual([uid, gid], [12, 34]);
      assert.equal((await lstat(root.path)).uid, 3);
    });
  });

  it('takes what GNU tar writes of files with holes, and xattrs, as they are', async function () {
    for (const tool of ['mksquashfs', 'tar']) needTool(this, tool);
    await inLab(async (lab) => {
      const tree = join(lab.path, 'tree');
      await mkdir(tree);
      await writeFile(join(tree, 'holes'), 'begin');
      await truncate(join(tree, 'holes'), 1_000_000);
      await writeFile(join(tree, 'holes'), 'end', { flag: 'a' });
      const expected = await readFile(join(tree, 'holes'));
      const formats = [['--format=gnu'], ...['0.0', '0.1', '1.0'].map((version) => ['--format=posix', `--sparse-version=${version}`])];
      for (const [index, format] of formats.entries()) {
        const tar = execFileSync('tar', ['--sparse', ...format, '-C', tree, '-cf', '-', 'holes']);
        assert.ok(tar.length < 100_000, 'the holes are not in the archive');
        const other = { ...lab, path: join(lab.path, `${index}`) };
        const image = await writeImage(other, [tar, await makeTar([file(`layer-${index}`)])]);
        for (const kind of ['squashfs', 'directory'] as const) {
          const root = await openImageRoot(lab.store, image, kind);
          const found = kind === 'squashfs' ? readSquashfs(root.path, 'holes') : await readFile(join(root.path, 'holes'));
          assert.ok(found.equals(expected), `${format.join(' ')} as ${kind}`);
        }
      }
    });
  });

  it('keeps capabilities and notes of users in a squashfs, byte for byte, and drops what would steer an overlay', async function () {
    needRoot(this);
    for (const tool of ['mksquashfs', 'unsquashfs', 'tar']) needTool(this, tool);
    await inLab(async (lab) => {
      const value = Buffer.from('0100000280ff0000000000000000000000000000', 'hex');
      const layer = makeTarWithXattrs({
        'security.capability': value,
        'user.note': Buffer.from('a=b\n'),
        'trusted.overlay.opaque': Buffer.from('y'),
      });
      const root = await openImageRoot(lab.store, await writeImage(lab, [layer]), 'squashfs');
      const tree = join(lab.path, 'tree');
      execFileSync('unsquashfs', ['-quiet', '-no-progress', '-dest', tree, root.path]);
      const tar = execFileSync('tar', ['--xattrs', '--xattrs-include=*', '-C', tree, '-cf', '-', 'tool']);
      for await (const { xattrs } of readTar(Readable.from([tar]))) {
        assert.deepEqual([...xattrs.keys()].toSorted(), ['security.capability', 'user.note']);
        assert.equal(xattrs.get('security.capability'), value.toString('latin1'));
        assert.equal(xattrs.get('user.note'), 'a=b\n');
      }
    });
  });

  it('is made of layers of zstd, where this machine can', async function () {
    needTool(this, 'zstd');
    await inLab(async (lab) => {
      const tar = await makeTar([file('a', 'words '.repeat(10_000))]);
      const builder = new ImageBuilder();
      const zstd = execFileSync('zstd', ['-c'], { input: tar });
      builder.image([tar]);
      const whole = new ImageBuilder();
      whole.image([tar], { stored: [zstd] });
      await whole.writeLayout(join(lab.path, 'image'));
      const root = await openImageRoot(lab.store, join(lab.path, 'image'), 'directory');
      assert.equal((await readFile(join(root.path, 'a'))).length, 60_000);
    });
  });

  it('is made once, however many want it at once, and whatever the image is called', () =>
    inLab(async (lab) => {
      const image = await writeImage(lab, [await makeTar([file('a')])]);
      let parts = 0;
      const onProgress = (): void => void (parts += 1);
      const all = await Promise.all(Array.from({ length: 4 }, () => openImageRoot(lab.store, image, 'directory', { onProgress })));
      assert.equal(new Set(all.map(({ path }) => path)).size, 1);
      assert.equal(parts, 1, 'one layer, read once');
      assert.equal((await rootsOf(lab.store)).length, 1);
    }));

  it('stays as long as it is in use, also when its image is removed', () =>
    inLab(async ({ path, store }) => {
      const builder = await smallImage();
      await builder.writeLayout(join(path, 'image'));
      await importImage(store, await openLocalImage({ scheme: 'oci', path: join(path, 'image'), tag: undefined }), { name: 'x:1' });
      const root = await openImageRoot(store, join(path, 'image'), 'directory');
      await assert.rejects(removeImage(store, 'x:1'), { code: 'IMAGE_IN_USE', message: /a test/ });
      assert.equal((await pruneImages(store, { all: true })).roots, 0);
      await root.release();
      assert.equal((await removeImage(store, 'x:1')).roots, 1);
      assert.deepEqual(await rootsOf(store), []);
    }));

  it('is not there at all where a layer is refused, and works once the layer is right', () =>
    inLab(async (lab) => {
      const image = await writeImage(lab, [await makeTar([file('good')]), await makeTar([file('../evil')])]);
      for (const kind of ['squashfs', 'directory'] as const) {
        await assert.rejects(openImageRoot(lab.store, image, kind), { code: 'IMAGE_LAYER_REFUSED', message: /leads elsewhere/ });
        for (const part of ['roots', 'staged', 'locks', 'transactions', 'leases'])
          assert.deepEqual(await readdir(join(lab.store.directory, part)), []);
      }
      assert.equal(existsSync(join(lab.path, 'evil')), false);
    }));

  it('is given up at once when nobody wants it any more', () =>
    inLab(async (lab) => {
      const image = await writeImage(lab, [await makeTar([file('big', Buffer.alloc(64 * 1_048_576, 'x'))])]);
      const stop = new AbortController();
      const opening = openImageRoot(lab.store, image, 'directory', {
        signal: stop.signal,
        onProgress: () => stop.abort(new Error('enough')),
      });
      await assert.rejects(opening, /enough/);
      assert.deepEqual(await rootsOf(lab.store), []);
      assert.deepEqual(await readdir(join(lab.store.directory, 'staged')), []);
    }));
});

/** tar-stream writes text only, so by hand: the values as bytes. */
function makeTarWithXattrs(xattrs: Readonly<Record<string, Buffer>>): Buffer {
  const texts = new Map(Object.entries(xattrs).map(([name, value]) => [`${name}`, value.toString('latin1')]));
  const head = encodeHead({ flag: '0', name: 'tool', mode: 0o755, uid: 0, gid: 0, sizeBytes: 0, mtimeSeconds: 1, xattrs: texts });
  return Buffer.concat([head, Buffer.alloc(1024)]);
}
