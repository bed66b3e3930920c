import assert from 'node:assert/strict';
import { chmod, chown, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { openCli, repository, type Cli, type Outcome } from '../helpers/cli.js';
import { needRoot, needUserNamespaces } from '../helpers/need.js';
import { installSource } from '../helpers/source.js';

const name = 'test/plugin';
/** `flaky loop` never answers, `flaky throw` fails in order, `flaky ok` works. */
const command = (version = '1.0.0'): string => `commands: { flaky: { summary: 's', args: [{ name: 'how', required: true }],
  run({ args }, host) { if (args[0] === 'loop') for (;;); if (args[0] === 'throw') throw new Error('in order'); host.print('${version}'); } } }`;
const nobody = 65_534;
const notQuarantined = /did not answer within 200 ms/;

describe('a plugin whose compartment keeps ending by its own fault', () => {
  let cli: Cli;
  beforeEach(async () => {
    cli = await openCli();
    await configure(`[budgets]\nquarantine-failures = 3\ndeadline-max-ms = 200`);
  });
  afterEach(() => cli.close());

  const system = (): string => cli.env['BULKHEAD_ROOT'] ?? '';
  const ownFile = (): string =>
    process.geteuid?.() === 0
      ? join(system(), 'var/lib/bulkhead/quarantine.json')
      : join(cli.env['HOME'] ?? '', '.local/state/bulkhead/quarantine.json');
  async function configure(toml: string): Promise<void> {
    const file = join(system(), 'usr/local/etc/bulkhead/bulkhead.toml');
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, toml);
  }
  async function times(count: number, ...argv: string[]): Promise<Outcome> {
    let last: Outcome = { exitCode: undefined, stdout: '', stderr: '' };
    for (let index = 0; index < count; index += 1) last = await cli.run(...argv);
    return last;
  }
  async function inspect(): Promise<Record<string, unknown>> {
    return JSON.parse((await cli.run('plugin', 'inspect', '--json', name)).stdout) as Record<string, unknown>;
  }

  it('is refused after so many commands, with the reason and what lifts it, and runs again once it is enabled', async () => {
    await installSource(cli, command());
    assert.match((await times(3, 'flaky', 'loop')).stderr, notQuarantined);
    const { exitCode, stderr } = await cli.run('flaky', 'ok');
    assert.equal(exitCode, 255);
    assert.match(
      stderr,
      /FATAL: {3}plugin "test\/plugin" is in quarantine since 20\S+Z: its compartment ended 3 times in a row, the last time: .*did not answer/,
    );
    assert.match(stderr, /Try: bulkhead plugin enable test\/plugin/);

    const enabled = await cli.run('plugin', 'enable', name);
    assert.deepEqual([enabled.exitCode, enabled.stdout], [0, '']);
    assert.match(enabled.stderr, /no longer in quarantine for you/);
    assert.match((await cli.run('plugin', 'enable', name)).stderr, /is already enabled/);
    assert.deepEqual(await cli.run('flaky', 'ok'), { exitCode: 0, stdout: '1.0.0', stderr: '' });
  });

  it('is shown in the list on standard error alone, and in what inspect says', async () => {
    await installSource(cli, command());
    const before = await cli.run('plugin', 'list');
    assert.equal((await inspect())['quarantine'], undefined);
    await times(3, 'flaky', 'loop');
    const after = await cli.run('plugin', 'list');
    assert.equal(after.stdout, before.stdout);
    assert.equal(after.exitCode, 0);
    assert.match(after.stderr, /^WARNING: plugin "test\/plugin" is in quarantine .*; to mend it: bulkhead plugin enable test\/plugin$/m);
    const { quarantine } = (await inspect()) as { quarantine: { since: string; failures: { at: string; why: string }[] } };
    assert.equal(quarantine.failures.length, 3);
    assert.match(quarantine.failures[0]?.why ?? '', /did not answer/);
    assert.match((await cli.run('plugin', 'inspect', name)).stderr, /INFO: {4}plugin "test\/plugin" is in quarantine/);
  });

  it('is not refused after one failure less, nor when it worked in between, nor for errors that it throws', async () => {
    await installSource(cli, command());
    await times(2, 'flaky', 'loop');
    assert.equal((await cli.run('flaky', 'ok')).exitCode, 0);
    assert.match((await times(2, 'flaky', 'loop')).stderr, notQuarantined);
    assert.match((await times(3, 'flaky', 'throw')).stderr, /in order/);
    assert.match((await cli.run('flaky', 'loop')).stderr, notQuarantined);
    assert.match((await cli.run('flaky', 'ok')).stderr, /in quarantine/);
  });

  it('starts anew as another version, and after it was uninstalled', async () => {
    await installSource(cli, command());
    await times(3, 'flaky', 'loop');
    await installSource(cli, command('1.0.1'));
    assert.equal((await cli.run('flaky', 'ok')).stdout, '1.0.1');
    await times(3, 'flaky', 'loop');
    await cli.run('plugin', 'uninstall', name);
    assert.deepEqual(JSON.parse(await readFile(ownFile(), 'utf8')), []);
  });

  it('is kept in a file of this user alone, and a damaged file is reported and ignored', async () => {
    await installSource(cli, command());
    await times(3, 'flaky', 'loop');
    assert.equal((await stat(ownFile())).mode & 0o777, 0o600);
    assert.equal((await stat(dirname(ownFile()))).mode & 0o777, 0o700);
    for (const damaged of ['', '{', '[{"name":"test/plugin"}]', '[]]', `[${'['.repeat(40)}`, '{"__proto__":[]}']) {
      await writeFile(ownFile(), damaged);
      const { exitCode, stderr } = await cli.run('flaky', 'ok');
      assert.equal(exitCode, 0);
      assert.match(stderr, /quarantine\.json is damaged and is ignored/);
    }
    await times(3, 'flaky', 'loop');
    assert.match((await cli.run('flaky', 'ok')).stderr, /in quarantine/);
  });

  it('is in quarantine only for the user for whom it failed, who may let it out without rights over it', async function () {
    needRoot(this);
    await chmod(cli.root, 0o755);
    await installSource(cli, command());
    const home = join(cli.root, 'other');
    await mkdir(home);
    await chown(home, nobody, nobody);
    const asOther = async (...argv: string[]): Promise<Outcome> => {
      const { exitCode, stdout, stderr } = await cli.start(argv, { uid: nobody, gid: nobody, env: { ...cli.env, HOME: home } });
      return { exitCode, stdout: String(stdout), stderr: String(stderr) };
    };
    for (let index = 0; index < 3; index += 1) await asOther('flaky', 'loop');
    assert.match((await asOther('flaky', 'ok')).stderr, /in quarantine/);
    assert.equal((await cli.run('flaky', 'ok')).exitCode, 0);

    assert.equal((await asOther('plugin', 'enable', name)).exitCode, 0);
    assert.equal((await asOther('flaky', 'ok')).exitCode, 0);
    // Nothing to lift any more, and the plugin itself is not theirs.
    assert.match((await asOther('plugin', 'disable', name)).stderr, /requires root privileges/);
  });

  describe('and that takes part in each run', () => {
    const observer = `callbacks: { async monitorContainer() { for (;;); } }`;
    const file = (): string => join(cli.root, 'made');

    async function crash(flag: string): Promise<void> {
      await cli.install(join(repository, 'samples/host-image'));
      await installSource(cli, observer, { flags: [flag] });
      await times(3, 'run', 'host:', 'sleep', '0.4');
    }

    it('stops the run before the container starts where it is required', async function () {
      needUserNamespaces(this);
      await crash('--required');
      const { exitCode, stderr } = await cli.run('run', '--bind', `${cli.root}:/out`, 'host:', 'touch', '/out/made');
      assert.match(stderr, /FATAL: .*test\/plugin.* is in quarantine/);
      assert.equal(exitCode, 255);
      await assert.rejects(stat(file()), { code: 'ENOENT' });
    });

    it('is passed over, and reported once, where it is optional', async function () {
      needUserNamespaces(this);
      await crash('--optional');
      const { exitCode, stderr } = await cli.run('run', '--bind', `${cli.root}:/out`, 'host:', 'touch', '/out/made');
      assert.equal(exitCode, 0);
      assert.equal(stderr.match(/WARNING: .*test\/plugin.* is in quarantine/g)?.length, 1);
      assert.ok((await stat(file())).isFile());
    });
  });
});

describe('budgets of the operator', () => {
  let cli: Cli;
  beforeEach(async () => (cli = await openCli()));
  afterEach(() => cli.close());

  it('are shown by inspect, of an installed plugin and of a file', async () => {
    await installSource(cli, command());
    const file = join(cli.env['BULKHEAD_ROOT'] ?? '', 'usr/local/etc/bulkhead/bulkhead.toml');
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, `[budgets]\nlog-lines-per-second = 7\n[budgets."${name}"]\nstack-mib = 2\n`);
    for (const what of [name, join(cli.root, 'plugin-1.sif')]) {
      const { budgets } = JSON.parse((await cli.run('plugin', 'inspect', '--json', what)).stdout) as { budgets: Record<string, number> };
      assert.deepEqual([budgets['log-lines-per-second'], budgets['stack-mib'], budgets['heap-old-mib']], [7, 2, 64]);
    }
    await writeFile(file, `[budgets."${name}"]\nstack-mib = 99\n`);
    const { exitCode, stderr } = await cli.run('flaky', 'ok');
    assert.equal(exitCode, 255);
    assert.match(stderr, /bulkhead\.toml.*stack-mib.* must be a whole number from 1 to 16/);
  });
});
