/** Registries that break, lie or go on for ever: a clear error or a second try, and never anything half in the store. */
import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { describe, it } from 'mocha';
import { registryErrors } from '#images/registry/errors.js';
import { parseRegistryReference } from '#images/registry/reference.js';
import {
  answering,
  breakingAfter,
  makeImage,
  makeIndex,
  openFakeRegistry,
  OCI_INDEX,
  OCI_MANIFEST,
  toBlob,
  type Fault,
} from './fixtures/fake-registry.js';
import { withRegistry, type PullLab } from './fixtures/pull-lab.js';

const blobs = /\/blobs\//;
const manifests = /\/manifests\//;

/** One whose blobs a test breaks; the first layer is what is broken. */
function withLayer(use: (lab: PullLab & { layer: { digest: string; bytes: Buffer }; ofLayer: RegExp }) => Promise<void>): Promise<void> {
  const image = makeImage({ layers: 2, layerBytes: 200_000 });
  const [layer] = image.layers;
  assert.ok(layer);
  return withRegistry({ image }, (lab) => use({ ...lab, layer, ofLayer: new RegExp(layer.digest) }));
}

/** Nothing that is not whole, and no manifest: nobody can find an image. */
function requireNoImage({ registry, sink }: PullLab): void {
  assert.ok(!sink.whole.has(registry.image.manifest.digest), 'the manifest is not there');
  for (const [digest, bytes] of sink.whole) assert.equal(toBlob(bytes).digest, digest);
}

async function pullsAfterAll({ registry, sink, pull }: PullLab): Promise<void> {
  const pulled = await pull();
  assert.equal(pulled.digest, registry.image.manifest.digest);
  for (const { digest, bytes } of registry.image.layers) assert.ok(sink.whole.get(digest)?.equals(bytes));
}

describe('a registry that is busy or breaks', () => {
  for (const status of [429, 500, 502, 503, 504]) {
    it(`is asked again after ${status}, of manifest and blobs`, () =>
      withRegistry({}, async (lab) => {
        lab.registry.fail(manifests, answering(status), 2);
        lab.registry.fail(blobs, answering(status), 3);
        await pullsAfterAll(lab);
        const retries = lab.events.filter(({ type }) => type === 'retry');
        assert.equal(retries.length, 5);
        assert.match(JSON.stringify(retries[0]), new RegExp(`answers ${status}`));
      }));

    it(`is given up after five answers of ${status}, and works later`, () =>
      withRegistry({}, async (lab) => {
        lab.registry.fail(manifests, answering(status), 5);
        await assert.rejects(lab.pull(), { code: 'REGISTRY_GAVE_UP', message: new RegExp(`answers ${status}.*tried 5 times`) });
        assert.equal(lab.registry.seen.length, 5);
        requireNoImage(lab);
        await pullsAfterAll(lab);
      }));
  }

  it('is waited for as long as it asks', () =>
    withRegistry({}, async ({ registry, events, pull }) => {
      registry.fail(manifests, answering(429, { 'retry-after': '1' }));
      const startMs = performance.now();
      await pull();
      assert.ok(performance.now() - startMs >= 950);
      assert.ok(events.some((event) => event.type === 'retry' && event.waitMs === 1000));
    }));

  it('is not waited for where it asks for an hour', () =>
    withRegistry({}, async (lab) => {
      lab.registry.fail(manifests, answering(429, { 'retry-after': '3600' }));
      await assert.rejects(lab.pull(), { code: 'REGISTRY_GAVE_UP', message: /asks to wait for 3600 s/ });
      await pullsAfterAll(lab);
    }));

  it('goes on where the connection broke', () =>
    withLayer(async (lab) => {
      lab.registry.fail(lab.ofLayer, breakingAfter(60_000, lab.layer.bytes), 2);
      await pullsAfterAll(lab);
      const ranges = lab.registry.seen.filter(({ path }) => path.includes(lab.layer.digest)).map(({ range }) => range);
      assert.deepEqual(ranges, [undefined, 'bytes=60000-', 'bytes=120000-']);
      assert.equal(lab.registry.sentBytes(lab.layer.digest), 80_000);
    }));

  it('goes on after a stall', () =>
    withLayer(async (lab) => {
      lab.registry.fail(lab.ofLayer, breakingAfter(60_000, lab.layer.bytes, { stall: true }));
      await pullsAfterAll(lab);
      assert.ok(lab.events.some((event) => event.type === 'retry' && event.why.startsWith('no more bytes came')));
      assert.equal(lab.registry.sentBytes(lab.layer.digest), 140_000);
    }));

  it('that never answers is given up', () =>
    withRegistry({}, async (lab) => {
      lab.registry.fail(manifests, () => undefined, 2);
      const brief = { patience: { answerMs: 100, stallMs: 100 }, retry: { attemptsMax: 2, firstDelayMs: 1 } };
      await assert.rejects(lab.pull(brief), { code: 'REGISTRY_GAVE_UP', message: /no answer within 0.1 s \(tried 2 times\)/ });
      await pullsAfterAll(lab);
    }));

  it('that gives one byte at a time comes to an end', () =>
    withLayer(async (lab) => {
      lab.registry.fail(lab.ofLayer, breakingAfter(1, lab.layer.bytes), 100);
      const brief = { retry: { attemptsMax: 3, attemptsTotalMax: 10, firstDelayMs: 1 } };
      await assert.rejects(lab.pull(brief), { code: 'REGISTRY_GAVE_UP', message: /tried 10 times/ });
      requireNoImage(lab);
    }));

  it('that drips is as one that stalls', () =>
    withLayer(async (lab) => {
      const timers: NodeJS.Timeout[] = [];
      lab.registry.fail(
        lab.ofLayer,
        (_request, response) => {
          response.writeHead(200, { 'content-length': lab.layer.bytes.length });
          timers.push(setInterval(() => response.write('x'), 20));
        },
        2,
      );
      const brief = { retry: { attemptsMax: 3, attemptsTotalMax: 2, firstDelayMs: 1 } };
      await assert.rejects(lab.pull(brief), { code: 'REGISTRY_GAVE_UP', message: /no more bytes came/ });
      timers.forEach(clearInterval);
      requireNoImage(lab);
    }));

  it('begins anew where it knows no ranges', () => {
    const image = makeImage({ layers: 1, layerBytes: 200_000 });
    const [layer] = image.layers;
    assert.ok(layer);
    return withRegistry({ image, knowsRanges: false }, async (lab) => {
      lab.registry.fail(new RegExp(layer.digest), breakingAfter(60_000, layer.bytes));
      await pullsAfterAll(lab);
      assert.equal(lab.registry.sentBytes(layer.digest), 200_000);
    });
  });

  it('begins anew where what an earlier pull left is not what it was', () =>
    withLayer(async (lab) => {
      lab.sink.partial.set(lab.layer.digest, Buffer.alloc(50_000));
      await pullsAfterAll(lab);
      assert.equal(lab.registry.sentBytes(lab.layer.digest), 150_000 + 200_000);
    }));

  it('begins anew where it has nothing at the offset', () =>
    withLayer(async (lab) => {
      lab.sink.partial.set(lab.layer.digest, lab.layer.bytes.subarray(0, 50_000));
      lab.registry.fail(lab.ofLayer, answering(416));
      await pullsAfterAll(lab);
      assert.equal(lab.registry.sentBytes(lab.layer.digest), 200_000);
    }));
});

describe('a registry that lies', () => {
  const sending =
    (bytes: Buffer | string, headers: Record<string, string> = { 'content-type': OCI_MANIFEST }): Fault =>
    (_request, response) =>
      void response.writeHead(200, headers).end(bytes);
  const image = makeImage();
  const config = { mediaType: 'application/vnd.oci.image.config.v1+json', digest: image.config.digest, size: image.config.bytes.length };
  const manifest = (changes: object) => JSON.stringify({ schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers: [], ...changes });
  const layer = (changes: object) => ({ mediaType: 'application/vnd.oci.image.layer.v1.tar', digest: config.digest, size: 1, ...changes });

  const bad: [string, Fault, string, RegExp][] = [
    ['no JSON', sending('{"schemaVersion": 2'), 'REGISTRY_ANSWER_INVALID', /not JSON/],
    ['no UTF-8', sending(Buffer.from([0x22, 0xff, 0x22])), 'REGISTRY_ANSWER_INVALID', /not UTF-8/],
    ['no object', sending('null'), 'IMAGE_DOCUMENT_INVALID', /Expected Object/],
    ['nested too deep', sending('['.repeat(100_000)), 'REGISTRY_ANSWER_INVALID', /nested/],
    ['keys that reach prototypes', sending(manifest({ x: 1 }).replace('"x"', '"__proto__"')), 'REGISTRY_ANSWER_INVALID', /not allowed/],
    [
      'a type that is none of an image',
      sending('{"schemaVersion":2}', { 'content-type': 'text/html' }),
      'IMAGE_MEDIA_TYPE_UNKNOWN',
      /text\/html/,
    ],
    ['no type at all', sending('{"schemaVersion":2}', {}), 'REGISTRY_ANSWER_INVALID', /nothing says of what type/],
    ['two types', sending(manifest({}), { 'content-type': OCI_INDEX }), 'IMAGE_DOCUMENT_INVALID', /manifests|calls itself/],
    ['index and manifest in one', sending(manifest({ manifests: [] })), 'IMAGE_DOCUMENT_INVALID', /both/],
    ['a manifest without layers', sending(manifest({ layers: undefined })), 'IMAGE_DOCUMENT_INVALID', /layers/],
    ['a digest that is none', sending(manifest({ layers: [layer({ digest: 'sha256:../../etc' })] })), 'IMAGE_DOCUMENT_INVALID', /digest/],
    ['a negative size', sending(manifest({ layers: [layer({ size: -1 })] })), 'IMAGE_DOCUMENT_INVALID', /size/],
    ['a size beyond all bounds', sending(manifest({ layers: [layer({ size: 2 ** 52 })] })), 'IMAGE_DOCUMENT_INVALID', /size/],
    ['two sizes of one blob', sending(manifest({ layers: [layer({})] })), 'REGISTRY_NOT_AN_IMAGE', /two sizes/],
    ['too many layers', sending(manifest({ layers: Array(1001).fill(layer({})) })), 'IMAGE_DOCUMENT_INVALID', /layers/],
    [
      'a layer of another type',
      sending(manifest({ layers: [layer({ mediaType: 'text/html' })] })),
      'IMAGE_MEDIA_TYPE_UNKNOWN',
      /text\/html/,
    ],
    [
      'no image but an artifact',
      sending(manifest({ config: { ...config, mediaType: 'application/vnd.oci.empty.v1+json' } })),
      'IMAGE_MEDIA_TYPE_UNKNOWN',
      /empty/,
    ],
    ['a manifest of 2016', sending('{"schemaVersion":1}', { 'content-type': 'application/json' }), 'REGISTRY_NOT_AN_IMAGE', /2016/],
    [
      'another digest than it says',
      sending(manifest({}), { 'content-type': OCI_MANIFEST, 'docker-content-digest': image.manifest.digest }),
      'REGISTRY_DIGEST_MISMATCH',
      /its digest is/,
    ],
    ['a manifest without end', (_request, response) => flood(response), 'REGISTRY_ANSWER_INVALID', /more than 4194304 bytes/],
    ['headers without end', answering(200, { 'x-flood': 'x'.repeat(100_000) }), 'REGISTRY_ANSWER_INVALID', /./],
    ['an unknown status', answering(418), 'REGISTRY_ANSWER_INVALID', /answers 418/],
  ];
  for (const [what, fault, code, message] of bad)
    it(`is refused: ${what}`, () =>
      withRegistry({ image }, async (lab) => {
        lab.registry.fail(manifests, fault);
        await assert.rejects(lab.pull(), { code, message });
        assert.equal(lab.sink.whole.size, 0);
        await pullsAfterAll(lab);
      }));

  it('is refused: indexes in indexes without end', () => {
    let inner = { blob: makeIndex([{ manifest: image.manifest, architecture: 'amd64' }]), mediaType: OCI_INDEX };
    const all = [inner];
    for (let depth = 0; depth < 4; depth += 1) all.push((inner = { blob: nest(inner.blob), mediaType: OCI_INDEX }));
    return withRegistry({ image, named: inner, manifests: all }, async (lab) => {
      await assert.rejects(lab.pull(), { code: 'REGISTRY_NOT_AN_IMAGE', message: /nested more than 3 deep/ });
      assert.equal(lab.sink.whole.size, 0);
    });
  });

  it('is refused: a blob of other bytes', () =>
    withLayer(async (lab) => {
      lab.registry.fail(lab.ofLayer, sending(Buffer.alloc(200_000)));
      await assert.rejects(lab.pull(), /digest/);
      requireNoImage(lab);
      assert.ok(!lab.sink.whole.has(lab.layer.digest) && !lab.sink.partial.has(lab.layer.digest));
      await pullsAfterAll(lab);
    }));

  it('is refused: a blob of another length', () =>
    withLayer(async (lab) => {
      lab.registry.fail(lab.ofLayer, (_request, response) => response.writeHead(200, { 'content-length': 5 }).end('short'));
      await assert.rejects(lab.pull(), { code: 'REGISTRY_ANSWER_INVALID', message: /sends 5 bytes instead of 200000/ });
      requireNoImage(lab);
      await pullsAfterAll(lab);
    }));

  it('is refused: a blob without end', () =>
    withLayer(async (lab) => {
      lab.registry.fail(lab.ofLayer, (_request, response) => flood(response));
      await assert.rejects(lab.pull(), { code: 'REGISTRY_ANSWER_INVALID', message: /more than the 200000 bytes/ });
      requireNoImage(lab);
      assert.ok((lab.sink.partial.get(lab.layer.digest)?.length ?? 0) <= 200_000);
      await pullsAfterAll(lab);
    }));

  for (const range of ['bytes 0-199999/200000', 'bytes 50000-60000/200000', 'bytes 50000-199999/300000', 'nonsense'])
    it(`is refused: the range "${range}" where another was asked for`, () =>
      withLayer(async (lab) => {
        lab.sink.partial.set(lab.layer.digest, lab.layer.bytes.subarray(0, 50_000));
        lab.registry.fail(lab.ofLayer, (_request, response) =>
          response.writeHead(206, { 'content-range': range }).end(lab.layer.bytes.subarray(50_000)),
        );
        await assert.rejects(lab.pull(), { code: 'REGISTRY_ANSWER_INVALID', message: /asked for the bytes from 50000/ });
        await pullsAfterAll(lab);
      }));

  it('is refused: no such blob', () =>
    withLayer(async (lab) => {
      lab.registry.fail(lab.ofLayer, answering(404));
      await assert.rejects(lab.pull(), { code: 'REGISTRY_ANSWER_INVALID', message: /blob sha256:.*answers 404/ });
    }));

  it('says that there is no such image', () =>
    withRegistry({}, async ({ registry, pull }) => {
      await assert.rejects(pull({ name: `docker://${registry.host}/team/tool:none` }), {
        code: 'REGISTRY_IMAGE_NOT_FOUND',
        message: /no such image or tag \(it says: manifest unknown\)/,
      });
    }));

  it('says that nobody is there', () =>
    withRegistry({}, async ({ pull }) => {
      await assert.rejects(pull({ name: 'docker://127.0.0.1:1/a' }), { code: 'REGISTRY_UNREACHABLE', message: /nobody listens/ });
      await assert.rejects(pull({ name: 'docker://registry.invalid/a' }), { code: 'REGISTRY_UNREACHABLE' });
    }));

  it('says where it looked, where that is not the name of the registry', () => {
    const { message, hint } = registryErrors.unreachable(parseRegistryReference('busybox'), 'there is no such host');
    assert.equal(message, 'Cannot reach registry docker.io at registry-1.docker.io: there is no such host');
    assert.match(hint ?? '', /^curl -v https:\/\/registry-1\.docker\.io\/v2\/ /);
    assert.match(registryErrors.unreachable(parseRegistryReference('ghcr.io/a'), 'x').message, /registry ghcr\.io: x$/);
  });
});

describe('a registry that sends elsewhere', () => {
  it('is followed to another host, with no secret', async () => {
    const elsewhere = await openFakeRegistry();
    const { image } = elsewhere;
    const credentials = { files: [], env: {} };
    await withRegistry({ image, access: 'token' }, async (lab) => {
      const other = `http://localhost:${elsewhere.host.split(':')[1]}`;
      lab.registry.fail(
        blobs,
        (request, response, serve) =>
          request.headers.authorization === undefined ? serve() : response.writeHead(307, { location: other + request.url }).end(),
        100,
      );
      await lab.pull({ credentials });
      assert.equal(elsewhere.seen.length, 3);
      assert.ok(elsewhere.seen.every(({ authorization }) => authorization === undefined));
      assert.ok(lab.registry.seen.some(({ authorization }) => authorization?.startsWith('Bearer ')));
    });
    await elsewhere.close();
  });

  it('gets no secret back from where it sent', async () => {
    const elsewhere = await openFakeRegistry();
    await withRegistry({ image: elsewhere.image, access: 'token' }, async (lab) => {
      const back = `http://${lab.registry.host}/v2/team/tool/stolen`;
      elsewhere.fail(blobs, answering(302, { location: back }), 100);
      lab.registry.fail(blobs, answering(302, { location: `http://localhost:${elsewhere.host.split(':')[1]}/blobs/x` }), 100);
      await assert.rejects(lab.pull());
      const stolen = lab.registry.seen.filter(({ path }) => path.endsWith('stolen'));
      assert.ok(stolen.length > 0 && stolen.every(({ authorization }) => authorization === undefined));
    });
    await elsewhere.close();
  });

  const refused: [string, Fault, RegExp][] = [
    ['round and round', (request, response) => response.writeHead(302, { location: request.url }).end(), /more than 5 times/],
    [
      'to another host without encryption',
      answering(302, { location: 'http://elsewhere.invalid/x' }),
      /another host, which is not encrypted/,
    ],
    ['to a file', answering(302, { location: 'file:///etc/passwd' }), /file: address/],
    ['to a password', answering(302, { location: 'https://a:b@elsewhere.invalid/' }), /password in it/],
    ['to nowhere', answering(302, { location: 'https://' }), /no address/],
  ];
  for (const [where, fault, message] of refused)
    it(`is not followed ${where}`, () =>
      withRegistry({}, async (lab) => {
        lab.registry.fail(blobs, fault, 20);
        await assert.rejects(lab.pull(), { code: 'REGISTRY_REDIRECT_REFUSED', message });
        requireNoImage(lab);
      }));

  it('is asked again where the other host is busy', async () => {
    const elsewhere = await openFakeRegistry();
    await withRegistry({ image: elsewhere.image }, async (lab) => {
      const other = `http://localhost:${elsewhere.host.split(':')[1]}`;
      lab.registry.fail(blobs, (request, response) => response.writeHead(307, { location: other + request.url }).end(), 100);
      elsewhere.fail(blobs, answering(503), 2);
      await pullsAfterAll(lab);
      elsewhere.fail(blobs, answering(403), 20);
      lab.sink.whole.clear();
      await assert.rejects(lab.pull(), { code: 'REGISTRY_ANSWER_INVALID', message: /localhost:\d+, to which it sends, answers 403/ });
    });
    await elsewhere.close();
  });
});

/** As fast as the other side takes it, until it has had enough. */
function flood(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': OCI_MANIFEST });
  const piece = Buffer.alloc(65_536, ' ');
  const pour = (): void => {
    while (!response.destroyed && response.write(piece));
  };
  response.on('drain', pour).on('error', () => undefined);
  pour();
}

/** An index of an index. */
function nest(index: { bytes: Buffer; digest: string }) {
  return toBlob(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: OCI_INDEX,
      manifests: [
        { mediaType: OCI_INDEX, digest: index.digest, size: index.bytes.length, platform: { os: 'linux', architecture: 'amd64' } },
      ],
    }),
  );
}
