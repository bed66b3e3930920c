import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, it } from 'mocha';
import { describeImage, importImage, listNames, openLocalImage, parseLocalReference } from '#images/images.js';
import { needTool } from '../../helpers/need.js';
import { digestOf, file, ImageBuilder, inLab, link, makeTar, smallImage, type Entry, type Part } from '../builder.js';

const other = process.arch === 's390x' ? 'amd64' : 's390x';

async function describeAt(reference: string) {
  const [, scheme = '', rest = ''] = /^([a-z-]+):(.*)$/.exec(reference) ?? [];
  assert.ok(scheme === 'oci' || scheme === 'oci-archive' || scheme === 'docker-archive');
  return describeImage(await openLocalImage(parseLocalReference(scheme, rest)));
}

async function writeDockerArchive(path: string, entries: readonly object[], files: readonly Entry[]): Promise<void> {
  await writeFile(path, await makeTar([...files, file('manifest.json', JSON.stringify(entries))]));
}

describe('formats of images', () => {
  it('an OCI layout, and the same as an archive, is the same image', () =>
    inLab(async ({ path }) => {
      const builder = await smallImage({ tag: 'v1', config: { Env: ['A=b'], Cmd: null, Labels: { x: 'y' } } });
      await builder.writeLayout(join(path, 'layout'));
      await builder.writeArchive(join(path, 'image.tar'));
      const image = await describeAt(`oci:${path}/layout`);
      assert.deepEqual(image.config.config?.Env, ['A=b']);
      assert.equal(image.manifest.layers.length, 2);
      for (const same of [`oci:${path}/layout:v1`, `oci-archive:${path}/image.tar`, `oci-archive:${path}/image.tar:v1`])
        assert.equal((await describeAt(same)).digest, image.digest);
    }));

  it('the tag chooses; without one the only image, or the latest', () =>
    inLab(async ({ path }) => {
      const builder = new ImageBuilder();
      const layer = await makeTar([file('a')]);
      const images = ['one', 'latest'].map((tag) => builder.image([layer], { tag, config: { Cmd: [tag] } }).digest);
      await builder.writeLayout(path);
      assert.equal((await describeAt(`oci:${path}:one`)).digest, images[0]);
      assert.equal((await describeAt(`oci:${path}`)).digest, images[1]);
      await assert.rejects(describeAt(`oci:${path}:two`), { code: 'IMAGE_TAG_UNKNOWN', hint: 'one of: one latest' });
      const unnamed = builder.index.map((entry) => ({ ...entry, annotations: {} }));
      builder.index.splice(0, 2, ...unnamed);
      await builder.writeLayout(path);
      await assert.rejects(describeAt(`oci:${path}`), {
        code: 'IMAGE_TAG_UNKNOWN',
        message: /it has 2 images, and none of them was asked for/,
      });
    }));

  it('of an index, the image for this machine is taken, through indexes within it', () =>
    inLab(async ({ path }) => {
      const builder = new ImageBuilder();
      const layer = await makeTar([file('a')]);
      builder.image([layer], { platform: { architecture: other } });
      const own = builder.image([layer]);
      const attestation = { ...own, platform: { os: 'unknown', architecture: 'unknown' } };
      const inner = builder.blob(
        { schemaVersion: 2, manifests: [attestation, ...builder.index] },
        'application/vnd.oci.image.index.v1+json',
      );
      builder.index.splice(0, 9, inner);
      await builder.writeLayout(path);
      assert.equal((await describeAt(`oci:${path}`)).digest, own.digest);
      builder.index.splice(0, 9, builder.image([layer], { platform: { architecture: other } }));
      await builder.writeLayout(path);
      await assert.rejects(describeAt(`oci:${path}`), { code: 'IMAGE_PLATFORM_MISSING', message: new RegExp(`but for linux/${other}`) });
    }));

  it('an index that leads on and on is refused', () =>
    inLab(async ({ path }) => {
      const builder = await smallImage();
      for (let depth = 0; depth < 6; depth++) {
        const inner = builder.blob({ schemaVersion: 2, manifests: [...builder.index] }, 'application/vnd.oci.image.index.v1+json');
        builder.index.splice(0, 9, { ...inner, platform: { os: 'linux', architecture: process.arch === 'x64' ? 'amd64' : process.arch } });
      }
      await builder.writeLayout(path);
      await assert.rejects(describeAt(`oci:${path}`), { code: 'IMAGE_DOCUMENT_INVALID', message: /one after the other/ });
    }));

  it('what docker save writes is an image, by its name where it has several', () =>
    inLab(async ({ path, store }) => {
      const layers = await Promise.all([[file('a')], [file('b')]].map(makeTar));
      const config = (cmd: string): string =>
        JSON.stringify({
          os: 'linux',
          architecture: process.arch === 'x64' ? 'amd64' : process.arch,
          config: { Cmd: [cmd] },
          rootfs: { type: 'layers', diff_ids: layers.map(digestOf) },
        });
      const files = [
        file('one.json', config('one')),
        file('two.json', config('two')),
        file('x/layer.tar', layers[0]),
        file('z/layer.tar', layers[1]),
      ];
      const archive = join(path, 'saved.tar');
      const Layers = ['x/layer.tar', 'y/layer.tar'];
      await writeDockerArchive(
        archive,
        [
          { Config: 'one.json', RepoTags: ['site/one:1'], Layers },
          { Config: 'two.json', RepoTags: ['site/two:latest'], Layers },
        ],
        [...files, link('y/layer.tar', '../z/layer.tar')],
      );
      assert.deepEqual((await describeAt(`docker-archive:${archive}:site/one:1`)).config.config?.Cmd, ['one']);
      assert.deepEqual((await describeAt(`docker-archive:${archive}:site/two`)).config.config?.Cmd, ['two']);
      await assert.rejects(describeAt(`docker-archive:${archive}`), { code: 'IMAGE_TAG_UNKNOWN' });
      const source = await openLocalImage(parseLocalReference('docker-archive', `${archive}:site/one:1`));
      const image = await importImage(store, source, { name: 'x:1' });
      assert.deepEqual((await listNames(store)).images, [image]);
      assert.equal((await readdir(join(store.directory, 'blobs/sha256'))).length, 4);
    }));

  it('what umoci and skopeo make is an image', async function () {
    for (const tool of ['umoci', 'skopeo']) needTool(this, tool);
    await inLab(async ({ path }) => {
      const layout = join(path, 'oci');
      execFileSync('umoci', ['init', '--layout', layout]);
      execFileSync('umoci', ['new', '--image', `${layout}:empty`]);
      execFileSync('umoci', ['config', '--image', `${layout}:empty`, '--config.cmd', '/bin/sh', '--config.env', 'A=b']);
      for (const format of ['docker-archive', 'oci-archive'])
        execFileSync('skopeo', [
          '--insecure-policy',
          'copy',
          '--quiet',
          `oci:${layout}:empty`,
          `${format}:${path}/${format}.tar:site/empty:1`,
        ]);
      const names = [
        `oci:${layout}:empty`,
        `oci-archive:${path}/oci-archive.tar:site/empty:1`,
        `docker-archive:${path}/docker-archive.tar:site/empty:1`,
      ];
      for (const name of names) assert.deepEqual((await describeAt(name)).config.config?.Cmd, ['/bin/sh'], name);
    });
  });
});

describe('broken images', () => {
  type Change = (builder: ImageBuilder) => void;
  type ManifestText = { layers: object[] };
  const topOf = ({ index: [top] }: ImageBuilder): Part => {
    assert.ok(top !== undefined);
    return top;
  };
  const manifestOf = (builder: ImageBuilder) => JSON.parse(builder.blobs.get(topOf(builder).digest)?.toString() ?? '') as ManifestText;
  /** The same image with another manifest. */
  const withManifest =
    (change: (manifest: ManifestText) => object, mediaType?: string): Change =>
    (builder) => {
      const type = mediaType ?? topOf(builder).mediaType;
      builder.index.splice(0, 1, builder.blob(change(manifestOf(builder)), type));
    };
  const layer = (more: object) => withManifest((manifest) => ({ ...manifest, layers: [{ ...manifest.layers[0], ...more }] }));

  const broken: [string, Change, string, RegExp][] = [
    ['a manifest of another type', withManifest((one) => one, 'application/vnd.example+json'), 'IMAGE_MEDIA_TYPE_UNKNOWN', /vnd\.example/],
    [
      'a manifest that says to be another',
      withManifest((one) => ({ ...one, mediaType: 'x/y' })),
      'IMAGE_DOCUMENT_INVALID',
      /calls itself x\/y/,
    ],
    [
      'a manifest with two faces',
      withManifest((one) => ({ ...one, manifests: [] })),
      'IMAGE_DOCUMENT_INVALID',
      /both an index and a manifest/,
    ],
    ['a manifest of version 1', withManifest((one) => ({ ...one, schemaVersion: 1 })), 'IMAGE_DOCUMENT_INVALID', /schemaVersion/],
    ['a layer of another type', layer({ mediaType: 'text/html' }), 'IMAGE_MEDIA_TYPE_UNKNOWN', /text\/html/],
    ['a layer with no digest', layer({ digest: 'sha256:x' }), 'IMAGE_DOCUMENT_INVALID', /digest/],
    ['a layer whose digest is a path', layer({ digest: 'sha256:../../../etc/passwd' }), 'IMAGE_DOCUMENT_INVALID', /digest/],
    ['a layer of a negative size', layer({ size: -1 }), 'IMAGE_DOCUMENT_INVALID', /size/],
    ['fewer layers than the configuration tells of', layer({}), 'IMAGE_DOCUMENT_INVALID', /tells of 2 layers, its manifest of 1/],
    [
      'a manifest that is no JSON',
      (b) => b.index.splice(0, 1, b.blob(Buffer.from('{'), topOf(b).mediaType)),
      'IMAGE_DOCUMENT_INVALID',
      /not JSON/,
    ],
    [
      'a manifest with another content than its digest',
      (b) => b.blobs.set(topOf(b).digest, Buffer.alloc(topOf(b).size, ' ')),
      'IMAGE_BLOB_INVALID',
      /its content is that of/,
    ],
    ['a manifest of another size', (b) => b.index.splice(0, 1, { ...topOf(b), size: 7 }), 'IMAGE_BLOB_INVALID', /should have 7/],
    ['a manifest of gigabytes', (b) => b.index.splice(0, 1, { ...topOf(b), size: 2 ** 33 }), 'IMAGE_BLOB_INVALID', /more than/],
    ['no manifest', (b) => b.blobs.delete(topOf(b).digest), 'IMAGE_BLOB_MISSING', /is not in/],
  ];
  for (const [what, change, code, message] of broken) {
    it(`${what}: refused, as a layout and as an archive`, () =>
      inLab(async ({ path }) => {
        const builder = await smallImage();
        change(builder);
        await builder.writeLayout(join(path, 'layout'));
        await builder.writeArchive(join(path, 'archive'));
        await assert.rejects(describeAt(`oci:${path}/layout`), { code, message });
        await assert.rejects(describeAt(`oci-archive:${path}/archive`), { code, message });
      }));
  }

  it('archives that are none, or are cut off, compressed, or nowhere: refused', () =>
    inLab(async ({ path }) => {
      const at = join(path, 'a.tar');
      await (await smallImage()).writeArchive(at);
      const tar = await makeTar([file('index.json', 'x'.repeat(3000))]);
      const cases: [Buffer, RegExp][] = [
        [tar.subarray(0, 1000), /in the midst of an entry/],
        [gzipSync(tar), /it is compressed/],
        [Buffer.alloc(2000, 7), /checksum/],
        [Buffer.alloc(2000), /no index\.json/],
        [await makeTar([link('index.json', 'index.json')]), /no index\.json/],
      ];
      for (const [bytes, message] of cases) {
        await writeFile(at, bytes);
        await assert.rejects(describeAt(`oci-archive:${at}`), { code: 'IMAGE_SOURCE_UNREADABLE', message });
      }
      await rm(at);
      for (const scheme of ['oci', 'oci-archive', 'docker-archive'])
        await assert.rejects(describeAt(`${scheme}:${at}`), { code: 'IMAGE_SOURCE_UNREADABLE' });
      await assert.rejects(describeAt(`oci-archive:${path}`), { code: 'IMAGE_SOURCE_UNREADABLE' });
    }));

  it('references without a path, or with a tag of control characters: refused', () => {
    for (const bad of ['', ':x', 'a:', 'a:b\u001b[31m', 'a\0b'])
      assert.throws(() => parseLocalReference('oci', bad), { code: 'IMAGE_REFERENCE_UNUSABLE' });
  });
});
