import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { lstat, readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, it } from 'mocha';
import { pack, type Headers } from 'tar-stream';
import { unpackStream } from '#engine/images/unpack.js';
import { needTool } from '../../helpers/need.js';
import { inTemporaryDirectory } from '../fixtures/temporary.js';

type Entry = Omit<Headers, 'size'> & { readonly content?: string | Buffer };
type Stream = Parameters<typeof unpackStream>[0];

const file = (name: string, content: string | Buffer = name): Entry => ({ name, content });
const link = (name: string, linkname: string): Entry => ({ name, type: 'symlink', linkname });

async function makeTar(entries: readonly Entry[]): Promise<Buffer> {
  const archive = pack();
  for (const { content = '', ...header } of entries) archive.entry(header as Headers, content as string);
  archive.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of archive as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function* cut(bytes: Uint8Array, length = 300): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += length) yield Promise.resolve(new Uint8Array(bytes.subarray(at, at + length)));
}

/** Unpacks and looks; what is not unpacked leaves the directory of the run to be removed with it. */
async function unpack<Result>(stream: Stream, look: (directory: string) => Promise<Result>): Promise<Result> {
  return inTemporaryDirectory(async (directory) => {
    const stop = AbortSignal.timeout(20_000);
    const image = await unpackStream(stream, { image: 'x1:', directory, stop });
    return look(image.path);
  });
}

async function refuse(entries: readonly Entry[], why: RegExp): Promise<void> {
  const tar = await makeTar(entries);
  await assert.rejects(
    unpack({ format: 'tar', parts: cut(tar) }, () => Promise.resolve()),
    (error: Error & { code?: string }) => {
      assert.equal(error.code, 'IMAGE_STREAM_REFUSED');
      assert.match(error.message, why);
      return true;
    },
  );
}

describe('unpacking a stream', () => {
  it('makes files, directories and links, with their modes, but nothing that gives rights away', async () => {
    const tar = await makeTar([
      { name: './', type: 'directory', mode: 0o755 },
      file('bin/tool'),
      { name: 'bin', type: 'directory', mode: 0o750 },
      { name: 'root', type: 'directory', mode: 0o500 },
      file('root/x'),
      { ...file('sudo'), mode: 0o4755 },
      link('sh', '/bin/tool'),
      link('root/up', '../bin'),
      { name: 'hard', type: 'link', linkname: 'bin/tool' },
    ]);
    await unpack({ format: 'tar', parts: cut(tar) }, async (image) => {
      assert.deepEqual((await readdir(image)).sort(), ['bin', 'hard', 'root', 'sh', 'sudo']);
      assert.equal(await readFile(join(image, 'hard'), 'utf8'), 'bin/tool');
      assert.equal(await readlink(join(image, 'sh')), '/bin/tool');
      assert.equal((await lstat(join(image, 'sudo'))).mode & 0o7777, 0o755);
      assert.equal((await lstat(join(image, 'bin'))).mode & 0o777, 0o750);
    });
  });

  it('takes long names, and what GNU tar and gzip write', async function () {
    needTool(this, 'tar');
    const name = Array.from({ length: 12 }, () => 'a-name-of-thirty-characters-xx').join('/');
    const tar = gzipSync(await makeTar([file(name, 'deep'), file('größe')]));
    await unpack({ format: 'tar.gz', sizeBytes: tar.length, parts: cut(tar) }, async (image) => {
      assert.equal(await readFile(join(image, name), 'utf8'), 'deep');
      assert.equal(execFileSync('tar', ['-C', image, '-cf', '-', '.']).length > 0, true);
    });
  });

  const tricks: [string, readonly Entry[], RegExp][] = [
    ['a name with ..', [file('../evil')], /leads elsewhere/],
    ['a name with .. in the middle', [file('a/../../evil')], /leads elsewhere/],
    ['an absolute name', [file('/etc/evil')], /absolute/],
    ['an empty part', [file('a//b')], /leads elsewhere/],
    ['a control character', [file('a\u001b[31m')], /"a\?\[31m" is refused: its name has control characters/],
    ['a part that is too long', [file('x'.repeat(256))], /too long/],
    ['a depth of 129', [file(Array.from({ length: 129 }, () => 'd').join('/'))], /too long/],
    ['a file twice', [file('a'), file('a', 'other')], /twice/],
    [
      'a directory twice',
      [
        { name: 'a', type: 'directory' },
        { name: 'a/', type: 'directory' },
      ],
      /twice/,
    ],
    ['a link that is written through', [link('a', '/etc'), file('a/evil')], /"a" above it is a link/],
    ['a link that becomes a file', [link('a', '/etc/passwd'), file('a')], /twice/],
    ['a link that becomes a directory', [link('a', '/etc'), { name: 'a', type: 'directory' }], /twice/],
    ['a file that becomes a directory', [file('a'), file('a/b')], /"a" above it is a file/],
    ['a link that climbs out', [link('a', '../outside')], /leads out of the image/],
    ['a link that climbs out further in', [link('a/b/c', 'x/../../../../outside')], /leads out of the image/],
    ['a hard link out', [{ name: 'a', type: 'link', linkname: '/etc/shadow' }], /absolute/],
    ['a hard link up', [{ name: 'a', type: 'link', linkname: '../x' }], /leads elsewhere/],
    ['a hard link to a symbolic link', [link('l', '/etc/shadow'), { name: 'a', type: 'link', linkname: 'l' }], /hard link to something/],
    ['a character device', [{ name: 'null', type: 'character-device', devmajor: 1, devminor: 3 }], /device, a FIFO/],
    ['a block device', [{ name: 'sda', type: 'block-device', devmajor: 8, devminor: 0 }], /device, a FIFO/],
    ['a FIFO', [{ name: 'pipe', type: 'fifo' }], /device, a FIFO/],
    ['a contiguous file', [{ name: 'c', type: 'contiguous-file' }], /device, a FIFO/],
    ['a sparse file', [{ ...file('s'), pax: { 'GNU.sparse.major': '1' } } as Entry], /sparse/],
    ['nothing at all', [], /empty/],
  ];
  for (const [what, entries, why] of tricks) it(`refuses ${what}`, () => refuse(entries, why));

  it('refuses an old sparse file of GNU tar', async () => {
    const tar = await makeTar([file('s')]);
    tar.write('S', 156, 'latin1');
    let sum = 256;
    for (let at = 0; at < 512; at++) sum += at >= 148 && at < 156 ? 0 : (tar[at] ?? 0);
    tar.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
    await assert.rejects(
      unpack({ format: 'tar', parts: cut(tar) }, () => Promise.resolve()),
      /device, a FIFO or something else/,
    );
  });

  it('refuses what is cut off, and what is no archive', async () => {
    const tar = await makeTar([file('a', 'x'.repeat(2000))]);
    const broken = [tar.subarray(0, 1500), Buffer.alloc(2048, 7)];
    for (const bytes of broken)
      await assert.rejects(
        unpack({ format: 'tar', parts: cut(bytes) }, () => Promise.resolve()),
        { code: 'IMAGE_STREAM_REFUSED' },
      );
    const gzip = gzipSync(tar);
    for (const bytes of [gzip.subarray(0, gzip.length - 9), tar])
      await assert.rejects(
        unpack({ format: 'tar.gz', parts: cut(bytes) }, () => Promise.resolve()),
        { code: 'IMAGE_STREAM_REFUSED' },
      );
  });

  it('holds the limits: at them, and one over', async () => {
    const tar = await makeTar([file('a'), file('b')]);
    const stream = (limits: Stream['limits'], sizeBytes?: number): Stream => ({ format: 'tar', parts: cut(tar), limits, sizeBytes });
    const look = (): Promise<void> => Promise.resolve();
    await unpack(stream({ streamBytes: tar.length, unpackedBytes: tar.length, entries: 3 }, tar.length), look);
    const over: [Stream, RegExp][] = [
      [stream({ streamBytes: tar.length - 1 }), /its stream has more than/],
      [stream({ unpackedBytes: tar.length - 1 }), /unpacked it has more than/],
      [stream({ entries: 2 }), /more than 2 entries/],
      [stream({}, tar.length - 1), /said \d+ bytes, and sent more/],
      [stream({}, tar.length + 1), /and ended after/],
    ];
    for (const [one, why] of over) await assert.rejects(unpack(one, look), why);
  });

  it('ends a bomb long before its end', async () => {
    const zeros = gzipSync(await makeTar([file('zeros', Buffer.alloc(160 * 1_048_576))]), { level: 9 });
    await assert.rejects(
      unpack({ format: 'tar.gz', parts: cut(zeros, 65_536) }, () => Promise.resolve()),
      /more than 100 times the bytes of its stream/,
    );
  });

  it('does not hold a name of megabytes', async () => {
    const tar = await makeTar([file('a')]);
    // A GNU long name that says to have 64 MiB, and has them.
    const header = Buffer.from(tar.subarray(0, 512));
    header.write('L', 156, 'latin1');
    header.write(`${(64 * 1_048_576).toString(8).padStart(11, '0')}\0`, 124, 'latin1');
    let sum = 256;
    for (let at = 0; at < 512; at++) sum += at >= 148 && at < 156 ? 0 : (header[at] ?? 0);
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
    const parts = cut(Buffer.concat([header, Buffer.alloc(64 * 1_048_576, 'n'), tar]), 1_048_576);
    await assert.rejects(
      unpack({ format: 'tar', parts }, () => Promise.resolve()),
      /a header of more than/,
    );
  });

  it('asks for a part only when the one before it is taken', async () => {
    const tar = await makeTar([file('a', Buffer.alloc(8 * 1_048_576))]);
    let ahead = 0;
    async function* parts(): AsyncGenerator<Uint8Array> {
      for await (const part of cut(tar, 1_048_576)) {
        ahead += 1;
        yield part;
        ahead -= 1;
        assert.equal(part.byteLength, 0, 'its buffer was moved, not copied');
      }
    }
    await unpack({ format: 'tar', parts: parts() }, async (image) => assert.equal((await lstat(join(image, 'a'))).size, 8 * 1_048_576));
    assert.equal(ahead, 0);
  });

  it('ends with the run, whatever the driver does not say', async () => {
    async function* parts(): AsyncGenerator<Uint8Array> {
      yield new Uint8Array(100);
      await new Promise(() => undefined);
    }
    const stop = AbortSignal.timeout(100);
    await inTemporaryDirectory((directory) =>
      assert.rejects(unpackStream({ format: 'tar', parts: parts() }, { image: 'x1:', directory, stop }), (error) => error === stop.reason),
    );
  });

  it('passes on why the driver failed', async () => {
    async function* parts(): AsyncGenerator<Uint8Array> {
      yield new Uint8Array(100);
      throw await Promise.resolve(new Error('the server said no'));
    }
    await assert.rejects(
      unpack({ format: 'tar', parts: parts() }, () => Promise.resolve()),
      /the server said no/,
    );
  });
});
