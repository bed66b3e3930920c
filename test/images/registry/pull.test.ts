import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { makeImage, makeIndex, OCI_INDEX, OCI_MANIFEST, type FakeImage } from './fixtures/fake-registry.js';
import { withRegistry } from './fixtures/pull-lab.js';

describe('pulling from a registry', () => {
  it('brings configuration, layers and manifest into the sink', () =>
    withRegistry({}, async ({ registry, sink, pull }) => {
      const { config, layers, manifest } = registry.image;
      const pulled = await pull();
      assert.equal(pulled.reference, `${registry.host}/team/tool:1.0`);
      assert.equal(pulled.digest, manifest.digest);
      assert.deepEqual([...sink.whole.keys()].toSorted(), [config, ...layers, manifest].map(({ digest }) => digest).toSorted());
      assert.equal(
        pulled.receivedBytes,
        [config, ...layers].reduce((sum, { bytes }) => sum + bytes.length, 0),
      );
    }));

  it('asks for nothing twice', () =>
    withRegistry({}, async ({ registry, pull }) => {
      await pull();
      const asked = registry.seen.length;
      const again = await pull();
      assert.equal(again.receivedBytes, 0);
      assert.deepEqual(
        registry.seen.slice(asked).map(({ path }) => path),
        ['/v2/team/tool/manifests/1.0'],
      );
    }));

  it('fetches a layer that comes twice once', () => {
    const image = makeImage({ layers: 1, diffIds: Array<string>(2).fill(`sha256:${'0'.repeat(64)}`) }, (manifest) => {
      manifest['layers'] = [...(manifest['layers'] as unknown[]), ...(manifest['layers'] as unknown[])];
    });
    return withRegistry({ image }, async ({ registry, pull }) => {
      const pulled = await pull();
      assert.equal(pulled.layers.length, 2);
      assert.equal(registry.sentBytes(image.layers[0]?.digest ?? ''), image.layers[0]?.bytes.length);
    });
  });

  it('fetches three blobs at once, and no more', () => {
    let [now, most] = [0, 0];
    return withRegistry({ image: makeImage({ layers: 8 }) }, async ({ registry, pull }) => {
      registry.fail(
        /blobs/,
        (_request, response, serve) => {
          most = Math.max(most, (now += 1));
          response.once('close', () => (now -= 1));
          setTimeout(serve, 20);
        },
        100,
      );
      await pull();
      assert.equal(most, 3);
    });
  });

  describe('of several platforms', () => {
    const [amd64, armV6, armV7, arm64] = ['amd64', 'arm', 'arm', 'arm64'].map((architecture) => makeImage({ architecture })) as [
      FakeImage,
      FakeImage,
      FakeImage,
      FakeImage,
    ];
    const index = makeIndex([
      { manifest: makeImage().manifest, os: 'unknown', architecture: 'unknown' },
      { manifest: makeImage().manifest, os: 'windows', architecture: 'amd64' },
      { manifest: armV6.manifest, architecture: 'arm', variant: 'v6' },
      { manifest: armV7.manifest, architecture: 'arm', variant: 'v7' },
      { manifest: arm64.manifest, architecture: 'arm64', variant: 'v8' },
      { manifest: amd64.manifest, architecture: 'amd64' },
    ]);
    for (const [platform, image] of [
      ['linux/amd64', amd64],
      ['linux/arm64', arm64],
      ['linux/arm', armV7],
      ['linux/arm/v6', armV6],
    ] as const)
      it(`takes the one for ${platform}`, () =>
        withRegistry({ image, named: { blob: index, mediaType: OCI_INDEX } }, async ({ sink, pull }) => {
          const pulled = await pull({ platform });
          assert.equal(pulled.digest, image.manifest.digest);
          assert.equal(pulled.namedDigest, index.digest);
          assert.ok(sink.whole.has(image.manifest.digest));
        }));

    it('says what there is where there is none', () =>
      withRegistry({ named: { blob: index, mediaType: OCI_INDEX } }, async ({ sink, pull }) => {
        await assert.rejects(pull({ platform: 'linux/s390x' }), {
          code: 'IMAGE_PLATFORM_MISSING',
          message: /not there for linux\/s390x, but for .*windows\/amd64, linux\/arm\/v6/,
        });
        assert.equal(sink.whole.size, 0);
      }));
  });

  it('takes what a digest names, and nothing else', () =>
    withRegistry({}, async ({ registry, pull }) => {
      const { digest } = registry.image.manifest;
      assert.equal((await pull({ name: `docker://${registry.host}/team/tool@${digest}` })).digest, digest);
      registry.fail(/manifests/, (_request, response) =>
        response.writeHead(200, { 'content-type': OCI_MANIFEST }).end(makeImage().manifest.bytes),
      );
      await assert.rejects(pull({ name: `docker://${registry.host}/team/tool@${digest}` }), { code: 'REGISTRY_DIGEST_MISMATCH' });
    }));

  it('asks for no layer of what cannot run here', () =>
    withRegistry({ image: makeImage({ architecture: 's390x' }) }, async ({ registry, sink, pull }) => {
      await assert.rejects(pull(), { code: 'IMAGE_PLATFORM_MISSING' });
      assert.equal(registry.seen.filter(({ path }) => path.includes('/blobs/')).length, 1);
      assert.equal(sink.whole.size, 0);
    }));

  it('ends at once when it is told to, and leaves what came for the next time', () =>
    withRegistry({ image: makeImage({ layers: 1, layerBytes: 500_000 }) }, async ({ registry, sink, pull }) => {
      const [layer] = registry.image.layers;
      assert.ok(layer);
      const stop = new AbortController();
      // Half of it, and then nothing: only the signal ends that.
      registry.fail(new RegExp(layer.digest), (_request, response) => {
        response.writeHead(200, { 'content-length': layer.bytes.length });
        response.write(layer.bytes.subarray(0, 250_000));
      });
      const progress = (event: { type: string; digest?: string; doneBytes?: number }): void => {
        if (event.type === 'bytes' && event.digest === layer.digest && (event.doneBytes ?? 0) >= 250_000) stop.abort(new Error('enough'));
      };
      await assert.rejects(pull({ signal: stop.signal, progress, patience: { stallMs: 60_000 } }), { message: 'enough' });
      assert.equal(sink.partial.get(layer.digest)?.length, 250_000);
      assert.ok(!sink.whole.has(registry.image.manifest.digest));
      await pull();
      assert.equal(registry.sentBytes(layer.digest), 250_000, 'only what was missing was asked for');
      assert.ok(sink.whole.get(layer.digest)?.equals(layer.bytes));
    }));
});
