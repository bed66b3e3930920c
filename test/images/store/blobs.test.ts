import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { chmod, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { openImageStore } from '#images/images.js';
import { openBlobSink } from '#images/store/blobs.js';
import { blobFile, partialFile } from '#images/store/place.js';
import { digestOf, inLab } from '../builder.js';

const bytes = Buffer.from('some bytes of a layer');
const digest = digestOf(bytes);

describe('blobs of the image store', () => {
  it('are there when they are whole, and not before', () =>
    inLab(async ({ store }) => {
      const sink = openBlobSink(store);
      const writer = await sink.open(digest, bytes.length);
      assert.deepEqual([writer.isComplete, writer.offset, await sink.has(digest)], [false, 0, false]);
      await writer.write(bytes.subarray(0, 5));
      await writer.write(bytes.subarray(5));
      assert.equal(await sink.has(digest), false);
      await writer.commit();
      assert.deepEqual([writer.isComplete, await sink.has(digest)], [true, true]);
      await writer.close();
      await writer.close();
      assert.deepEqual(await readFile(blobFile(store, digest)), bytes);
      assert.equal((await stat(blobFile(store, digest))).mode & 0o777, 0o600);
    }));

  it('go on where the last try ended', () =>
    inLab(async ({ store }) => {
      const sink = openBlobSink(store);
      const first = await sink.open(digest, bytes.length);
      await first.write(bytes.subarray(0, 7));
      await first.close();
      const second = await sink.open(digest, bytes.length);
      assert.equal(second.offset, 7);
      await second.write(bytes.subarray(7));
      await second.commit();
      await second.close();
      assert.equal(await sink.has(digest), true);
    }));

  it('begin anew after a restart', () =>
    inLab(async ({ store }) => {
      const writer = await openBlobSink(store).open(digest, bytes.length);
      await writer.write(Buffer.from('nonsense'));
      await writer.restart();
      assert.equal(writer.offset, 0);
      await writer.write(bytes);
      await writer.commit();
      await writer.close();
    }));

  const wrong: [string, Buffer, RegExp][] = [
    ['another content', Buffer.alloc(bytes.length, 'x'), /what came is sha256:/],
    ['too little', bytes.subarray(1), new RegExp(`it has ${bytes.length} bytes, and ${bytes.length - 1} came`)],
    ['too much', Buffer.concat([bytes, bytes]), /more than its \d+ bytes came/],
  ];
  for (const [what, came, why] of wrong) {
    it(`are refused with ${what}, of which nothing stays, and the next try works`, () =>
      inLab(async ({ store }) => {
        const sink = openBlobSink(store);
        const writer = await sink.open(digest, bytes.length);
        const send = async (): Promise<void> => {
          await writer.write(came);
          await writer.commit();
        };
        await assert.rejects(send(), { code: 'IMAGE_BLOB_INVALID', message: why });
        await writer.close();
        assert.equal(await sink.has(digest), false);
        assert.equal(existsSync(partialFile(store, digest)) && (await stat(partialFile(store, digest))).size > 0, false);
        const again = await sink.open(digest, bytes.length);
        await again.write(bytes);
        await again.commit();
        await again.close();
        assert.equal(await sink.has(digest), true);
      }));
  }

  it('have one writer at a time; the next one finds them complete', () =>
    inLab(async ({ store }) => {
      const sink = openBlobSink(store);
      const first = await sink.open(digest, bytes.length);
      let isOpen = false;
      const second = sink.open(digest, bytes.length).finally(() => (isOpen = true));
      await first.write(bytes);
      assert.equal(isOpen, false);
      await first.commit();
      await first.close();
      const writer = await second;
      assert.deepEqual([writer.isComplete, writer.offset], [true, bytes.length]);
      await writer.close();
    }));

  it('end the wait for another writer when they are told to', () =>
    inLab(async ({ store }) => {
      const first = await openBlobSink(store).open(digest, bytes.length);
      const stop = new AbortController();
      const second = openBlobSink(store, { signal: stop.signal }).open(digest, bytes.length);
      setImmediate(() => stop.abort());
      await assert.rejects(second, { name: 'AbortError' });
      await first.close();
    }));

  it('take no digest that is a path', () =>
    inLab(async ({ store }) => {
      for (const bad of ['sha256:../../etc/passwd', `sha256:${'a'.repeat(63)}`, `sha512:${'a'.repeat(64)}`, 'x'])
        await assert.rejects(openBlobSink(store).open(bad, 1), TypeError);
    }));
});

describe('the directory of the image store', () => {
  it('is of one user alone', () =>
    inLab(async ({ path }) => {
      const store = await openImageStore(join(path, 'a/b'));
      assert.equal((await stat(store.directory)).mode & 0o777, 0o700);
      for (const name of await readdir(store.directory)) assert.equal((await stat(join(store.directory, name))).mode & 0o777, 0o700);
    }));

  it('is refused where others may write, or where it is something else', () =>
    inLab(async ({ path, store }) => {
      await chmod(store.directory, 0o777);
      await assert.rejects(openImageStore(store.directory), { code: 'IMAGE_STORE_UNSAFE', message: /others may write/ });
      await symlink(path, join(path, 'link'));
      await assert.rejects(openImageStore(join(path, 'link')), { code: 'IMAGE_STORE_UNSAFE' });
      await writeFile(join(path, 'file'), '');
      await assert.rejects(openImageStore(join(path, 'file')), { code: 'IMAGE_STORE_UNSAFE' });
    }));
});
