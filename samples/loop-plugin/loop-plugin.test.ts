import assert from 'node:assert/strict';
import { openTestPlugin } from '@bulkhead/plugin-sdk/testing';
import { buildConfig } from '../../test/helpers/compartment.js';
import { openOnHost } from '../../test/helpers/run-on-host.js';

const directory = import.meta.dirname;

describe('loop-plugin in a compartment', () => {
  it('is stopped at its deadline', async () => {
    const plugin = await openTestPlugin(directory, { deadlineMs: 200 });
    try {
      await assert.rejects(
        plugin.call('engineConfig', { config: buildConfig() }),
        /engineConfig did not answer within 200 ms and was stopped/,
      );
    } finally {
      await plugin.close();
    }
  });
});

describe('loop-plugin and a container', () => {
  it('stops the run before anything starts, as a configuration that is not complete must', async function () {
    const cli = await openOnHost(this, [directory]);
    try {
      const { exitCode, stdout, stderr } = await cli.run('run', 'host:', 'echo', 'ran');
      assert.deepEqual({ exitCode, stdout }, { exitCode: 255, stdout: '' });
      assert.match(stderr, /example\.com\/loop-plugin.*engineConfig.*5000 ms/);
    } finally {
      await cli.close();
    }
  });

  it('is reported and passed over where the operator called it optional', async function () {
    const cli = await openOnHost(this, []);
    try {
      await cli.install(directory, '--optional');
      const { exitCode, stdout, stderr } = await cli.run('run', 'host:', 'echo', 'ran');
      assert.deepEqual({ exitCode, stdout }, { exitCode: 0, stdout: 'ran' });
      assert.match(stderr, /WARNING: .*example\.com\/loop-plugin.*going on without it/);
    } finally {
      await cli.close();
    }
  });
});
