import assert from 'node:assert/strict';
import { openTestPlugin } from '@bulkhead/plugin-sdk/testing';
import { buildConfig } from '../../test/helpers/compartment.js';
import { runOnHost } from '../../test/helpers/run-on-host.js';

const directory = import.meta.dirname;

describe('limits-plugin in a compartment', () => {
  it('lowers what the user asked for, and never raises it', async () => {
    const plugin = await openTestPlugin(directory);
    try {
      const limitsFor = async (memoryBytes?: number) =>
        (await plugin.call('engineConfig', { config: buildConfig(memoryBytes === undefined ? {} : { limits: { memoryBytes } }) }))?.limits;
      assert.deepEqual(await limitsFor(), { memoryBytes: 67_108_864, pids: 256 });
      assert.deepEqual(await limitsFor(1_048_576), { memoryBytes: 1_048_576, pids: 256 });
      assert.deepEqual(await limitsFor(1e12), { memoryBytes: 67_108_864, pids: 256 });
      assert.match(plugin.log.at(-1)?.message ?? '', /Overriding cgroups config$/);
    } finally {
      await plugin.close();
    }
  });
});

describe('limits-plugin and a container', () => {
  it('ends what takes more memory, or the user is told that nothing holds it', async function () {
    const { stdout, stderr } = await runOnHost(this, [directory], 'head -c 300000000 /dev/zero | tail -c 290000000 | wc -c');
    if (/limit of 67108864 bytes of memory is not held/.test(stderr)) assert.equal(stdout, '290000000');
    else assert.notEqual(stdout, '290000000', stderr);
  });
});
