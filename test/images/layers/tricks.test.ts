/** What must not be unpacked: each is refused, with the reason, before anything is made. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, it } from 'mocha';
import { inLab, directory, file, hardLink, link, makeTar, type Entry } from '../builder.js';
import { merge, mergeFrom, WAYS, writeLayers, type LayerContent } from './lab.js';

async function refuse(layers: readonly LayerContent[], why: RegExp, limits = {}): Promise<void> {
  await inLab(async ({ path }) => {
    const written = await writeLayers(path, layers);
    for (const way of WAYS)
      await assert.rejects(mergeFrom(written, limits, way), (error: Error) => {
        assert.equal(error.constructor.name, 'LayerFault');
        assert.match(error.message, why);
        return true;
      });
  });
}

const tricks: [string, readonly LayerContent[], RegExp][] = [
  ['a name with ..', [[file('../evil')]], /leads elsewhere/],
  ['a name with .. in the middle', [[file('a/../../evil')]], /leads elsewhere/],
  ['an absolute name', [[file('/etc/evil')]], /absolute/],
  ['a part that is too long', [[file('x'.repeat(256))]], /too long/],
  ['a depth of 129', [[file(Array.from({ length: 129 }, () => 'd').join('/'))]], /too long/],
  ['a file twice', [[file('a'), file('a', 'other')]], /"a" is refused: it is there twice/],
  ['a file that becomes a directory in its layer', [[file('a'), directory('a')]], /twice/],
  ['a link that is written through', [[link('a', '/etc'), file('a/evil')]], /"a" above it is a link/],
  ['a link of a layer below that is written through', [[link('a', '/etc')], [file('a/evil')]], /"a" above it is a link/],
  ['a link that becomes a file in its layer', [[link('a', '/etc/passwd'), file('a')]], /twice/],
  ['a file as a directory', [[file('a'), file('a/b')]], /"a" above it is a file/],
  ['a hard link as a directory', [[file('a'), hardLink('b', 'a'), file('b/c')]], /"b" above it is a file/],
  ['a hard link out', [[hardLink('a', '/etc/shadow')]], /absolute/],
  ['a hard link up', [[hardLink('a', '../x')]], /leads elsewhere/],
  ['a hard link through a link', [[link('l', '/etc'), hardLink('a', 'l/shadow')]], /hard link to something/],
  ['a hard link to nothing', [[hardLink('a', 'b'), file('b')]], /hard link to something/],
  ['a hard link to a directory', [[directory('d'), hardLink('a', 'd')]], /hard link to something/],
  ['a hard link to itself', [[hardLink('a', 'a')]], /hard link to something/],
  ['a loop of hard links', [[hardLink('a', 'b'), hardLink('b', 'a')]], /hard link to something/],
  ['a symbolic link to nowhere', [[{ name: 'a', type: 'symlink', linkname: '' }]], /link without a usable target/],
  ['a whiteout of .', [[file('d/.wh..')]], /hides a name/],
  ['a whiteout of ..', [[file('d/.wh...')]], /hides a name/],
  ['a whiteout of nothing', [[file('.wh.')]], /hides a name/],
  ['a root that is a file', [[file('./')]], /no directory/],
];

describe('tricks of layers', () => {
  for (const [what, layers, why] of tricks) it(`${what}: refused`, () => refuse(layers, why));

  it('a type that nobody knows: refused', async () => {
    const tar = await makeTar([file('a')]);
    tar.write('D', 156, 'latin1');
    await refuse([withChecksum(tar)], /of a type that no layer has/);
  });

  it('a wrong checksum, or no tar at all: refused', async () => {
    const tar = await makeTar([file('a')]);
    tar.write('b', 0, 'latin1');
    await refuse([tar], /checksum of an entry is wrong/);
    await refuse([Buffer.concat([Buffer.from('ustar'.padStart(262, 'x')), Buffer.alloc(1000, 7)])], /checksum of an entry is wrong/);
  });

  it('an archive that is cut off: refused', async () => {
    const tar = await makeTar([file('a', 'x'.repeat(2000))]);
    for (const length of [700, 1024, 1500]) await refuse([tar.subarray(0, length)], /in the midst of an entry/);
  });

  it('an archive that ends with its last content, without the padding and the zeros behind it, is whole', async () => {
    const tar = await makeTar([file('a', 'x'.repeat(700))]);
    for (const length of [1212, 1213, 1536, 2048])
      assert.equal((await merge([tar.subarray(0, length)]))['a'], `file 644 ${'x'.repeat(700)}`);
    await refuse([tar.subarray(0, 1211)], /in the midst of an entry/);
  });

  it('compressed bytes that are cut off or damaged: refused', async () => {
    await inLab(async ({ path }) => {
      const gzip = gzipSync(await makeTar([file('a', 'x'.repeat(2000))]));
      for (const bytes of [gzip.subarray(0, gzip.length - 9), Buffer.concat([gzip.subarray(0, 30), Buffer.alloc(60, 9)])]) {
        const layers = await writeLayers(path, [bytes], () => Buffer.alloc(0));
        await assert.rejects(mergeFrom(layers), /cannot be decompressed|in the midst/);
      }
    });
  });

  it('another content than the digest says, of the layer or of what is in it: refused', () =>
    inLab(async ({ path }) => {
      const [layer] = await writeLayers(path, [gzipSync(await makeTar([file('a')]))]);
      assert.ok(layer !== undefined);
      await assert.rejects(mergeFrom([{ ...layer, digest: layer.diffId }]), /its content has the digest/);
      await assert.rejects(mergeFrom([{ ...layer, diffId: layer.digest }]), /unpacked it has the digest/);
      await writeFile(join(path, 'layer-0'), gzipSync(await makeTar([file('b')])));
      await assert.rejects(mergeFrom([layer]), /its content has the digest/);
    }));

  it('bytes behind the end of the archive count for the digest', async () => {
    const tar = Buffer.concat([await makeTar([file('a', 'x')]), Buffer.alloc(10_240, 'after')]);
    assert.deepEqual(await merge([tar]), { '': 'dir 755', a: 'file 644 x' });
  });

  it('more entries than the limit: refused one over it, in all layers together', async () => {
    const layers = [[file('a'), file('b')], [file('c')]];
    await merge(layers, { entries: 3 });
    await refuse(layers, /more than 2 entries/, { entries: 2 });
  });

  it('more bytes than the limit: refused one over it, in all layers together', async () => {
    const tars = await Promise.all([[file('a')], [file('b')]].map(makeTar));
    const total = tars.reduce((sum, { length }) => sum + length, 0);
    await merge(tars, { unpackedBytes: total });
    await refuse(tars, /unpacked the image has more than/, { unpackedBytes: total - 1 });
  });

  it('a bomb: refused long before its end', async () => {
    const zeros = gzipSync(await makeTar([file('zeros', Buffer.alloc(300 * 1_048_576))]), { level: 9 });
    await inLab(async ({ path }) => {
      const layers = await writeLayers(path, [zeros], () => Buffer.alloc(0));
      await assert.rejects(mergeFrom(layers), /more than 200 times its bytes/);
    });
  });

  it('a bomb of holes, which takes nothing in its archive: refused', async () => {
    const holes = sparse('bomb', { size: 2 ** 40, map: `0,0` });
    await refuse([[holes]], /files have more than/);
  });

  const badMaps: [string, string][] = [
    ['beyond its end', '5,5'],
    ['backwards', '3,1,0,2'],
    ['over itself', '0,3,2,1'],
    ['not as long as its content', '0,2'],
    ['of half a place', '0'],
    ['of words', 'a,b'],
  ];
  for (const [what, map] of badMaps)
    it(`a map of holes that is ${what}: refused`, () => refuse([[sparse('s', { size: 4, map }, 'abc')]], /map of a file with holes/));

  it('a header of megabytes: refused before it is held', async () => {
    const tar = await makeTar([file('a')]);
    const header = Buffer.from(tar.subarray(0, 512));
    header.write('L', 156, 'latin1');
    header.write(`${(64 * 1_048_576).toString(8).padStart(11, '0')}\0`, 124, 'latin1');
    await refuse([Buffer.concat([withChecksum(header), Buffer.alloc(1024)])], /a header of more than/);
  });

  it('an extended header that contradicts itself: refused', async () => {
    for (const [key, value] of [
      ['size', '-1'],
      ['size', '1e99'],
      ['uid', 'root'],
    ] as const)
      await refuse([[{ ...file('a', 'x'), pax: { [key]: value } } as Entry]], /that is no number/);
    const tar = await makeTar([{ ...file('a', 'x'), pax: { comment: 'y' } } as Entry]);
    tar.write('99', 512, 'latin1');
    await refuse([tar], /extended header is damaged/);
  });
});

function sparse(name: string, { size, map }: { size: number; map: string }, content = ''): Entry {
  return { ...file(name, content), pax: { 'GNU.sparse.major': '0', 'GNU.sparse.size': `${size}`, 'GNU.sparse.map': map } } as Entry;
}

function withChecksum(tar: Buffer): Buffer {
  let sum = 256;
  for (let at = 0; at < 512; at++) sum += at >= 148 && at < 156 ? 0 : (tar[at] ?? 0);
  tar.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return tar;
}
