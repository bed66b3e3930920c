import assert from 'node:assert/strict';
import { join } from 'node:path';
import { openCli, repository, type Cli } from '../helpers/cli.js';
import { openOnHost } from '../helpers/run-on-host.js';
import { writeConfig } from '../helpers/policy.js';

const sample = (name: string) => join(repository, 'samples', name);
const name = 'example.com/config-plugin';
const denyPlugin = '[[policy.deny]]\nplugin = "example.com/con*"\nbecause = "under review"\n';
const refusal = /is refused by the policy of this host: deny example\.com\/con\* \(under review\)/;

describe('the policy of the operator', () => {
  let cli: Cli;
  beforeEach(async () => (cli = await openCli()));
  afterEach(() => cli.close());

  it('refuses to install a plugin that it denies, before any question, and another is installed', async () => {
    await writeConfig(cli, denyPlugin);
    const { exitCode, stderr } = await cli.run('plugin', 'install', await cli.compile(sample('config-plugin')));
    assert.equal(exitCode, 255);
    assert.match(stderr, refusal);
    assert.match(stderr, /Try: bulkhead plugin permissions example\.com\/config-plugin/);
    await cli.install(sample('cli-plugin'));
    assert.equal((await cli.run('plugin', 'list')).stdout, 'ENABLED  NAME\n    yes  example.com/cli-plugin');
  });

  it('refuses to enable it and to grant it anything, and lets disable, revoke and uninstall work', async () => {
    await cli.install(sample('config-plugin'));
    await cli.run('plugin', 'disable', name);
    await writeConfig(cli, denyPlugin);
    for (const words of [
      ['enable', name],
      ['grant', name, 'config:env'],
    ]) {
      const { exitCode, stderr } = await cli.run('plugin', ...words);
      assert.equal(exitCode, 255);
      assert.match(stderr, refusal);
    }
    await writeConfig(cli, '');
    assert.equal((await cli.run('plugin', 'enable', name)).exitCode, 0);
    await writeConfig(cli, 'this is no TOML');
    for (const words of [
      ['revoke', name, 'config:env'],
      ['disable', name],
      ['uninstall', name],
    ])
      assert.equal((await cli.run('plugin', ...words)).exitCode, 0, words.join(' '));
  });

  it('is told by list, inspect and permissions', async () => {
    await cli.install(sample('config-plugin'));
    await writeConfig(cli, denyPlugin);
    const listed = await cli.run('plugin', 'list');
    assert.equal(listed.exitCode, 0);
    assert.match(listed.stderr, refusal);
    assert.match((await cli.run('plugin', 'inspect', name)).stderr, refusal);
    const permissions = await cli.run('plugin', 'permissions', name);
    assert.match(permissions.stderr, /The policy of this host denies the plugin: deny example\.com\/con\*/);
    const { problems } = JSON.parse((await cli.run('plugin', 'list', '--json')).stdout) as { problems: { kind: string; name: string }[] };
    assert.deepEqual(
      problems.map((problem) => [problem.kind, problem.name]),
      [['denied', name]],
    );
  });

  it('that cannot be read is said by list, with file and line, and what needs it is refused', async () => {
    await cli.install(sample('config-plugin'));
    const file = await writeConfig(cli, '[policy]\ndenny = []\n');
    const listed = await cli.run('plugin', 'list');
    assert.equal(listed.exitCode, 0);
    assert.ok(listed.stderr.includes(`Cannot read ${file}:2: policy.denny: there is no such key`), listed.stderr);
    const { exitCode, stderr } = await cli.run('plugin', 'grant', name, 'config:env');
    assert.equal(exitCode, 255);
    assert.ok(stderr.includes(`Cannot read ${file}:2`), stderr);
  });

  it('denies a permission at install with --grant-all, and refuses it by name with --grant and at grant', async () => {
    await writeConfig(cli, '[[policy.deny]]\npermission = "config:mounts"\n');
    const file = await cli.compile(sample('config-plugin'));
    const named = await cli.run('plugin', 'install', '--grant', 'config:mounts', file);
    assert.equal(named.exitCode, 255);
    assert.match(named.stderr, /denies config:mounts to plugin "example\.com\/config-plugin": deny config:mounts/);
    const all = await cli.run('plugin', 'install', '--grant-all', file);
    assert.deepEqual(all, { exitCode: 0, stdout: '', stderr: 'INFO:    The policy of this host denies config:mounts: deny config:mounts' });
    const lines = ['denied       config:mounts  by policy: deny config:mounts', 'granted      config:env', 'granted      env:SLURM_JOB_ID'];
    assert.equal((await cli.run('plugin', 'permissions', name)).stdout, lines.join('\n'));
    assert.match((await cli.run('plugin', 'grant', name, 'config:mounts')).stderr, /denies config:mounts/);
  });
});

describe('a run under a policy', () => {
  let cli: Cli | undefined;
  afterEach(() => cli?.close());
  const run = (...script: string[]) => (cli as Cli).run('run', 'host:', 'sh', '-c', ...script);

  it('has what was granted before it denied it no more', async function () {
    cli = await openOnHost(this, [sample('config-plugin')]);
    assert.equal((await run('echo $SITE_JOB')).stdout, '4711');
    await writeConfig(cli, '[[policy.deny]]\npermission = "config:mounts"\n');
    const denied = await run('echo never');
    assert.deepEqual([denied.exitCode, denied.stdout], [255, '']);
    assert.match(denied.stderr, /it was not granted config:mounts/);
  });

  it('is refused before the container starts where a plugin that it needs is denied, and goes on without one that it does not', async function () {
    cli = await openOnHost(this, []);
    await cli.install(sample('monitor-plugin'), '--required');
    await writeConfig(cli, '[[policy.deny]]\nplugin = "example.com/monitor-*"\n');
    const refused = await run('echo never');
    assert.deepEqual([refused.exitCode, refused.stdout], [255, '']);
    assert.match(refused.stderr, /plugin "example\.com\/monitor-plugin" is refused by the policy of this host/);
    await cli.install(sample('config-plugin'), '--optional');
    await writeConfig(cli, '[[policy.deny]]\nplugin = "example.com/config-*"\n');
    const without = await run('echo runs');
    assert.deepEqual([without.exitCode, without.stdout], [0, 'runs']);
    assert.match(without.stderr, /config-plugin" is refused by the policy.*; going on without it/);
  });

  it('runs no command of a plugin that it denies', async function () {
    cli = await openCli();
    await cli.install(sample('cli-plugin'));
    assert.equal((await cli.run('test-cmd', 'a')).stdout, 'test-cmd is printing args: [a]');
    await writeConfig(cli, '[[policy.allow]]\nplugin = "site.example/**"\n');
    const { exitCode, stdout, stderr } = await cli.run('test-cmd', 'a');
    assert.deepEqual([exitCode, stdout], [255, '']);
    assert.match(stderr, /"example\.com\/cli-plugin" is refused by the policy of this host: no rule that allows plugins allows this one/);
  });
});
