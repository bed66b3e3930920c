import assert from 'node:assert/strict';
import { openTestPlugin, type TestPlugin } from '@bulkhead/plugin-sdk/testing';
import { openCli } from '../../test/helpers/cli.js';

const directory = import.meta.dirname;

describe('cli-plugin in a compartment', () => {
  let plugin: TestPlugin;
  before(async () => (plugin = await openTestPlugin(directory)));
  after(() => plugin.close());

  it('prints its arguments', async () => {
    assert.deepEqual(await plugin.command('test-cmd', ['a', 'b'], { upper: false, repeat: 1 }), {
      exitCode: 0,
      output: 'test-cmd is printing args: [a b]\n',
    });
  });

  it('minds its flags', async () => {
    const { output } = await plugin.command('test-cmd', ['a'], { upper: true, repeat: 2 });
    assert.equal(output, 'TEST-CMD IS PRINTING ARGS: [A]\n'.repeat(2));
  });

  it('exits with the code it is given, and with 255 when that is none', async () => {
    assert.equal((await plugin.command('exit-with', ['42'])).exitCode, 42);
    assert.equal((await plugin.command('exit-with', ['x'])).exitCode, 255);
  });
});

describe('cli-plugin, installed', () => {
  it('adds its commands to bulkhead, its help and its exit codes', async () => {
    const cli = await openCli();
    try {
      await cli.install(directory);
      assert.deepEqual(await cli.run('test-cmd', 'my', 'test', 'my'), {
        exitCode: 0,
        stdout: 'test-cmd is printing args: [my test my]',
        stderr: '',
      });
      assert.equal((await cli.run('exit-with', '42')).exitCode, 42);
      assert.match((await cli.run('--help')).stdout, /test-cmd +Test test \(example\.com\/cli-plugin\)/);
      assert.match((await cli.run('test-cmd', '--help')).stdout, /--repeat=<value>/);
      assert.equal((await cli.run('test-cmd')).exitCode, 1);
    } finally {
      await cli.close();
    }
  });
});
