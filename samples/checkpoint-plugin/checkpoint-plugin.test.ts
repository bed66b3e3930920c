import assert from 'node:assert/strict';
import { copyFile, mkdir, realpath, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { openTestPlugin } from '@bulkhead/plugin-sdk/testing';
import { buildConfig } from '../../test/helpers/compartment.js';
import { openOnHost } from '../../test/helpers/run-on-host.js';

const directory = import.meta.dirname;
/** Some shared library that a shell does not load by itself. */
const library = ['/lib/x86_64-linux-gnu', '/lib/aarch64-linux-gnu', '/lib64', '/usr/lib64', '/usr/lib', '/lib']
  .map((path) => join(path, 'libm.so.6'))
  .find((path) => existsSync(path));

describe('checkpoint-plugin in a compartment', () => {
  it('changes nothing where no directory is named', async () => {
    const plugin = await openTestPlugin(directory);
    try {
      assert.equal(await plugin.call('engineConfig', { config: buildConfig() }), undefined);
    } finally {
      await plugin.close();
    }
  });

  it('puts its library in front of those that are preloaded already', async () => {
    const plugin = await openTestPlugin(directory, { env: { CHECKPOINT_DIR: '/opt/tool', CHECKPOINT_LIBRARY: 'tool.so' } });
    try {
      const changes = await plugin.call('engineConfig', { config: buildConfig({ env: { LD_PRELOAD: '/a.so:/b.so' } }) });
      assert.deepEqual(changes?.env, { LD_PRELOAD: '/.checkpoint/tool.so:/a.so:/b.so' });
    } finally {
      await plugin.close();
    }
  });
});

describe('checkpoint-plugin and a container', () => {
  it('has the tool in it, read-only, and its library in the command', async function () {
    const cli = await openOnHost(this, [directory]);
    try {
      const tool = join(cli.root, 'tool');
      await mkdir(tool);
      await writeFile(join(tool, 'version'), '1.2');
      if (library !== undefined) await copyFile(await realpath(library), join(tool, 'tool.so'));
      const env = { ...cli.env, CHECKPOINT_DIR: tool, ...(library === undefined ? {} : { CHECKPOINT_LIBRARY: 'tool.so' }) };
      const look =
        'cat /.checkpoint/version; echo; echo x 2>/dev/null >/.checkpoint/new || echo read-only; grep -c tool.so /proc/self/maps';
      const { stdout, stderr } = await cli.start(['run', 'host:', 'sh', '-c', look], { env });
      const [version, readOnly, mapped] = String(stdout).split('\n');
      assert.deepEqual([version, readOnly], ['1.2', 'read-only'], String(stderr));
      assert.equal(Number(mapped) > 0, library !== undefined);
    } finally {
      await cli.close();
    }
  });
});
