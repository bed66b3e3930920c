import assert from 'node:assert/strict';
import { chmod, mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { openCli, repository, type Cli } from '../helpers/cli.js';
import { installSource } from '../helpers/source.js';

describe('the commands of plugins', () => {
  let cli: Cli;
  beforeEach(async () => (cli = await openCli()));
  afterEach(() => cli.close());

  it('may have names of several words', async () => {
    await installSource(cli, `commands: { 'scratch list': { summary: 'Lists', run(_, host) { host.print('listed') } } }`);
    assert.equal((await cli.run('scratch', 'list')).stdout, 'listed');
    const { stdout } = await cli.run('scratch', '--help');
    assert.match(stdout, /\$ bulkhead scratch/);
    assert.match(stdout, /scratch list +Lists/);
  });

  it('are found in the directory that --plugin-dir names', async () => {
    await cli.install(join(repository, 'samples/cli-plugin'));
    const elsewhere = join(cli.root, 'elsewhere');
    await rename(join(cli.env['BULKHEAD_ROOT'] ?? '', 'usr/local/libexec/bulkhead/plugin'), elsewhere);
    assert.equal((await cli.run('test-cmd', 'a')).exitCode, 1);
    assert.equal((await cli.run('test-cmd', '--plugin-dir', elsewhere, 'a')).stdout, 'test-cmd is printing args: [a]');
    assert.equal((await cli.run('--plugin-dir', elsewhere, 'test-cmd', 'a')).stdout, 'test-cmd is printing args: [a]');
  });

  it('print all that they print, to a slow reader too', async () => {
    await installSource(
      cli,
      `commands: { much: { summary: '', run(_, host) { for (let i = 0; i < 20; i += 1) host.print('x'.repeat(40_000)) } } }`,
    );
    const command = `"$1" "$2" much | (sleep 1.5; wc -c)`;
    const { stdout } = await execa('sh', ['-c', command, 'sh', process.execPath, join(repository, 'bin/run.js')], {
      env: cli.env,
      extendEnv: false,
    });
    assert.equal(Number(stdout), 20 * 40_001);
  });

  it('cannot take a word of bulkhead, nor one of another plugin', async () => {
    await assert.rejects(installSource(cli, `commands: { run: { summary: '', run() {} } }`), /"run" is a command of bulkhead itself/);
    await installSource(cli, `commands: { mine: { summary: '', run() {} } }`, { name: 'test/one' });
    await assert.rejects(
      installSource(cli, `commands: { mine: { summary: '', run() {} } }`, { name: 'test/two' }),
      /test\/two.*test\/one/s,
    );
  });

  it('end with the message of the plugin and its place in the source when they fail', async () => {
    await installSource(cli, `commands: { bad: { summary: '',\n run() { throw new Error('no such scratch') } } }`);
    const { exitCode, stderr } = await cli.run('bad');
    assert.equal(exitCode, 255);
    assert.match(stderr, /^FATAL: {3}Plugin "test\/plugin" failed in command \(plugin\.ts:3:\d+\): no such scratch/);
  });

  it('leave bulkhead usable when their catalog is broken', async () => {
    await cli.install(join(repository, 'samples/cli-plugin'));
    const directory = join(cli.env['BULKHEAD_ROOT'] ?? '', 'usr/local/libexec/bulkhead/plugin');
    await writeFile(join(directory, 'receipts', `${'0'.repeat(64)}.json`), '{');
    assert.match((await cli.run('--help')).stdout, /test-cmd/);
    assert.match((await cli.run('plugin', 'list')).stderr, /WARNING: could not decode receipt/);
    await chmod(directory, 0o777);
    assert.equal((await cli.run('--help')).exitCode, 0);
    assert.match((await cli.run('plugin', 'list')).stderr, /WARNING: .*is refused/);
    await mkdir(join(cli.root, 'image'));
    assert.match((await cli.run('run', join(cli.root, 'image'), 'true')).stderr, /FATAL: {3}Cannot tell which plugins a run needs/);
  });

  it('are not read from standard input when they are missing', async () => {
    await cli.install(join(repository, 'samples/cli-plugin'));
    const { exitCode, stderr } = await cli.start(['plugin', 'uninstall'], { input: 'example.com/cli-plugin\n', stdin: 'pipe' });
    assert.deepEqual([exitCode, String(stderr).split('\n')[0]], [1, 'ERROR:   Missing 1 required arg:']);
  });
});
