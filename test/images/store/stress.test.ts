import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'mocha';
import { describeStoredImage, listNames, openImageStore, pruneImages, type ImageStore } from '#images/images.js';
import { removeName } from '#images/store/names.js';
import { blobFile } from '#images/store/place.js';
import { bundleProgram, startProgram } from '../../catalog/program.js';
import { digestOf, inLab } from '../builder.js';
import { makeImage, openFakeRegistry, type FakeRegistry } from '../registry/fixtures/fake-registry.js';

const KILLS = 30;
const LAYER_BYTES = 120_000;

describe('pulls into one store, under stress', function () {
  this.timeout(180_000);
  let programs: string;
  let registry: FakeRegistry;
  const image = makeImage({ layers: 4, layerBytes: LAYER_BYTES });
  before(async () => {
    programs = await mkdtemp(join(tmpdir(), 'bulkhead-program-'));
    await bundleProgram(new URL('./pull-program.ts', import.meta.url), join(programs, 'pull.cjs'));
    registry = await openFakeRegistry({ image });
  });
  after(async () => {
    await registry?.close();
    await rm(programs, { recursive: true });
  });

  beforeEach(() => registry.heal());

  const pull = ({ directory }: ImageStore) => startProgram([join(programs, 'pull.cjs'), directory, registry.name]);
  const blobs = [image.config, ...image.layers];

  async function requireWhole(store: ImageStore): Promise<void> {
    const { images, damaged } = await listNames(store);
    assert.deepEqual([images.map(({ digest }) => digest), damaged], [[image.manifest.digest], []]);
    for (const one of images) await describeStoredImage(store, one);
    for (const { digest, bytes } of blobs) assert.ok((await readFile(blobFile(store, digest))).equals(bytes), digest);
  }

  /** What has a digest for its name has that digest. */
  async function requireSound(store: ImageStore): Promise<void> {
    for (const hex of await readdir(join(store.directory, 'blobs/sha256')))
      assert.equal(digestOf(await readFile(join(store.directory, 'blobs/sha256', hex))), `sha256:${hex}`);
    const { images } = await listNames(store);
    for (const one of images) await describeStoredImage(store, one);
  }

  it(`killed ${KILLS} times, each at another point, go on from there, and leave nothing`, () =>
    inLab(async ({ store }) => {
      const left = new Set<string>();
      for (let kill = 0; kill < KILLS;) {
        // What has come stays: so that others come again, some are taken away.
        await removeName(store, registry.name);
        for (const { digest } of blobs) if (Math.random() < 0.4) await rm(blobFile(store, digest), { force: true });
        const missing = blobs.filter(({ digest }) => !existsSync(blobFile(store, digest))).length;
        // The manifest is the first.
        const at = Math.floor(Math.random() * (missing + 1));
        const sentBytes = 1 + Math.floor(Math.random() * LAYER_BYTES);
        const program = pull(store);
        let count = 0;
        // Before an answer, in the midst of one, or a moment after it.
        registry.fail(
          /./,
          (request, response, serve) => {
            if (count++ !== at) return serve();
            const end = (): void => {
              program.kill();
              response.destroy();
            };
            const blob = blobs.find(({ digest }) => request.url?.endsWith(digest));
            if (blob === undefined || kill % 3 === 0 || request.headers.range !== undefined) return end();
            response
              .writeHead(200, { 'content-length': blob.bytes.length })
              .write(blob.bytes.subarray(0, Math.min(sentBytes, blob.bytes.length - 1)), end);
          },
          100,
        );
        // A blob that had come, and was not yet in its place, is not asked for again: then that point is never reached.
        if ((await program.ended) === 'SIGKILL') kill += 1;
        else assert.equal(program.output(), 'pulled\n');
        registry.heal();
        await requireSound(store);
        const names = await Promise.all(['blobs/sha256', 'partial'].map((part) => readdir(join(store.directory, part))));
        left.add(names.map(({ length }) => length).join());
      }
      assert.ok(left.size > 2, `the kills hit different points: ${[...left].join(' ')}`);
      const last = pull(store);
      assert.equal(await last.ended, null);
      assert.equal(last.output(), 'pulled\n');
      await requireWhole(store);
      await pruneImages(await openImageStore(store.directory));
      await requireWhole(store);
      for (const part of ['partial', 'staged', 'transactions', 'leases', 'roots'])
        assert.deepEqual(await readdir(join(store.directory, part)), [], part);
      await pruneImages(store, { all: true });
      assert.deepEqual(await readdir(join(store.directory, 'blobs/sha256')), []);
    }));

  it('several of one image at once are all content, and each byte comes once', () =>
    inLab(async ({ store }) => {
      const before = blobs.map(({ digest }) => registry.sentBytes(digest));
      const all = [1, 2, 3].map(() => pull(store));
      assert.deepEqual(await Promise.all(all.map(({ ended }) => ended)), [null, null, null]);
      for (const { output } of all) assert.equal(output(), 'pulled\n');
      await requireWhole(store);
      for (const [index, { digest, bytes }] of blobs.entries())
        assert.equal(registry.sentBytes(digest) - (before[index] ?? 0), bytes.length, digest);
      for (const part of ['partial', 'staged', 'transactions', 'locks'])
        assert.deepEqual(await readdir(join(store.directory, part)), [], part);
    }));

  it('of which one is killed while the others wait for it, are content as well', () =>
    inLab(async ({ store }) => {
      const [layer] = image.layers;
      assert.ok(layer);
      const first = pull(store);
      let isAsked = (): void => undefined;
      const asked = new Promise<void>((resolve) => (isAsked = resolve));
      // Sends half, and then nothing more.
      registry.fail(new RegExp(layer.digest), (request, response) => {
        response.writeHead(200, { 'content-length': layer.bytes.length }).write(layer.bytes.subarray(0, LAYER_BYTES / 2), () => isAsked());
      });
      await asked;
      const partial = join(store.directory, 'partial', layer.digest.slice('sha256:'.length));
      while (!existsSync(partial)) await new Promise((resolve) => setTimeout(resolve, 5));
      const others = [pull(store), pull(store)];
      const lock = join(store.directory, 'transactions');
      while ((await readdir(lock)).length < 3) await new Promise((resolve) => setTimeout(resolve, 5));
      first.kill();
      await first.ended;
      for (const { ended } of others) assert.equal(await ended, null);
      registry.heal();
      await requireWhole(store);
    }));
});
