import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { after, before, describe, it } from 'mocha';
import {
  describeStoredImage,
  importImage,
  listNames,
  openImageStore,
  openLocalImage,
  pruneImages,
  type ImageStore,
} from '#images/images.js';
import { blobFile } from '#images/store/place.js';
import { bundleProgram, startProgram } from '../../catalog/program.js';
import { openCli, type Cli } from '../../helpers/cli.js';
import { needTool, needUserNamespaces } from '../../helpers/need.js';
import { makeRootfs } from '../../helpers/rootfs.js';
import { digestOf, file, ImageBuilder, inLab, makeTar } from '../builder.js';

const KILLS = 8;
const ROOT_KILLS = 5;

describe('a store whose users are killed', function () {
  let programs: string;
  before(async () => {
    programs = await mkdtemp(join(tmpdir(), 'bulkhead-program-'));
    await bundleProgram(new URL('./store-program.ts', import.meta.url), join(programs, 'store.cjs'));
  });
  after(() => rm(programs, { recursive: true }));

  /** All that a name leads to is there, and is what it should be. */
  async function requireWhole(store: ImageStore): Promise<number> {
    const { images, damaged } = await listNames(store);
    assert.deepEqual(damaged, []);
    for (const image of images) {
      const { manifest } = await describeStoredImage(store, image);
      for (const { digest } of manifest.layers) assert.equal(digestOf(await readFile(blobFile(store, digest))), digest);
    }
    return images.length;
  }

  it('has whole images or none, and nothing that stays behind', () =>
    inLab(async ({ path, store }) => {
      const layouts = await Promise.all(
        ['one', 'two', 'three'].map(async (name) => {
          const builder = new ImageBuilder();
          builder.image([
            await makeTar([file('shared', Buffer.alloc(300_000, 's'))]),
            await makeTar([file(name, Buffer.alloc(200_000, name))]),
          ]);
          await builder.writeLayout(join(path, name));
          return join(path, name);
        }),
      );
      const found = new Set<number>();
      for (let kill = 0; kill < KILLS; kill++) {
        const program = startProgram([join(programs, 'store.cjs'), store.directory, ...layouts]);
        await program.waitForSteps(1 + (kill % 5));
        await delay(Math.random() * 15);
        program.kill();
        await program.ended;
        found.add(await requireWhole(store));
      }
      assert.ok(found.size > 1, `the kills hit different moments: ${[...found].join()}`);
      const again = await openImageStore(store.directory);
      await importImage(again, await openLocalImage({ scheme: 'oci', path: layouts[0] ?? '', tag: undefined }), { name: 'last' });
      await pruneImages(again, { all: true });
      for (const part of ['names', 'partial', 'staged', 'transactions', 'leases', 'locks', 'blobs/sha256'])
        assert.deepEqual(
          (await readdir(join(store.directory, part))).filter((name) => !isStaleLock(part, name)),
          [],
          part,
        );
    }));

  /** One that nobody waits for is taken over by whoever next needs it. */
  function isStaleLock(part: string, name: string): boolean {
    return part === 'locks' && /^blob-[0-9a-f]{64}\.lock$/.test(name);
  }

  it('keeps no name that was half written when its writer was killed', () =>
    inLab(async ({ store }) => {
      const names = join(store.directory, 'names');
      await writeFile(join(names, `${'0'.repeat(64)}.json.${'0'.repeat(16)}.staged`), '{');
      await pruneImages(store, { all: true });
      assert.deepEqual(await readdir(names), []);
    }));

  it('is used by several at once, whose images are all whole', () =>
    inLab(async ({ path, store }) => {
      const layouts = await Promise.all(
        ['one', 'two'].map(async (name) => {
          const builder = new ImageBuilder();
          builder.image([await makeTar([file('shared', Buffer.alloc(300_000, 's'))]), await makeTar([file(name)])]);
          await builder.writeLayout(join(path, name));
          return join(path, name);
        }),
      );
      const all = [0, 1, 2].map(() => startProgram([join(programs, 'store.cjs'), store.directory, ...layouts]));
      await Promise.all(all.map((program) => program.waitForSteps(2)));
      for (const program of all) program.kill();
      await Promise.all(all.map(({ ended }) => ended));
      await requireWhole(store);
    }));
});

describe('a run that is killed while a root is made', function () {
  this.timeout(180_000);
  let cli: Cli;
  before(async function () {
    needUserNamespaces(this);
    needTool(this, 'tar');
    cli = await openCli();
  });
  after(() => cli?.close());

  it('leaves no half root: the next run has a whole one', async () => {
    const builder = new ImageBuilder();
    const tree = execFileSync('tar', ['-C', await makeRootfs(join(cli.root, 'rootfs')), '-cf', '-', '.'], { maxBuffer: 256 * 1_048_576 });
    const many = await makeTar(Array.from({ length: 3000 }, (_, index) => file(`many/${index}`)));
    builder.image([tree, many], { config: { Cmd: ['/bin/sh', '-c', 'set -- /many/*; echo $#'] } });
    const image = join(cli.root, 'image');
    await builder.writeLayout(image);
    const isRoot = process.getuid?.() === 0;
    const store = join(cli.root, isRoot ? 'system/var/lib/bulkhead' : 'home/.local/state/bulkhead', 'image-store');
    const { stdout } = await cli.run('run', `oci:${image}`);
    assert.equal(stdout, '3000');
    let whole = 0;
    for (let kill = 0; kill < ROOT_KILLS; kill++) {
      await pruneImages(await openImageStore(store));
      assert.deepEqual(await readdir(join(store, 'roots')), []);
      const running = cli.start(['run', `oci:${image}`]);
      // Some while it begins, most while it unpacks.
      await Promise.race([running, waitForStaged(store).then(() => delay(Math.random() * 300))]);
      running.kill('SIGKILL');
      await running;
      whole += (await readdir(join(store, 'roots'))).length;
    }
    assert.ok(whole < ROOT_KILLS, 'some were killed before their root was there');
    assert.equal((await cli.run('run', `oci:${image}`)).stdout, '3000');
    assert.equal((await readdir(join(store, 'roots'))).length, 1);
    for (const part of ['staged', 'transactions']) assert.deepEqual(await readdir(join(store, part)), [], part);
  });

  async function waitForStaged(store: string): Promise<void> {
    for (let tries = 0; tries < 1000 && (await readdir(join(store, 'staged'))).length === 0; tries++) await delay(5);
  }
});
