import assert from 'node:assert/strict';
import { openTestPlugin } from '@bulkhead/plugin-sdk/testing';
import { openOnHost } from '../../test/helpers/run-on-host.js';

const directory = import.meta.dirname;
const container = { id: 'abcdefghijkl', image: 'host:', command: ['make', 'check'], pid: 1, startedAt: 0, uid: 1000 };

describe('log-plugin in a compartment', () => {
  it('records a run and shows it', async () => {
    const plugin = await openTestPlugin(directory);
    try {
      await plugin.call('postStartProcess', { container });
      assert.deepEqual(plugin.log, [{ level: 'info', message: '[example.com/log-plugin] recorded run abcdefghijkl of host:' }]);
      const { output } = await plugin.command('history');
      assert.equal(output, '1970-01-01T00:00:00.000Z  abcdefghijkl  UID=1000 IMAGE="host:" COMMAND="make check"\n');
    } finally {
      await plugin.close();
    }
  });

  it('keeps the last hundred', async () => {
    const plugin = await openTestPlugin(directory);
    try {
      for (let run = 0; run < 101; run += 1)
        await plugin.call('postStartProcess', { container: { ...container, pid: run, startedAt: run } });
      const lines = (await plugin.command('history')).output.trimEnd().split('\n');
      assert.equal(lines.length, 100);
      assert.match(lines[0] ?? '', /^1970-01-01T00:00:00\.001Z/);
    } finally {
      await plugin.close();
    }
  });
});

describe('log-plugin and a container', () => {
  it('has recorded the run', async function () {
    const cli = await openOnHost(this, [directory]);
    try {
      const { exitCode } = await cli.run('run', 'host:', 'true');
      assert.equal(exitCode, 0);
      assert.match((await cli.run('history')).stdout, /UID=\d+ IMAGE="host:" COMMAND="true"$/);
    } finally {
      await cli.close();
    }
  });
});
