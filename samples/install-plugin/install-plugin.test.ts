import assert from 'node:assert/strict';
import { openTestPlugin, type TestPlugin } from '@bulkhead/plugin-sdk/testing';
import { openCli } from '../../test/helpers/cli.js';

const directory = import.meta.dirname;
const name = 'example.com/install-plugin';

describe('install-plugin in a compartment', () => {
  let plugin: TestPlugin;
  beforeEach(async () => (plugin = await openTestPlugin(directory)));
  afterEach(() => plugin.close());

  it('makes two seats when it is installed', async () => {
    await plugin.call('install', { scope: 'user' });
    assert.deepEqual(plugin.log, [{ level: 'info', message: `[${name}] made two seats for you` }]);
    assert.equal((await plugin.command('seat list')).output, 'first  free\nsecond  free\n');
  });

  it('lends a seat until there are no more', async () => {
    await plugin.call('install', { scope: 'system' });
    for (const [user, exitCode] of [['ann', 0] as const, ['bob', 0] as const, ['cid', 1] as const])
      assert.equal((await plugin.command('seat take', [user])).exitCode, exitCode);
    assert.equal((await plugin.command('seat list')).output, 'first  ann\nsecond  bob\n');
  });

  it('does nothing in an upgrade from a version that kept its seats as this one does', async () => {
    await plugin.call('install', { scope: 'user' });
    await plugin.call('upgrade', { scope: 'user', from: '0.2.0', to: '0.2.1' });
    assert.equal((await plugin.command('seat list')).output, 'first  free\nsecond  free\n');
  });

  it('does not want to go while a seat is lent', async () => {
    await plugin.call('install', { scope: 'user' });
    await plugin.command('seat take', ['ann']);
    await assert.rejects(plugin.call('uninstall', { scope: 'user' }), /these seats are lent: first to ann/);
    await plugin.command('seat give', ['ann']);
    await plugin.call('uninstall', { scope: 'user' });
  });
});

describe('install-plugin, installed', () => {
  it('has its seats from the start, and stays while one is lent', async () => {
    const cli = await openCli();
    try {
      await cli.install(directory);
      assert.equal((await cli.run('seat', 'list')).stdout, 'first  free\nsecond  free');
      await cli.run('seat', 'take', 'ann');
      const refused = await cli.run('plugin', 'uninstall', name);
      assert.equal(refused.exitCode, 255);
      assert.match(refused.stderr, /these seats are lent: first to ann; it stays installed\.\n +Try: bulkhead plugin uninstall --force/);
      assert.equal((await cli.run('seat', 'list')).stdout, 'first  ann\nsecond  free');
      await cli.run('seat', 'give', 'ann');
      assert.deepEqual(await cli.run('plugin', 'uninstall', name), { exitCode: 0, stdout: `Uninstalled plugin "${name}".`, stderr: '' });
    } finally {
      await cli.close();
    }
  });
});
