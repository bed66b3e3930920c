import assert from 'node:assert/strict';
import { openTestPlugin, type TestPlugin } from '@bulkhead/plugin-sdk/testing';
import { openCli } from '../../test/helpers/cli.js';
import { openOnHost } from '../../test/helpers/run-on-host.js';

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

describe('cli-plugin around a run', () => {
  let plugin: TestPlugin;
  before(async () => (plugin = await openTestPlugin(directory)));
  after(() => plugin.close());

  const run = { command: 'run', args: ['host:', 'true'], commandFlags: {} };

  it('prints its text', async () => {
    assert.equal(await plugin.call('beforeCommand', { ...run, flags: { test: 'hello', abort: false } }), undefined);
    assert.match(plugin.log.at(-1)?.message ?? '', /test: hello$/);
  });

  it('aborts where it is told to', async () => {
    assert.deepEqual(await plugin.call('beforeCommand', { ...run, flags: { test: '', abort: true } }), {
      abort: { message: 'aborting run from the plugin' },
    });
  });

  it('sees the exit code', async () => {
    await plugin.call('afterCommand', { command: 'run', args: run.args, flags: { test: '', abort: false }, exitCode: 3, outcome: 'ended' });
    assert.match(plugin.log.at(-1)?.message ?? '', /run exits with 3$/);
  });
});

describe('cli-plugin, installed', () => {
  it('adds its commands to bulkhead, its help and its exit codes (apptainer 18-20)', async () => {
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
      assert.match((await cli.run('test-cmd', '--help')).stdout, /--repeat=N +\[default: 1\] How many times/);
      assert.equal((await cli.run('test-cmd')).exitCode, 1);
    } finally {
      await cli.close();
    }
  });

  it('adds its flags to "run": one prints, one aborts', async function () {
    const cli = await openOnHost(this, [directory]);
    try {
      assert.match(
        (await cli.run('run', '--help')).stdout,
        /EXAMPLE\.COM\/CLI-PLUGIN FLAGS\n.*--abort +should the run command be aborted\?\n/,
      );
      const printed = await cli.run('run', '--test', 'hello', 'host:', 'sh', '-c', 'exit 7');
      assert.equal(printed.exitCode, 7, printed.stderr);
      assert.match(
        printed.stderr,
        /INFO: +\[example\.com\/cli-plugin\] test: hello\nINFO: +\[example\.com\/cli-plugin\] run exits with 7$/,
      );
      const aborted = await cli.run('run', '--abort', 'host:', 'echo', 'ran');
      assert.deepEqual([aborted.exitCode, aborted.stdout], [1, '']);
      assert.match(aborted.stderr, /FATAL: +plugin "example\.com\/cli-plugin" stopped "run": aborting run from the plugin/);
      assert.equal((await cli.run('run', 'host:', 'true')).stderr, '');
    } finally {
      await cli.close();
    }
  });
});
