import assert from 'node:assert/strict';
import { join } from 'node:path';
import { writeFile } from 'node:fs/promises';
import { packPlugin, readPackage, readPackageFile } from '#package/package.js';
import type { Permissions } from '@bulkhead/plugin-sdk/contract';
import { openCli, repository, type Cli } from '../helpers/cli.js';
import { needOrdinaryUser } from '../helpers/need.js';
import { writeConfig } from '../helpers/policy.js';

const name = 'example.com/config-plugin';
const quiet = { exitCode: 0, stdout: '', stderr: '' };

describe('the permissions of a plugin', () => {
  let cli: Cli;
  let file: string;
  beforeEach(async () => {
    cli = await openCli();
    file = await cli.compile(join(repository, 'samples/config-plugin'));
  });
  afterEach(() => cli.close());

  const install = (...flags: string[]) => cli.run('plugin', 'install', ...flags, file);
  const states = async () => (await cli.run('plugin', 'permissions', name)).stdout.split('\n');
  /** The same plugin, as if its next version asked for these. */
  async function buildNext(permissions: Permissions): Promise<string> {
    const { manifest, script } = await readPackageFile(file);
    const next = join(cli.root, 'next.sif');
    const bytes = packPlugin({ manifest: { ...manifest, version: '9.0.0', permissions }, script });
    assert.equal(readPackage(bytes, next).manifest.version, '9.0.0');
    await writeFile(next, bytes);
    return next;
  }

  it('are shown, granted and revoked one by one', async () => {
    await install('--grant', 'config:env');
    assert.deepEqual(await states(), ['not granted  config:mounts', 'granted      config:env', 'not granted  env:SLURM_JOB_ID']);
    assert.deepEqual(await cli.run('plugin', 'grant', name, 'config:mounts', 'env:SLURM_JOB_ID'), quiet);
    assert.deepEqual(await states(), ['granted      config:mounts', 'granted      config:env', 'granted      env:SLURM_JOB_ID']);
    assert.deepEqual(await cli.run('plugin', 'revoke', name, 'config:env'), quiet);
    assert.deepEqual(await states(), ['granted      config:mounts', 'not granted  config:env', 'granted      env:SLURM_JOB_ID']);
    const inspected = (await cli.run('plugin', 'inspect', name)).stdout;
    assert.ok(inspected.includes(`Permissions:\n${(await states()).map((line) => `  ${line}`).join('\n')}`), inspected);
  });

  it('say where nothing changes', async () => {
    await install('--grant-all');
    const again = await cli.run('plugin', 'grant', name, 'config:env');
    assert.deepEqual(again, { ...quiet, stderr: `INFO:    Plugin "${name}" already has config:env` });
    await cli.run('plugin', 'revoke', name, 'config:env');
    const gone = await cli.run('plugin', 'revoke', name, 'config:env');
    assert.deepEqual(gone, { ...quiet, stderr: `INFO:    Plugin "${name}" has not been granted config:env` });
  });

  it('that the plugin does not ask for are refused by name, and the others with them', async () => {
    await install('--grant', 'config:env');
    for (const verb of ['grant', 'revoke']) {
      const { exitCode, stderr } = await cli.run('plugin', verb, name, 'config:env', 'readFile:/etc/shadow');
      assert.equal(exitCode, 255);
      assert.match(stderr, /does not ask for "readFile:\/etc\/shadow"; it asks for config:mounts, config:env, env:SLURM_JOB_ID/);
    }
    assert.deepEqual(await states(), ['not granted  config:mounts', 'granted      config:env', 'not granted  env:SLURM_JOB_ID']);
  });

  it('are told in full with --json', async () => {
    await install('--grant', 'config:env');
    await writeConfig(cli, '[[policy.deny]]\npermission = "config"\nbecause = "ours alone"\n');
    const denied = { rule: 'deny config', because: 'ours alone' };
    assert.deepEqual(JSON.parse((await cli.run('plugin', 'permissions', '--json', name)).stdout), {
      name,
      permissions: [
        { permission: 'config:mounts', granted: false, denied },
        { permission: 'config:env', granted: true, denied },
        { permission: 'env:SLURM_JOB_ID', granted: false },
      ],
    });
  });

  it('of nobody are an error, and a plugin that asks for none says so', async () => {
    const { exitCode, stderr } = await cli.run('plugin', 'permissions', 'example.com/nobody');
    assert.equal(exitCode, 255);
    assert.match(stderr, /plugin not found/);
    await cli.install(join(repository, 'samples/cli-plugin'));
    const { stdout } = await cli.run('plugin', 'permissions', 'example.com/cli-plugin');
    assert.equal(stdout, 'Plugin "example.com/cli-plugin" asks for no permissions.');
  });

  it('are those of the own plugin, with and without --user', async () => {
    await install('--user', '--grant', 'config:env');
    assert.deepEqual(await cli.run('plugin', 'grant', '--user', name, 'config:mounts'), quiet);
    assert.deepEqual(await cli.run('plugin', 'grant', name, 'env:SLURM_JOB_ID'), quiet);
  });

  it('of a plugin of all users are for root to change', async function () {
    needOrdinaryUser(this);
    const { exitCode, stderr } = await cli.start(['plugin', 'grant', 'x', 'env:A'], { env: { ...cli.env, BULKHEAD_ROOT: '' } });
    assert.equal(exitCode, 255);
    assert.match(String(stderr), /"bulkhead plugin grant" command requires root privileges/);
  });

  describe('at an upgrade', () => {
    it('stay where they are still asked for, without a question, and the others are revoked and said', async () => {
      await install('--grant', 'config:env', '--grant', 'env:SLURM_JOB_ID');
      const next = await buildNext({ config: ['mounts', 'env'] });
      const upgraded = await cli.run('plugin', 'upgrade', next);
      assert.equal(
        upgraded.stderr,
        `INFO:    Revoked env:SLURM_JOB_ID, which the plugin no longer asks for\nINFO:    Plugin "${name}" upgraded from 0.1.0 to 9.0.0`,
      );
      assert.deepEqual(await states(), ['not granted  config:mounts', 'granted      config:env']);
    });

    it('are asked for what is new, and nothing is installed where nobody answers', async () => {
      await install('--grant', 'config:env');
      const next = await buildNext({ config: ['mounts', 'env'], env: ['SLURM_JOB_ID', 'HOME'] });
      const { exitCode, stderr } = await cli.run('plugin', 'upgrade', next);
      assert.equal(exitCode, 255);
      assert.match(stderr, /asks for env:HOME, and there is no terminal to ask at/);
      assert.match((await cli.run('plugin', 'inspect', name)).stdout, /^Version: 0\.1\.0$/m);
      assert.equal((await cli.run('plugin', 'upgrade', '--grant', 'env:HOME', next)).exitCode, 0);
      const granted = ['granted      config:env', 'not granted  env:SLURM_JOB_ID', 'granted      env:HOME'];
      assert.deepEqual(await states(), ['not granted  config:mounts', ...granted]);
    });
  });
});
