import assert from 'node:assert/strict';
import { chmod, copyFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { openCli, type Cli } from '../helpers/cli.js';
import { compileVersion } from '../helpers/version.js';

const name = 'test/plugin';
const says = `commands: { said: { summary: 's', run(_, host) { host.print('VERSION') } } }`;

describe('plugin upgrade', function () {
  let cli: Cli;
  beforeEach(async () => (cli = await openCli()));
  afterEach(() => cli.close());

  const build = (version: string, permissions = '{}') =>
    compileVersion(cli, version, `permissions: ${permissions}, ${says.replace('VERSION', version)}`);
  const said = async () => (await cli.run('said')).stdout;
  const upgraded = (from: string, to: string) => ({
    exitCode: 0,
    stdout: '',
    stderr: `INFO:    Plugin "${name}" upgraded from ${from} to ${to}`,
  });

  it('is what install asks for where another version is there, which stays (apptainer 109)', async () => {
    const [old, next] = [await build('1.0.0'), await build('1.1.0')];
    await cli.run('plugin', 'install', old);
    const { exitCode, stderr } = await cli.run('plugin', 'install', next);
    assert.equal(exitCode, 255);
    assert.equal(
      stderr,
      `FATAL:   Failed to install plugin "${next}": plugin "${name}" is installed already, at 1.0.0; the file holds 1.1.0.\n         Try: bulkhead plugin upgrade ${next}`,
    );
    assert.equal(await said(), '1.0.0');
    assert.deepEqual(await cli.run('plugin', 'upgrade', next), upgraded('1.0.0', '1.1.0'));
    assert.equal(await said(), '1.1.0');
  });

  it('changes nothing where the file is the one that is installed', async () => {
    const file = await build('1.0.0');
    await cli.run('plugin', 'install', file);
    const { exitCode, stderr } = await cli.run('plugin', 'upgrade', file);
    assert.deepEqual([exitCode, stderr], [0, `INFO:    Plugin "${name}" is already at this file, 1.0.0`]);
  });

  it('refuses an older version, and takes it with --force', async () => {
    const [old, next] = [await build('1.9.0'), await build('1.10.0')];
    await cli.run('plugin', 'install', next);
    const { exitCode, stderr } = await cli.run('plugin', 'upgrade', old);
    assert.equal(exitCode, 255);
    assert.match(stderr, /is at 1\.10\.0, and .* holds 1\.9\.0, which is older\.\n +Try: bulkhead plugin upgrade --force /);
    assert.equal(await said(), '1.10.0');
    assert.deepEqual(await cli.run('plugin', 'upgrade', '--force', old), upgraded('1.10.0', '1.9.0'));
    assert.equal(await said(), '1.9.0');
  });

  it('takes another build of the same version', async () => {
    const file = await build('1.0.0');
    await cli.run('plugin', 'install', file);
    const other = await build('1.0.0', `{ env: [] }`);
    assert.deepEqual(await cli.run('plugin', 'upgrade', other), upgraded('1.0.0', '1.0.0'));
  });

  it('keeps what the operator decided, unless a flag says otherwise', async () => {
    await cli.run('plugin', 'install', '--required', '--isolation', 'process', await build('1.0.0'));
    await cli.run('plugin', 'disable', name);
    const decided = async () => {
      const { plugins } = JSON.parse((await cli.run('plugin', 'list', '--json')).stdout) as {
        plugins: { enabled: boolean; onFailure: string; isolation: string; manifest: { version: string } }[];
      };
      return plugins.map(({ enabled, onFailure, isolation, manifest }) => [manifest.version, enabled, onFailure, isolation]);
    };
    await cli.run('plugin', 'upgrade', await build('1.1.0'));
    assert.deepEqual(await decided(), [['1.1.0', false, 'required', 'process']]);
    await cli.run('plugin', 'upgrade', '--optional', '--isolation', 'thread', await build('1.2.0'));
    assert.deepEqual(await decided(), [['1.2.0', false, 'optional', 'thread']]);
  });

  it('asks for permissions that are new, and for no others', async () => {
    await cli.run('plugin', 'install', '--grant', 'env:HOME', await build('1.0.0', `{ env: ['HOME'] }`));
    const next = await build('2.0.0', `{ env: ['HOME', 'USER'] }`);
    const { exitCode, stderr } = await cli.run('plugin', 'upgrade', next);
    assert.equal(exitCode, 255);
    assert.match(stderr, /asks for env:USER, and there is no terminal/);
    assert.equal(await said(), '1.0.0');
    assert.deepEqual(await cli.run('plugin', 'upgrade', '--grant', 'env:USER', next), upgraded('1.0.0', '2.0.0'));
  });

  it('reads the file again by name, and says which', async () => {
    const file = await build('1.0.0');
    await cli.run('plugin', 'install', file);
    await copyFile(await build('1.1.0'), file);
    const { exitCode, stderr } = await cli.run('plugin', 'upgrade', name);
    assert.equal(exitCode, 0, stderr);
    assert.equal(stderr, `INFO:    Upgrading from ${file}\n${upgraded('1.0.0', '1.1.0').stderr}`);
    assert.equal(await said(), '1.1.0');
  });

  it('by name trusts no file that others may write to, that is gone, or of another plugin', async () => {
    const file = await build('1.0.0');
    await cli.run('plugin', 'install', file);
    const refused = async (why: RegExp) => {
      const { exitCode, stderr } = await cli.run('plugin', 'upgrade', name);
      assert.equal(exitCode, 255);
      assert.match(stderr, why);
      assert.match(stderr, /Try: bulkhead plugin upgrade FILE/);
      assert.equal(await said(), '1.0.0');
    };
    await chmod(file, 0o666);
    await refused(/others than its owner may write to it/);
    await rm(file);
    await refused(/cannot be used: .*ENOENT/);
    await copyFile(await compileVersion(cli, '9.0.0', says, { name: 'test/other' }), file);
    await chmod(file, 0o644);
    await refused(/holds plugin "test\/other"/);
  });

  it('of what is not installed says so', async () => {
    const { stderr, exitCode } = await cli.run('plugin', 'upgrade', await build('1.0.0'));
    assert.equal(exitCode, 255);
    assert.match(stderr, /plugin "test\/plugin" is not installed there\.\n +Try: bulkhead plugin install /);
    assert.match(
      (await cli.run('plugin', 'upgrade', 'test/nobody')).stderr,
      /^FATAL: {3}Failed to upgrade plugin "test\/nobody": plugin not found\./,
    );
    assert.match((await cli.run('plugin', 'upgrade', join(cli.root, 'none.sif'))).stderr, /plugin not found/);
  });

  it('is of the own plugin before the one of all users', async () => {
    const [old, next] = [await build('1.0.0'), await build('1.1.0')];
    await cli.run('plugin', 'install', old);
    await cli.run('plugin', 'install', '--user', old);
    await cli.run('plugin', 'upgrade', next);
    assert.equal(await said(), '1.1.0');
    await cli.run('plugin', 'uninstall', '--user', name);
    assert.equal(await said(), '1.0.0');
  });
});
