import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { findImage, importImage, listNames, parseLocalReference, pruneImages, removeImage, type ImageStore } from '#images/images.js';
import { openLayout } from '#images/formats/layout.js';
import { openBlobSink } from '#images/store/blobs.js';
import { holdInUse } from '#images/store/leases.js';
import { beginTransaction } from '#images/store/locks.js';
import { nameFile } from '#images/store/place.js';
import { digestOf, inLab, smallImage, type ImageBuilder } from '../builder.js';

async function importLayout(store: ImageStore, path: string, name: string, builder: ImageBuilder) {
  await builder.writeLayout(path);
  return importImage(store, await openLayout(parseLocalReference('oci', path)), { name });
}

const blobsOf = (store: ImageStore): Promise<string[]> => readdir(join(store.directory, 'blobs/sha256'));

describe('images of the image store', () => {
  it('are found by name, by digest, and by the beginning of a digest', () =>
    inLab(async ({ path, store }) => {
      const image = await importLayout(store, join(path, 'a'), 'docker://site/a:1', await smallImage());
      for (const way of ['docker://site/a:1', image.digest, image.digest.slice(7), image.digest.slice(0, 15)])
        assert.deepEqual(await findImage(store, way), image);
      await assert.rejects(findImage(store, 'docker://site/a:2'), { code: 'IMAGE_UNKNOWN' });
      const { images } = await listNames(store);
      assert.deepEqual(images, [image]);
      assert.equal(image.platform.os, 'linux');
    }));

  it('share blobs, which go with the last image that needs them', () =>
    inLab(async ({ path, store }) => {
      const builder = await smallImage();
      await importLayout(store, join(path, 'a'), 'docker://site/a:1', builder);
      const blobs = (await blobsOf(store)).length;
      await importLayout(store, join(path, 'b'), 'docker://site/b:1', await smallImage({ config: { Cmd: ['b'] } }));
      assert.equal((await blobsOf(store)).length, blobs + 2, 'a manifest and a configuration, no layer');
      const first = await removeImage(store, 'docker://site/a:1');
      assert.deepEqual([first.images, first.blobs, first.isComplete], [['docker://site/a:1'], 2, true]);
      const last = await removeImage(store, 'docker://site/b:1');
      assert.ok(last.freedBytes > 0);
      assert.deepEqual(await blobsOf(store), []);
      await assert.rejects(removeImage(store, 'docker://site/b:1'), { code: 'IMAGE_UNKNOWN' });
    }));

  it('have several names; a digest removes all of them, a name itself alone', () =>
    inLab(async ({ path, store }) => {
      const builder = await smallImage();
      for (const name of ['x:1', 'x:2', 'x:3']) await importLayout(store, join(path, name.replace(':', '')), name, builder);
      assert.equal((await removeImage(store, 'x:1')).blobs, 0);
      const { digest } = await findImage(store, 'x:2');
      assert.deepEqual((await removeImage(store, digest)).images, ['x:2', 'x:3']);
    }));

  it('leave what they were when their name means another one', () =>
    inLab(async ({ path, store }) => {
      const old = await importLayout(store, join(path, 'a'), 'x:latest', await smallImage());
      const fresh = await importLayout(store, join(path, 'b'), 'x:latest', await smallImage({}, 'other'));
      assert.notEqual(old.digest, fresh.digest);
      assert.deepEqual((await findImage(store, 'x:latest')).digest, fresh.digest);
      const pruned = await pruneImages(store);
      assert.deepEqual([pruned.images, pruned.blobs], [[], 4]);
      assert.equal((await blobsOf(store)).length, 4);
    }));

  it('are not removed while a process or a container that is kept has them in use', () =>
    inLab(async ({ path, store }) => {
      const { digest } = await importLayout(store, join(path, 'a'), 'x:1', await smallImage());
      const lease = await holdInUse(store, { images: [digest], roots: [], holder: 'container k3v0a91xw2qm' });
      await assert.rejects(removeImage(store, 'x:1'), { code: 'IMAGE_IN_USE', message: /container k3v0a91xw2qm/ });
      assert.deepEqual((await pruneImages(store, { all: true })).images, []);
      await lease.release();
      const record = join(path, 'record');
      await writeFile(record, '');
      await holdInUse(store, { images: [digest], roots: [], holder: 'container kept', while: record });
      await assert.rejects(removeImage(store, 'x:1'), { code: 'IMAGE_IN_USE' });
      await assert.rejects(removeImage(store, 'x:1'), { message: /in use by container kept$/ });
      await rm(record);
      assert.deepEqual((await pruneImages(store, { all: true })).images, ['x:1']);
      assert.deepEqual(await blobsOf(store), []);
    }));

  it('keep all blobs while somebody brings one in', () =>
    inLab(async ({ path, store }) => {
      await importLayout(store, join(path, 'a'), 'x:1', await smallImage());
      const transaction = await beginTransaction(store);
      const removed = await removeImage(store, 'x:1');
      assert.deepEqual([removed.images, removed.blobs, removed.isComplete], [['x:1'], 0, false]);
      assert.equal((await blobsOf(store)).length, 4);
      await transaction.end();
      assert.equal((await pruneImages(store)).blobs, 4);
    }));

  it('are not named before all of them is there', () =>
    inLab(async ({ path, store }) => {
      const builder = await smallImage();
      await builder.writeLayout(join(path, 'a'));
      const [, layer] = [...builder.blobs.keys()].filter((digest) => builder.blobs.get(digest)?.[0] === 0x1f || digest !== '');
      await rm(join(path, 'a/blobs', (layer ?? '').replace(':', '/')));
      const source = await openLayout(parseLocalReference('oci', join(path, 'a')));
      await assert.rejects(importImage(store, source, { name: 'x:1' }), { code: 'IMAGE_BLOB_MISSING' });
      assert.deepEqual((await listNames(store)).images, []);
      await builder.writeLayout(join(path, 'a'));
      await importImage(store, await openLayout(parseLocalReference('oci', join(path, 'a'))), { name: 'x:1' });
      assert.equal((await listNames(store)).images.length, 1);
    }));

  it('are not hidden by a damaged name, which a prune removes', () =>
    inLab(async ({ path, store }) => {
      await importLayout(store, join(path, 'a'), 'x:1', await smallImage());
      await writeFile(nameFile(store, 'x:2'), '{');
      await writeFile(nameFile(store, 'x:3'), JSON.stringify({ ...(await findImage(store, 'x:1')), name: 'x:4' }));
      const { images, damaged } = await listNames(store);
      assert.deepEqual([images.length, damaged.length], [1, 2]);
      await pruneImages(store);
      assert.deepEqual((await listNames(store)).damaged, []);
      assert.equal((await blobsOf(store)).length, 4);
    }));

  it('lose what was half there at a prune', () =>
    inLab(async ({ store }) => {
      const bytes = Buffer.from('layer');
      const writer = await openBlobSink(store).open(digestOf(bytes), bytes.length);
      await writer.write(bytes.subarray(2));
      await writer.close();
      const { freedBytes } = await pruneImages(store);
      assert.equal(freedBytes, 3);
      assert.deepEqual(await readdir(join(store.directory, 'partial')), []);
    }));

  it('leave locks of nobody behind', () =>
    inLab(async ({ path, store }) => {
      await importLayout(store, join(path, 'a'), 'x:1', await smallImage());
      for (const part of ['locks', 'transactions', 'staged', 'leases']) assert.deepEqual(await readdir(join(store.directory, part)), []);
      assert.ok(existsSync(store.directory));
    }));
});
