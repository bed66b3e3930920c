import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { openTestPlugin } from '@bulkhead/plugin-sdk/testing';
import { buildConfig } from '../../test/helpers/compartment.js';
import { runOnHost } from '../../test/helpers/run-on-host.js';

const directory = import.meta.dirname;

describe('rdma-plugin in a compartment', () => {
  it('asks for devices that a host may lack, and says whom it precedes', async () => {
    const plugin = await openTestPlugin(directory);
    try {
      const { devices = [] } = (await plugin.call('engineConfig', { config: buildConfig() })) ?? {};
      assert.ok(devices.length > 0 && devices.every(({ path, optional }) => path.startsWith('/dev/infiniband/') && optional));
      assert.deepEqual(plugin.description.before, ['example.com/site-devices']);
    } finally {
      await plugin.close();
    }
  });
});

describe('rdma-plugin and a container', () => {
  it('has the devices that the host has', async function () {
    const { stdout, exitCode, stderr } = await runOnHost(this, [directory], 'test -c /dev/infiniband/rdma_cm && echo rdma || echo none');
    assert.deepEqual([exitCode, stdout], [0, existsSync('/dev/infiniband/rdma_cm') ? 'rdma' : 'none'], stderr);
  });
});
