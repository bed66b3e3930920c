/** `bulkhead image …` as a user types it, against a registry on loopback. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { choosePaths } from '#base/paths.js';
import { openCli, type Cli } from '../helpers/cli.js';
import { startPrinting } from '../helpers/start-printing.js';
import { runAtTerminal } from '../helpers/terminal.js';
import { digestOf, file, ImageBuilder, makeTar } from '../images/builder.js';
import {
  answering,
  breakingAfter,
  makeImage,
  openFakeRegistry,
  type FakeRegistry,
  type FakeRegistryOptions,
} from '../images/registry/fixtures/fake-registry.js';

const layerBytes = 400_000;
const half = 200_000;

describe('bulkhead image', () => {
  let cli: Cli;
  let registry: FakeRegistry;
  beforeEach(async () => void (cli = await openCli()));
  afterEach(async () => {
    await registry.close();
    await cli.close();
  });

  async function open(options: FakeRegistryOptions = {}): Promise<{ layer: { digest: string; bytes: Buffer } }> {
    registry = await openFakeRegistry({ image: makeImage({ layers: 1, layerBytes }), ...options });
    const [layer] = registry.image.layers;
    assert.ok(layer);
    return { layer };
  }

  const store = (): string => choosePaths({ env: cli.env, uid: process.getuid?.() ?? -1, home: cli.env['HOME'] ?? '' }).images;
  const hex = (digest: string): string => digest.slice('sha256:'.length);

  async function partialHas(digest: string, bytes: number): Promise<void> {
    const file = join(store(), 'partial', hex(digest));
    while (!existsSync(file) || statSync(file).size < bytes) await delay(10);
  }

  /** No name, and no blob under a digest that is not its own. */
  async function requireNoImage(): Promise<void> {
    const { stdout } = await cli.run('image', 'list', '--json');
    assert.deepEqual(JSON.parse(stdout), { images: [], damaged: [] });
    assert.ok(!existsSync(join(store(), 'blobs/sha256', hex(registry.image.manifest.digest))));
  }

  it('pulls, lists, inspects and removes, by whatever name', async () => {
    await open();
    const { digest } = registry.image.manifest;
    const pulled = await cli.run('image', 'pull', registry.name);
    assert.deepEqual([pulled.exitCode, pulled.stdout], [0, `${registry.name}  ${digest}`]);
    assert.match(
      pulled.stderr,
      /^Pulling 127.*team\/tool:1\.0: 2 blobs, 400\.\d kB\nconfig sha256:\w{12} {2}\d+ B\nlayer {2}sha256:\w{12} {2}400\.0 kB$/,
    );
    const listed = await cli.run('image', 'list');
    assert.match(listed.stdout, new RegExp(`^NAME.*\n${registry.name} +${hex(digest).slice(0, 12)} +linux/amd64 +400\\.\\d kB +20`));
    for (const name of [registry.name, registry.name.replace('docker://', ''), digest, hex(digest).slice(0, 10)]) {
      const { stdout, exitCode } = await cli.run('image', 'inspect', name, '--json');
      assert.equal(exitCode, 0, name);
      assert.equal((JSON.parse(stdout) as { digest: string }).digest, digest);
    }
    const removed = await cli.run('image', 'remove', registry.name.replace('docker://', ''));
    assert.match(removed.stdout, /^Removed docker:.* \(400\.\d kB freed\)$/);
    await requireNoImage();
    assert.deepEqual(readdirSync(join(store(), 'blobs/sha256')), []);
  });

  it('says nothing but the digest with --quiet, and all as a value with --json', async () => {
    const { layer } = await open();
    const quiet = await cli.run('image', 'pull', '--quiet', registry.name);
    assert.deepEqual([quiet.stdout, quiet.stderr], [registry.image.manifest.digest, '']);
    const { stdout, stderr } = await cli.run('image', 'pull', '--json', registry.name);
    const report = JSON.parse(stdout) as { image: { name: string }; receivedBytes: number };
    assert.deepEqual([report.image.name, report.receivedBytes, stderr], [registry.name, 0, '']);
    assert.equal(registry.sentBytes(layer.digest), layerBytes);
  });

  it('draws bars on a terminal, and nothing that a registry could make of one', async function () {
    await open();
    registry.fail(/manifests/, (_request, response) =>
      response
        .writeHead(404, { 'content-type': 'application/json' })
        .end(JSON.stringify({ errors: [{ message: 'no\u001b]0;title\u0007\nFATAL: yes' }] })),
    );
    const refused = await runAtTerminal(this, cli, ['image', 'pull', registry.name]);
    assert.ok(!refused.includes('\u001b]0;title') && refused.includes('\\u001b]0;title'));
    const drawn = await runAtTerminal(this, cli, ['image', 'pull', registry.name]);
    assert.match(drawn, /\u001b\[2Klayer {2}sha256:\w{12} {2}400\.0 kB/);
  });

  const failures: [string, (layer: { digest: string; bytes: Buffer }) => void, RegExp][] = [
    [
      'of a wrong digest',
      ({ digest }) => registry.fail(new RegExp(digest), (_request, response) => response.writeHead(200).end(Buffer.alloc(layerBytes))),
      /Cannot use blob sha256:\w+: what came is sha256:/,
    ],
    [
      'of another length',
      ({ digest }) => registry.fail(new RegExp(digest), (_request, response) => response.writeHead(200).end('short')),
      /sends .*bytes|it ended after/,
    ],
    ['of a wrong media type', () => registry.fail(/manifests/, answering(200, { 'content-type': 'text/html' })), /not JSON|text\/html/],
    [
      'of redirects round and round',
      () => registry.fail(/blobs/, (request, response) => response.writeHead(302, { location: request.url }).end(), 50),
      /sends from one place to the next/,
    ],
    [
      'of a redirect to another host',
      () => registry.fail(/blobs/, answering(302, { location: 'http://elsewhere.invalid/' }), 50),
      /another host, which is not encrypted/,
    ],
    ['of "403"', () => registry.fail(/manifests/, answering(403), 1), /wants credentials, and there are none/],
  ];
  for (const [what, break_, message] of failures)
    it(`fails because ${what}, with nothing half in the store, and works when typed again`, async () => {
      const { layer } = await open();
      break_(layer);
      const failed = await cli.run('image', 'pull', registry.name);
      assert.equal(failed.exitCode, 255);
      assert.match(failed.stderr, message);
      assert.match(failed.stderr, /\n {9}Try: \S/);
      assert.doesNotMatch(failed.stderr, /bug in Bulkhead/);
      await requireNoImage();
      registry.heal();
      assert.equal((await cli.run('image', 'pull', registry.name)).exitCode, 0);
      assert.ok(readFileSync(join(store(), 'blobs/sha256', hex(layer.digest))).equals(layer.bytes));
    });

  for (const signal of ['SIGINT', 'SIGTERM', 'SIGKILL'] as const)
    it(`goes on where ${signal} ended a pull`, async () => {
      const { layer } = await open();
      registry.fail(new RegExp(layer.digest), breakingAfter(half, layer.bytes, { stall: true }));
      const pull = startPrinting(cli, ['image', 'pull', registry.name]);
      await partialHas(layer.digest, half);
      pull.child.kill(signal);
      const ended = await pull.outcome;
      assert.equal(ended.signal, signal);
      assert.doesNotMatch(ended.stderr, /FATAL/);
      await requireNoImage();
      const again = await cli.run('image', 'pull', registry.name);
      assert.equal(again.exitCode, 0, again.stderr);
      assert.equal(registry.sentBytes(layer.digest), layerBytes - half, 'only what was missing came');
    });

  it('fetches each blob once where two pull the same image at once', async () => {
    const image = makeImage({ layers: 6, layerBytes });
    await open({ image });
    registry.fail(/blobs/, (_request, _response, serve) => void setTimeout(serve, 50), 100);
    const pulls = await Promise.all([1, 2].map(() => cli.run('image', 'pull', '--json', registry.name)));
    assert.deepEqual(
      pulls.map(({ exitCode }) => exitCode),
      [0, 0],
      pulls.map(({ stdout }) => stdout).join(),
    );
    for (const { digest, bytes } of [image.config, ...image.layers]) assert.equal(registry.sentBytes(digest), bytes.length, digest);
    const received = pulls.map(({ stdout }) => (JSON.parse(stdout) as { receivedBytes: number }).receivedBytes);
    assert.equal((received[0] ?? 0) + (received[1] ?? 0), image.config.bytes.length + 6 * layerBytes);
  });

  it('takes over from a pull that was killed while another one waits', async () => {
    const { layer } = await open();
    registry.fail(new RegExp(layer.digest), breakingAfter(half, layer.bytes, { stall: true }));
    const first = startPrinting(cli, ['image', 'pull', registry.name]);
    await partialHas(layer.digest, half);
    const second = startPrinting(cli, ['image', 'pull', registry.name]);
    await second.printed('config sha256');
    first.child.kill('SIGKILL');
    const { exitCode, stderr } = await second.outcome;
    assert.equal(exitCode, 0, stderr);
    assert.equal(registry.sentBytes(layer.digest), layerBytes - half);
  });

  it('finds credentials where docker login leaves them', async () => {
    await open({ access: 'token', user: 'ann', password: 'secret' });
    const refused = await cli.run('image', 'pull', registry.name);
    assert.match(refused.stderr, /wants credentials, and there are none\n {9}Try: podman login 127/);
    const auth = Buffer.from('ann:secret').toString('base64');
    await mkdir(join(cli.env['HOME'] ?? '', '.docker'), { recursive: true });
    await writeFile(join(cli.env['HOME'] ?? '', '.docker/config.json'), JSON.stringify({ auths: { [registry.host]: { auth } } }));
    assert.equal((await cli.run('image', 'pull', registry.name)).exitCode, 0);
  });

  it('brings what docker save and skopeo write, from an archive, and names it as it was typed', async () => {
    await open();
    const { layer, config } = await writeArchives();
    for (const image of [`oci-archive:${cli.root}/oci.tar`, `docker-archive:${cli.root}/docker.tar:site/tool:1`]) {
      const pulled = await cli.run('image', 'pull', '--json', image);
      assert.equal(pulled.exitCode, 0, pulled.stderr);
      const { stdout } = await cli.run('image', 'inspect', '--json', image);
      const found = JSON.parse(stdout) as { name: string; layers: { digest: string }[]; config: object };
      assert.deepEqual([found.name, found.layers.map(({ digest }) => digest), found.config], [image, [digestOf(layer)], config]);
      assert.ok(readFileSync(join(store(), 'blobs/sha256', hex(digestOf(layer)))).equals(layer));
    }
    // Now the store alone has them.
    for (const archive of ['oci.tar', 'docker.tar']) await rm(join(cli.root, archive));
    const { stdout: list } = await cli.run('image', 'list', '--json');
    assert.equal((JSON.parse(list) as { images: unknown[] }).images.length, 2);
    assert.equal((await cli.run('image', 'remove', `oci-archive:${cli.root}/oci.tar`)).exitCode, 0);
    assert.match((await cli.run('image', 'pull', `docker-archive:${cli.root}/docker.tar`)).stderr, /there is no such file/);
  });

  async function writeArchives(): Promise<{ layer: Buffer; config: object }> {
    const layer = await makeTar([file('a')]);
    const builder = new ImageBuilder();
    builder.image([layer], { config: { Cmd: ['/a'] } });
    await builder.writeArchive(join(cli.root, 'oci.tar'));
    const text = [...builder.blobs.values()].map(String).find((blob) => blob.startsWith('{"os"')) ?? '';
    const saved = [{ Config: 'one.json', RepoTags: ['site/tool:1'], Layers: ['x/layer.tar'] }];
    const files = [file('one.json', text), file('x/layer.tar', layer), file('manifest.json', JSON.stringify(saved))];
    await writeFile(join(cli.root, 'docker.tar'), await makeTar(files));
    return { layer, config: JSON.parse(text) as object };
  }

  it('is completed by the names that are in the store, in one word or as bash breaks it', async () => {
    await open();
    const offers = async (...words: string[]) =>
      (await cli.run('__complete', ...words)).stdout.split('\n').map((line) => line.split('\t')[0]);
    assert.deepEqual(await offers('image', 'inspect', ''), ['']);
    assert.equal(existsSync(store()), false, 'to look makes nothing');
    await cli.run('image', 'pull', registry.name);
    const [, rest = ''] = registry.name.split('docker:');
    const [, tag = ''] = /:([^:]*)$/.exec(rest) ?? [];
    assert.deepEqual(await offers('image', 'inspect', ''), [registry.name]);
    assert.deepEqual(await offers('image', 'remove', 'dock'), [registry.name]);
    assert.deepEqual(await offers('run', '--rm', 'docker:'), [registry.name]);
    assert.deepEqual(await offers('create', 'docker', ':', '//127'), [rest]);
    assert.deepEqual(
      await offers(
        'image',
        'inspect',
        'docker',
        ':',
        rest.slice(0, rest.indexOf(':')),
        ':',
        rest.slice(rest.indexOf(':') + 1, -tag.length - 1),
        ':',
      ),
      [tag],
    );
    // Files are the shell's, and so is what follows the image.
    assert.deepEqual(await offers('run', 'dock'), ['']);
    assert.deepEqual(await offers('run', registry.name, ''), ['']);
  });

  it('refuses a name that cannot be one, and a platform that is not there', async () => {
    await open();
    const name = await cli.run('image', 'pull', 'docker://Example/x');
    assert.match(name.stderr, /Cannot pull "docker:\/\/Example\/x": "Example" cannot be a part of a name/);
    const platform = await cli.run('image', 'pull', '--platform', 'linux/s390x', registry.name);
    assert.match(platform.stderr, /not there for linux\/s390x, but for linux\/amd64/);
    const unknown = await cli.run('image', 'inspect', 'docker://nobody/nothing');
    assert.match(unknown.stderr, /Cannot find image docker:\/\/nobody\/nothing/);
  });
});
