import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { openTestPlugin } from '@bulkhead/plugin-sdk/testing';
import { makeExt4, makeSquashfs } from '../../test/engine/drivers/images.js';
import { openCli } from '../../test/helpers/cli.js';
import { needFuse, needTool, needUserNamespaces } from '../../test/helpers/need.js';
import { writeConfig } from '../../test/helpers/policy.js';
import { makeRootfs } from '../../test/helpers/rootfs.js';

const directory = import.meta.dirname;

describe('squashfuse-plugin in a compartment', () => {
  it('names a program for each format, and leaves a part of a file to the kernel where the program cannot', async () => {
    const plugin = await openTestPlugin(directory);
    try {
      assert.deepEqual(plugin.description.imageFeatures, ['squashfs', 'ext3']);
      const image = { image: './a', path: '/a', offset: 4096, sizeBytes: 8192, privileged: false };
      const squashfs = await plugin.call('mountImage', { ...image, feature: 'squashfs' });
      assert.ok(squashfs.type === 'program');
      assert.deepEqual(squashfs.args, ['-f', '-o', 'ro,nosuid,nodev,offset=4096', '{image}', '{target}']);
      assert.deepEqual(await plugin.call('mountImage', { ...image, feature: 'ext3' }), { type: 'kernel' });
    } finally {
      await plugin.close();
    }
  });
});

describe('squashfuse-plugin and a container', () => {
  it('shows what squashfs and ext4 files hold, for whoever runs it, and is told of start and stop', async function () {
    for (const tool of ['mksquashfs', 'squashfuse_ll', 'fuse2fs', 'ldd']) needTool(this, tool);
    needFuse(this);
    needUserNamespaces(this);
    const cli = await openCli();
    try {
      await cli.install(directory);
      await writeConfig(cli, 'image-driver = "example.com/squashfuse-plugin"\n');
      const rootfs = await makeRootfs(join(cli.root, 'rootfs'));
      for (const image of [await makeSquashfs(cli.root, rootfs), await makeExt4(cli.root, rootfs)]) {
        const { exitCode, stdout, stderr } = await cli.run(
          'run',
          '--debug',
          image,
          '/bin/sh',
          '-c',
          'cat /etc/link; touch /new && ls /new',
        );
        assert.equal(exitCode, 0, stderr);
        assert.equal(stdout, 'from the image\n/new');
        assert.match(stderr, /squashfuse-plugin\] start [^]*squashfuse-plugin\] stop /);
      }
      assert.equal(execFileSync('sh', ['-c', `grep -c ${cli.root} /proc/self/mountinfo || true`], { encoding: 'utf8' }), '0\n');
    } finally {
      await cli.close();
    }
  });
});
