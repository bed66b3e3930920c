import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { after, before, describe, it } from 'mocha';
import { BUILTIN_SCHEMES } from '#engine/images/built-in.js';
import { importImage, openImageStore, openLocalImage } from '#images/images.js';
import { reservedSchemes } from '#wiring/contributions.js';
import { openCli, type Cli } from '../helpers/cli.js';
import { needRoot, needTool, needUserNamespaces } from '../helpers/need.js';
import { makeRootfs } from '../helpers/rootfs.js';
import { ImageBuilder, makeTar, file } from '../images/builder.js';

describe('bulkhead run, with images of layers', () => {
  let cli: Cli;
  let tree: Buffer;
  let storePath: string;

  before(async function () {
    needUserNamespaces(this);
    needTool(this, 'tar');
    cli = await openCli();
    const rootfs = await makeRootfs(join(cli.root, 'rootfs'));
    await writeFile(join(rootfs, 'etc/passwd'), 'root:x:0:0::/root:/bin/sh\napp:x:1234:1235::/:/bin/sh\n');
    tree = execFileSync('tar', ['-C', rootfs, '--owner=0', '--group=0', '-cf', '-', '.'], { maxBuffer: 256 * 1_048_576 });
    const isRoot = process.getuid?.() === 0;
    storePath = join(cli.root, isRoot ? 'system/var/lib/bulkhead' : 'home/.local/state/bulkhead', 'image-store');
  });
  after(() => cli?.close());

  /** Of the host's sh, a marker in a second layer, and what it is to run. */
  async function writeImage(name: string, config: object, layers: readonly Buffer[] = []): Promise<string> {
    const builder = new ImageBuilder();
    const marker = gzipSync(await makeTar([file('etc/marker', 'from the second layer\n')]));
    builder.image([tree, marker, ...layers], { tag: 'v1', config });
    const path = join(cli.root, name);
    await mkdir(path, { recursive: true });
    await builder.writeLayout(join(path, 'layout'));
    await builder.writeArchive(join(path, 'archive'));
    return path;
  }

  const say = (...words: string[]): string[] => ['/bin/sh', '-c', words.join('; ')];

  it('runs an OCI layout and an OCI archive: its layers, command, environment and directory', async () => {
    const path = await writeImage('config', {
      Cmd: say('cat /etc/marker', 'echo $GREETING in $PWD'),
      Env: ['GREETING=hello', '=x', 'no'],
      WorkingDir: '/etc',
    });
    for (const image of [`oci:${path}/layout`, `oci:${path}/layout:v1`, `oci-archive:${path}/archive`]) {
      const { stdout, stderr, exitCode } = await cli.run('run', image);
      assert.deepEqual([stdout, stderr, exitCode], ['from the second layer\nhello in /etc', '', 0], image);
    }
    const changed = await cli.run('run', '--env', 'GREETING=bye', '--cwd', '/', `oci:${path}/layout`);
    assert.equal(changed.stdout, 'from the second layer\nbye in /');
    const other = await cli.run('run', `oci:${path}/layout`, '/bin/sh', '-c', 'exit 7');
    assert.equal(other.exitCode, 7);
  });

  it('makes the root once, and leaves no lease and nothing half made', async () => {
    const path = await writeImage('once', { Cmd: say('true') });
    for (let count = 0; count < 3; count++) assert.equal((await cli.run('run', `oci:${path}/layout`)).exitCode, 0);
    assert.equal((await readdir(join(storePath, 'roots'))).length, 1);
    for (const part of ['leases', 'staged', 'locks', 'transactions', 'partial'])
      assert.deepEqual(await readdir(join(storePath, part)), [], part);
  });

  it('puts the words of the user behind the entrypoint, in place of the command', async () => {
    const path = await writeImage('entry', { Entrypoint: ['/bin/sh', '-c', 'echo "$0 $*"'], Cmd: ['from', 'image'] });
    assert.equal((await cli.run('run', `oci:${path}/layout`)).stdout, 'from image');
    assert.equal((await cli.run('run', `oci:${path}/layout`, 'typed', 'words')).stdout, 'typed words');
  });

  it('is the user of the image where root runs it, by the name that the image knows', async function () {
    needRoot(this);
    const whoami = say(
      'read -r line < /proc/self/status',
      'while read -r key ids; do case $key in Uid:|Gid:) echo $ids;; esac; done < /proc/self/status',
    );
    const path = await writeImage('user', { Cmd: whoami, User: 'app' });
    const numbers = (stdout: string): string[] => stdout.split('\n').map((line) => line.split(/\s/)[0] ?? '');
    assert.deepEqual(numbers((await cli.run('run', `oci:${path}/layout`)).stdout), ['1234', '1235']);
    assert.deepEqual(numbers((await cli.run('run', '--user', '7:8', `oci:${path}/layout`)).stdout), ['7', '8']);
    assert.deepEqual(numbers((await cli.run('run', '--user', 'root', `oci:${path}/layout`)).stdout), ['0', '0']);
    const named = await cli.run('run', '--plugin-dry-run', '--json', '--user', 'app', `oci:${path}/layout`);
    assert.match(named.stdout, /"uid": ?1234/, named.stderr);
    const unknown = await writeImage('nobody', { Cmd: ['true'], User: 'nobody-here' });
    assert.match((await cli.run('run', `oci:${unknown}/layout`)).stderr, /its user "nobody-here" is not in its \/etc\/passwd/);
  });

  it('runs an image of a registry that is in the store, by any way of writing its name', async () => {
    const path = await writeImage('stored', { Cmd: say('cat /etc/marker') });
    const store = await openImageStore(storePath);
    const source = await openLocalImage({ scheme: 'oci', path: `${path}/layout`, tag: undefined });
    await importImage(store, source, { name: 'docker://docker.io/library/marker:latest' });
    await rm(path, { recursive: true });
    for (const image of ['docker://marker', 'docker://library/marker:latest', 'docker://docker.io/library/marker'])
      assert.equal((await cli.run('run', image)).stdout, 'from the second layer', image);
  });

  it('says what is wrong with an image, and leaves nothing of it', async () => {
    const path = await writeImage('evil', { Cmd: ['true'] }, [await makeTar([file('../evil')])]);
    const { stderr, exitCode } = await cli.run('run', `oci:${path}/layout`);
    assert.equal(exitCode, 255);
    assert.match(stderr, /Cannot unpack layer sha256:[0-9a-f]{64}: its entry "\.\.\/evil" is refused: its name leads elsewhere/);
    assert.match((await cli.run('run', 'oci:/nowhere')).stderr, /Cannot read image \/nowhere: it has no index\.json/);
    assert.deepEqual(await readdir(join(storePath, 'staged')), []);
  });

  it('shows with --plugin-dry-run what would run, and unpacks nothing', async () => {
    const path = await writeImage('dry', { Cmd: ['/bin/never'], Env: ['A=b'], Labels: { x: 'y' } }, [await makeTar([file('dry')])]);
    const before = await readdir(join(storePath, 'roots'));
    const { stdout } = await cli.run('run', '--plugin-dry-run', '--json', `oci:${path}/layout`);
    assert.match(stdout, /"\/bin\/never"/);
    assert.deepEqual(await readdir(join(storePath, 'roots')), before);
  });

  it('reserves the schemes that the engine opens', () => {
    assert.deepEqual(reservedSchemes, BUILTIN_SCHEMES);
  });
});
