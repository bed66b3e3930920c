/** A container that is on record keeps its image, whether it runs or not. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { importImage, openImageStore, openLocalImage } from '#images/images.js';
import { openCli, type Cli } from '../helpers/cli.js';
import { needTool, needUserNamespaces } from '../helpers/need.js';
import { makeRootfs } from '../helpers/rootfs.js';
import { file, ImageBuilder, makeTar } from '../images/builder.js';

const NAME = 'docker://docker.io/library/kept:latest';

describe('an image of which there is a container', () => {
  let cli: Cli;
  let storePath: string;
  beforeEach(async () => {
    cli = await openCli();
    const isRoot = process.getuid?.() === 0;
    storePath = join(cli.root, isRoot ? 'system/var/lib/bulkhead' : 'home/.local/state/bulkhead', 'image-store');
  });
  afterEach(() => cli.close());

  async function storeImage(layer: Buffer, names: readonly string[], Cmd: readonly string[] = ['/bin/true']): Promise<void> {
    const builder = new ImageBuilder();
    builder.image([layer], { config: { Cmd } });
    const path = join(cli.root, 'layout');
    await builder.writeLayout(path);
    const store = await openImageStore(storePath);
    for (const name of names) await importImage(store, await openLocalImage({ scheme: 'oci', path, tag: undefined }), { name });
  }

  async function treeWithShell(): Promise<Buffer> {
    const rootfs = await makeRootfs(join(cli.root, 'rootfs'));
    return execFileSync('tar', ['-C', rootfs, '-cf', '-', '.'], { maxBuffer: 256 * 1_048_576 });
  }

  async function listImages(): Promise<string[]> {
    const { stdout } = await cli.run('image', 'list', '--json');
    return (JSON.parse(stdout) as { images: { name: string }[] }).images.map(({ name }) => name);
  }

  it('stays from "create" to "remove", whatever is to be removed', async () => {
    await storeImage(await makeTar([file('a')]), [NAME]);
    const created = await cli.run('create', '--name', 'web', 'docker://kept');
    assert.equal(created.exitCode, 0, created.stderr);
    const refused = await cli.run('image', 'remove', 'docker://kept');
    assert.equal(refused.exitCode, 255);
    assert.match(refused.stderr, /Cannot remove image docker:.*: it is in use by container web\n/);
    assert.match(refused.stderr, /Try: bulkhead list --all/);
    await cli.run('image', 'prune', '--all');
    assert.deepEqual(await listImages(), [NAME]);
    assert.equal((await cli.run('remove', 'web')).exitCode, 0);
    assert.equal((await cli.run('image', 'remove', 'docker://kept')).exitCode, 0);
    assert.deepEqual(await listImages(), []);
    assert.deepEqual(await readdir(join(storePath, 'leases')), []);
  });

  it('keeps the name by which the container asks for it; another name goes', async () => {
    const other = 'docker://docker.io/library/other:1';
    await storeImage(await makeTar([file('a')]), [NAME, other]);
    const { stdout: id } = await cli.run('create', 'docker://kept');
    assert.match((await cli.run('image', 'remove', NAME)).stderr, new RegExp(`in use by container ${id}\n`));
    assert.equal((await cli.run('image', 'remove', other)).exitCode, 0);
    // The name means another image by now, and that one is what the container will run.
    await storeImage(await makeTar([file('b')]), [NAME]);
    await cli.run('image', 'prune', '--all');
    assert.deepEqual(await listImages(), [NAME]);
  });

  it('is there for the next start, with its root', async function () {
    needUserNamespaces(this);
    needTool(this, 'tar');
    await storeImage(await treeWithShell(), [NAME], ['/bin/cat', '/etc/marker']);
    const first = await cli.run('run', '--name', 'job', 'docker://kept');
    assert.deepEqual([first.exitCode, first.stdout], [0, 'from the image'], first.stderr);
    const roots = await readdir(join(storePath, 'roots'));
    await cli.run('image', 'prune', '--all');
    assert.deepEqual(await readdir(join(storePath, 'roots')), roots);
    const again = await cli.run('start', '--attach', 'job');
    assert.deepEqual([again.exitCode, again.stdout], [0, 'from the image'], again.stderr);
    await cli.run('remove', 'job');
    await cli.run('image', 'prune', '--all');
    assert.deepEqual([await listImages(), await readdir(join(storePath, 'roots'))], [[], []]);
  });

  it('of a layout has its root kept too, until the container goes', async function () {
    needUserNamespaces(this);
    needTool(this, 'tar');
    await storeImage(await treeWithShell(), [], ['/bin/cat', '/etc/marker']);
    const made = await cli.run('run', '--name', 'job', `oci:${join(cli.root, 'layout')}`);
    assert.equal(made.stdout, 'from the image', made.stderr);
    await cli.run('image', 'prune');
    assert.equal((await readdir(join(storePath, 'roots'))).length, 1);
    await cli.run('remove', 'job');
    await cli.run('image', 'prune');
    assert.deepEqual(await readdir(join(storePath, 'roots')), []);
  });

  it('of which none was made, because the image is not there, leaves no container', async () => {
    const { exitCode, stderr } = await cli.run('create', '--pull', 'never', '--name', 'web', 'docker://nothing');
    assert.equal(exitCode, 255);
    assert.match(stderr, /Cannot find image/);
    assert.match((await cli.run('inspect', 'web')).stderr, /Cannot find container/);
  });
});
