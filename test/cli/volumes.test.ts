import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { openCli, type Cli } from '../helpers/cli.js';
import { needTool, needUserNamespaces } from '../helpers/need.js';
import { makeRootfs } from '../helpers/rootfs.js';

describe('bulkhead run with volumes and the flags of other tools', () => {
  let cli: Cli;
  let image: string;
  before(async function () {
    needUserNamespaces(this);
    cli = await openCli();
    image = await makeRootfs(join(cli.root, 'image'));
    await writeFile(join(image, 'etc/passwd'), 'root:x:0:0::/root:/bin/sh\nweb:x:1234:1235::/srv:/bin/sh\n');
    await writeFile(join(image, 'etc/group'), 'root:x:0:\nweb:x:1235:\nlog:x:1236:\n');
  });
  after(() => cli?.close());

  it('a volume keeps what one container writes for the next, and a read-only one takes nothing', async () => {
    const write = await cli.run('run', '--volume', 'cache:/cache', image, '/bin/sh', '-c', 'echo kept >/cache/file');
    assert.equal(write.exitCode, 0, write.stderr);
    const read = await cli.run(
      'run',
      '--mount',
      'type=volume,source=cache,target=/c,readonly',
      image,
      '/bin/sh',
      '-c',
      'cat /c/file; : >/c/more',
    );
    assert.match(`${read.exitCode} ${read.stdout}`, /^2 kept$/);
    const { path } = JSON.parse((await cli.run('volume', 'inspect', 'cache')).stdout) as { path: string };
    assert.equal(await readFile(join(path, 'file'), 'utf8'), 'kept\n');
    assert.match((await cli.run('__complete', 'volume', 'inspect', 'ca')).stdout, /^cache\t?$/);
  });

  it('a volume in use is not removed; afterwards it is, and prune removes what nobody names', async () => {
    const held = cli.start(['run', '-v', 'busy:/busy', image, '/bin/sh', '-c', 'echo up; read -r line'], { stdin: 'pipe' });
    await new Promise<void>((resolve) => held.stdout?.once('data', () => resolve()));
    const refused = await cli.run('volume', 'remove', 'busy');
    assert.deepEqual([refused.exitCode, /VOLUME|uses it/.test(refused.stderr)], [255, true], refused.stderr);
    assert.equal((await cli.run('volume', 'prune')).stdout.includes('busy'), false);
    held.stdin?.end('\n');
    await held;
    assert.equal((await cli.run('volume', 'create', 'idle')).stdout, 'idle');
    assert.match((await cli.run('volume', 'list')).stdout, /^NAME[^]*busy[^]*idle/);
    assert.equal((await cli.run('volume', 'remove', 'busy')).stdout, 'busy');
    assert.match((await cli.run('volume', 'prune')).stdout, /idle/);
    const { volumes } = JSON.parse((await cli.run('volume', 'list', '--json')).stdout) as { volumes: unknown[] };
    assert.deepEqual(volumes, []);
  });

  it('a new volume begins with what the image has there, for the first container alone', async () => {
    const run = (...words: string[]) => cli.run('run', '-v', 'config:/etc', image, '/bin/sh', '-c', ...words);
    const first = await run('cat /etc/marker; echo changed >/etc/marker; echo more >/etc/more');
    assert.deepEqual([first.exitCode, first.stdout], [0, 'from the image'], first.stderr);
    assert.equal((await run('cat /etc/marker /etc/more')).stdout, 'changed\nmore');
    assert.equal(await readFile(join(image, 'etc/marker'), 'utf8'), 'from the image\n');
    const readOnly = await cli.run('run', '--mount', 'type=volume,source=seen,target=/etc,readonly', image, '/bin/cat', '/etc/marker');
    assert.equal(readOnly.stdout, 'from the image', readOnly.stderr);
    const both = await Promise.all([1, 2].map(() => cli.run('run', '-v', 'both:/etc', image, '/bin/cat', '/etc/marker', '/etc/passwd')));
    for (const { stdout, stderr } of both) assert.match(stdout, /^from the image\nroot:/, stderr);
  });

  it('a new volume is filled from a file system in a file as well', async function () {
    needTool(this, 'mksquashfs');
    const file = join(cli.root, 'image.squashfs');
    execFileSync('mksquashfs', [image, file, '-noappend', '-quiet', '-no-progress', '-all-root'], { stdio: 'ignore' });
    const { exitCode, stdout, stderr } = await cli.run('run', '-v', 'squashed:/etc', file, '/bin/cat', '/etc/marker');
    assert.deepEqual([exitCode, stdout], [0, 'from the image'], stderr);
    const { path } = JSON.parse((await cli.run('volume', 'inspect', 'squashed')).stdout) as { path: string };
    assert.equal(await readFile(join(path, 'marker'), 'utf8'), 'from the image\n');
  });

  it('--user takes names of a squashfs', async function () {
    for (const tool of ['mksquashfs', 'unsquashfs']) needTool(this, tool);
    const file = join(cli.root, 'users.squashfs');
    execFileSync('mksquashfs', [image, file, '-noappend', '-quiet', '-no-progress', '-all-root'], { stdio: 'ignore' });
    const status = (await cli.run('run', '--user', 'web:log', file, '/bin/cat', '/proc/self/status')).stdout;
    assert.deepEqual([/^Uid:\t(\d+)/m.exec(status)?.[1], /^Gid:\t(\d+)/m.exec(status)?.[1]], ['1234', '1236']);
    const unknown = await cli.run('run', '--user', 'nobody-here', file);
    assert.match(`${unknown.exitCode} ${unknown.stderr}`, /^255 .*the image knows no user "nobody-here"/);
  });

  it('a dry run makes no volume', async () => {
    const { exitCode } = await cli.run('run', '--plugin-dry-run', '-v', 'never:/never', image);
    assert.equal(exitCode, 0);
    assert.doesNotMatch((await cli.run('volume', 'list')).stdout, /never/);
  });

  it('--entrypoint takes the place of the image’s command, and -w says where it starts', async () => {
    const { stdout } = await cli.run('run', '--entrypoint', '/bin/sh', '-w', '/etc', image, '-c', 'cat marker; echo "$PWD"');
    assert.equal(stdout, 'from the image\n/etc');
  });

  it('--user takes names that the image knows, and numbers', async () => {
    const idOf = async (user: string) => (await cli.run('run', '--user', user, image, '/bin/cat', '/proc/self/status')).stdout;
    const uid = /^Uid:\t(\d+)/m;
    const gid = /^Gid:\t(\d+)/m;
    for (const [typed, expected] of [
      ['web', '1234:1235'],
      ['web:log', '1234:1236'],
      ['web:7', '1234:7'],
      ['5:log', '5:1236'],
      ['8:9', '8:9'],
    ] as const) {
      const status = await idOf(typed);
      assert.equal(`${uid.exec(status)?.[1]}:${gid.exec(status)?.[1]}`, expected, typed);
    }
    const unknown = await cli.run('run', '--user', 'nobody-here', image);
    assert.match(`${unknown.exitCode} ${unknown.stderr}`, /^255 .*the image knows no user "nobody-here"/);
  });
});
