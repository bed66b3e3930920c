import assert from 'node:assert/strict';
import { openTestPlugin } from '@bulkhead/plugin-sdk/testing';
import { runOnHost } from '../../test/helpers/run-on-host.js';

const directory = import.meta.dirname;
const container = { id: 'abcdefghijkl', image: 'host:', command: ['true'], pid: 1, startedAt: 0, uid: 1000 };

describe('monitor-plugin in a compartment', () => {
  it('reports the highest peak that it saw', async () => {
    const plugin = await openTestPlugin(directory);
    try {
      await plugin.call('monitorContainer', { container, event: { type: 'start' } });
      for (const peak of [1, 3, 2]) {
        await plugin.call('monitorContainer', {
          container,
          event: { type: 'sample', memoryBytes: 1, peakMemoryBytes: peak * 1_048_576, cpuMs: peak, runMs: peak },
        });
      }
      await plugin.call('monitorContainer', { container, event: { type: 'exit', exitCode: 7, runMs: 1234 } });
      assert.equal(
        plugin.log.at(-1)?.message,
        '[example.com/monitor-plugin] abcdefghijkl exited with 7 after 1.2 s; peak memory 3.0 MiB; CPU 2 ms',
      );
    } finally {
      await plugin.close();
    }
  });
});

describe('monitor-plugin and a container', () => {
  it('has seen its memory and its exit', async function () {
    const { stderr, exitCode } = await runOnHost(this, [directory], 'sleep 0.5; exit 7');
    assert.equal(exitCode, 7);
    assert.match(
      stderr,
      /\[example\.com\/monitor-plugin\] [a-z0-9]{12} exited with 7 after \d+\.\d s; peak memory \d+\.\d MiB; CPU \d+ ms/,
    );
  });
});
