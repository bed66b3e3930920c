import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { openCli, type Cli } from '../helpers/cli.js';
import { needTool, needUserNamespaces } from '../helpers/need.js';
import { makeRootfs } from '../helpers/rootfs.js';

describe('bulkhead run and the root file system', function () {
  let cli: Cli;
  let rootfs: string;
  beforeEach(async function () {
    needUserNamespaces(this);
    needTool(this, 'ldd');
    cli = await openCli();
    rootfs = await makeRootfs(join(cli.root, 'rootfs'));
  });
  afterEach(() => cli?.close());

  it('keeps what is written with --overlay, and has memory with --tmpfs', async () => {
    const changes = join(cli.root, 'changes');
    await mkdir(changes, { mode: 0o700 });
    const flags = ['--overlay', changes, '--tmpfs', '/fast:1M'];
    const first = await cli.run('run', ...flags, rootfs, '/bin/sh', '-c', 'echo kept >/etc/new; echo gone >/fast/x');
    assert.equal(first.exitCode, 0, first.stderr);
    const second = await cli.run('run', ...flags, rootfs, '/bin/sh', '-c', 'cat /etc/new; ls /fast');
    assert.deepEqual([second.exitCode, second.stdout], [0, 'kept'], second.stderr);
    assert.equal(await readFile(join(changes, 'upper/etc/new'), 'utf8'), 'kept\n');
  });

  it('runs a squashfs without any plugin, and says with --debug which way it was shown', async function () {
    for (const tool of ['mksquashfs', 'unsquashfs']) needTool(this, tool);
    const image = join(cli.root, 'image.squashfs');
    execFileSync('mksquashfs', [rootfs, image, '-noappend', '-quiet', '-no-progress', '-all-root'], { stdio: 'ignore' });
    const { exitCode, stdout, stderr } = await cli.run('run', '--debug', image, '/bin/cat', '/etc/link');
    assert.deepEqual([exitCode, stdout], [0, 'from the image'], stderr);
    assert.match(stderr, /DEBUG.* Image \S+image\.squashfs: squashfs by (?:kernel|squashfuse_ll|squashfuse|unpack)\b/);
    assert.match(stderr, /DEBUG.* Over image \S+image\.squashfs: overlay by kernel$/m);
  });
});
