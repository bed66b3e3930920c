import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { openTestPlugin } from '@bulkhead/plugin-sdk/testing';
import { openCli } from '../../test/helpers/cli.js';
import { needFuse, needTool, needUserNamespaces } from '../../test/helpers/need.js';
import { writeConfig } from '../../test/helpers/policy.js';
import { makeRootfs } from '../../test/helpers/rootfs.js';

const directory = import.meta.dirname;

describe('fuse-overlay-plugin in a compartment', () => {
  it('lays overlays and nothing else', async () => {
    const plugin = await openTestPlugin(directory);
    try {
      assert.deepEqual(plugin.description.imageFeatures, ['overlay']);
      const readOnly = await plugin.call('mountImage', { feature: 'overlay', image: './a', writable: false, privileged: false });
      assert.ok(readOnly.type === 'program' && !readOnly.args.some((argument) => argument.includes('{upper}')));
    } finally {
      await plugin.close();
    }
  });
});

describe('fuse-overlay-plugin and a container', () => {
  it('lays the writable layer over a directory, where the operator wants overlays of a driver', async function () {
    for (const tool of ['fuse-overlayfs', 'ldd']) needTool(this, tool);
    needFuse(this);
    needUserNamespaces(this);
    const cli = await openCli();
    try {
      await cli.install(directory);
      await writeConfig(cli, 'enable-overlay = "driver"\n');
      const rootfs = await makeRootfs(join(cli.root, 'rootfs'));
      const script = 'cat /etc/marker /proc/self/mountinfo; touch /new && ls /new';
      const { exitCode, stdout, stderr } = await cli.run('run', rootfs, '/bin/sh', '-c', script);
      assert.equal(exitCode, 0, stderr);
      assert.match(stdout, /^from the image\n[^]* fuse\.fuse-overlayfs [^]*\/new$/);
      assert.ok(!(await readdir(rootfs)).includes('new'), 'the image was written to');
    } finally {
      await cli.close();
    }
  });
});
