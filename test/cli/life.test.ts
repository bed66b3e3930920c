import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { cp, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { hashName } from '../../src/base/hash-name.js';
import { openCli, type Cli } from '../helpers/cli.js';
import { writeConfig } from '../helpers/policy.js';
import { compileVersion } from '../helpers/version.js';

const name = 'test/plugin';
const quiet = { exitCode: 0, stdout: '', stderr: '' };
/** Shows what the store holds. */
const shows = `commands: { shown: { summary: 's', async run(_, host) { host.print(String(await host.store.get('kept'))); } } }`;
const keeps = (value: string) => `await host.store.set('kept', '${value}');`;
/** A deadline that a test can wait for. */
const hasty = '[budgets]\ndeadline-percent = 2\n';

const failures: readonly (readonly [string, string, RegExp])[] = [
  ['throws', `throw new Error('no licence here');`, /no licence here/],
  ['hangs', 'for (;;);', /did not answer within 600 ms/],
  ['ends its compartment', `setTimeout(() => { throw new Error('x') }, 1); await new Promise(() => {});`, /compartment ended/],
  ['answers', 'return 1;', /Cannot use the answer/],
];

describe('the life callbacks of a plugin', function () {
  let cli: Cli;
  beforeEach(async () => (cli = await openCli()));
  afterEach(() => cli.close());

  const build = (version: string, callbacks: string) => compileVersion(cli, version, `${shows}, callbacks: { ${callbacks} }`);
  /** Says that it has begun, and goes on when the file says so. */
  const waits = (file: string) =>
    `host.log.info('begun'); while ((await host.readFile('${file}')) !== 'go') await new Promise((done) => setTimeout(done, 20));`;
  /** A file for it to wait for, and the permission to read that. */
  async function openFlag(): Promise<{ file: string; may: string; raise: () => Promise<void> }> {
    const file = join(cli.root, 'flag');
    await writeFile(file, 'wait');
    return { file, may: `permissions: { readFile: ['${file}'] }, `, raise: () => writeFile(file, 'go') };
  }
  const shown = async () => (await cli.run('shown')).stdout;
  const version = async () => /^Version: (.*)$/m.exec((await cli.run('plugin', 'inspect', name)).stdout)?.[1];
  /** What lies in the plugin directory and among the state of plugins, names of digests as stars. */
  async function lies(): Promise<string[]> {
    const places = [join(cli.root, 'system/usr/local/libexec/bulkhead/plugin'), stateOf(cli)];
    const names = await Promise.all(places.map((place) => readdir(place, { recursive: true }).catch(() => [])));
    return names
      .flat()
      .map((one) => one.replaceAll(/[0-9a-f]{64}/g, '*'))
      .toSorted();
  }
  const one = ['*', '*/store.json', 'index.json', 'packages', 'packages/*.sif', 'receipts', 'receipts/*.json'];

  it('are asked once each, by the command of their name, and never by another', async () => {
    const logs = (before: string) => `host.log.info('${before} ' + JSON.stringify(input))`;
    const callbacks = ['install', 'upgrade', 'uninstall'].map((one) => `${one}(input, host) { ${logs(one)} }`).join(', ');
    const [first, second] = [await build('1.0.0', callbacks), await build('1.1.0', callbacks)];
    const info = (text: string) => ({ ...quiet, stderr: `INFO:    ${text}` });
    assert.deepEqual(await cli.run('plugin', 'install', first), info(`[${name}] install {"scope":"system"}`));
    assert.deepEqual(await cli.run('plugin', 'install', first), quiet);
    for (const argv of [['shown'], ['plugin', 'list'], ['plugin', 'disable', name], ['plugin', 'enable', name]])
      assert.equal((await cli.run(...argv)).stderr, '');
    assert.deepEqual(
      await cli.run('plugin', 'upgrade', second),
      info(`[${name}] upgrade {"scope":"system","from":"1.0.0","to":"1.1.0"}\nINFO:    Plugin "${name}" upgraded from 1.0.0 to 1.1.0`),
    );
    assert.deepEqual(await cli.run('plugin', 'uninstall', name), {
      ...info(`[${name}] uninstall {"scope":"system"}`),
      stdout: `Uninstalled plugin "${name}".`,
    });
  });

  it('keep what they store where the change counts, and leave no copy', async () => {
    await cli.run('plugin', 'install', await build('1.0.0', `async install(_, host) { ${keeps('one')} }`));
    assert.equal(await shown(), 'one');
    const next = `async upgrade(_, host) { await host.store.set('kept', (await host.store.get('kept')) + ' two'); }`;
    assert.equal((await cli.run('plugin', 'upgrade', await build('2.0.0', next))).exitCode, 0);
    assert.equal(await shown(), 'one two');
    assert.deepEqual(await lies(), one);
    await cli.run('plugin', 'uninstall', name);
    assert.deepEqual(await lies(), []);
  });

  it('have the powers that were granted, and no others', async () => {
    const file = await compileVersion(
      cli,
      '1.0.0',
      `permissions: { env: ['SLURM_JOB_ID', 'HOME'] }, callbacks: { install(_, host) { host.log.info(host.env('SLURM_JOB_ID') + ' ' + host.env('HOME')) } }`,
    );
    const { stderr } = await cli.run('plugin', 'install', '--grant', 'env:SLURM_JOB_ID', file);
    assert.equal(stderr, `INFO:    [${name}] 4711 undefined`);
  });

  for (const [what, code, message] of failures) {
    it(`leave nothing behind where install ${what} (apptainer 110)`, async () => {
      await writeConfig(cli, hasty);
      const { exitCode, stderr } = await cli.run(
        'plugin',
        'install',
        await build('1.0.0', `async install(_, host) { ${keeps('x')} ${code} }`),
      );
      assert.equal(exitCode, 255);
      assert.match(stderr, /could not install plugin: while running plugin Install: .*; nothing was installed\.\n +Try: /);
      assert.match(stderr, message);
      assert.equal((await cli.run('plugin', 'list')).stdout, 'There are no plugins installed.');
      assert.deepEqual(await lies(), []);
    });

    it(`leave the old version and its store where upgrade ${what}`, async () => {
      await writeConfig(cli, hasty);
      await cli.run('plugin', 'install', await build('1.0.0', `async install(_, host) { ${keeps('one')} }`));
      const upgraded = await cli.run('plugin', 'upgrade', await build('2.0.0', `async upgrade(_, host) { ${keeps('two')} ${code} }`));
      assert.equal(upgraded.exitCode, 255);
      assert.match(upgraded.stderr, /while running plugin upgrade: .*; the old version stays\./);
      assert.match(upgraded.stderr, message);
      assert.deepEqual([await version(), await shown()], ['1.0.0', 'one']);
      assert.deepEqual(await lies(), one);
    });

    it(`leave the plugin and its store where uninstall ${what}, until it is forced`, async () => {
      await writeConfig(cli, hasty);
      const callbacks = `async install(_, host) { ${keeps('one')} }, async uninstall(_, host) { ${keeps('gone')} ${code} }`;
      await cli.run('plugin', 'install', await build('1.0.0', callbacks));
      const refused = await cli.run('plugin', 'uninstall', name);
      assert.equal(refused.exitCode, 255);
      assert.match(refused.stderr, message);
      assert.match(refused.stderr, /it stays installed\.\n +Try: bulkhead plugin uninstall --force test\/plugin/);
      assert.equal(await shown(), 'one');
      const forced = await cli.run('plugin', 'uninstall', '--force', name);
      assert.deepEqual([forced.exitCode, forced.stdout], [0, `Uninstalled plugin "${name}".`]);
      assert.match(forced.stderr, /^WARNING: .*going on, as --force says/);
      assert.deepEqual(await lies(), []);
    });
  }

  it('are not asked of a plugin that is disabled or may not run, which can be uninstalled all the same', async () => {
    const file = await build('1.0.0', `uninstall(_, host) { host.log.error('ran') }`);
    await cli.run('plugin', 'install', file);
    await cli.run('plugin', 'disable', name);
    const disabled = await cli.run('plugin', 'uninstall', name);
    assert.equal(disabled.stderr, `WARNING: The uninstall callback of plugin "${name}" did not run: the plugin is disabled`);
    await cli.run('plugin', 'install', file);
    await writeConfig(cli, '[[policy.deny]]\nplugin = "test/**"\n');
    const denied = await cli.run('plugin', 'uninstall', name);
    assert.equal(denied.exitCode, 0);
    assert.match(denied.stderr, /^WARNING: The uninstall callback of plugin "test\/plugin" did not run: .*refused by the policy/);
  });

  it('do not keep others from changing plugins while they take their time', async () => {
    const flag = await openFlag();
    const slow = await compileVersion(cli, '1.0.0', `${flag.may}callbacks: { async install(_, host) { ${waits(flag.file)} } }`);
    const other = await compileVersion(cli, '1.0.0', 'callbacks: { postStartProcess() {} }', { name: 'test/other' });
    const installing = cli.start(['plugin', 'install', '--grant-all', slow]);
    await waitFor(installing, 'begun');
    assert.equal((await cli.run('plugin', 'install', other)).exitCode, 0);
    await flag.raise();
    assert.equal((await installing).exitCode, 0);
    assert.match((await cli.run('plugin', 'list')).stdout, /test\/other[^]*test\/plugin/);
  });

  it('are of no effect where somebody else changed the plugin meanwhile', async () => {
    await cli.run('plugin', 'install', await build('1.0.0', `async install(_, host) { ${keeps('one')} }`));
    const flag = await openFlag();
    const slow = `${flag.may}${shows}, callbacks: { async upgrade(_, host) { ${keeps('slow')} ${waits(flag.file)} } }`;
    const upgrading = cli.start(['plugin', 'upgrade', '--grant-all', await compileVersion(cli, '2.0.0', slow)]);
    await waitFor(upgrading, 'begun');
    assert.equal((await cli.run('plugin', 'upgrade', await build('3.0.0', ''))).exitCode, 0);
    await flag.raise();
    const { exitCode, stderr } = await upgrading;
    assert.equal(exitCode, 255);
    assert.match(String(stderr), /was changed by somebody else/);
    assert.deepEqual([await version(), await shown()], ['3.0.0', 'one']);
    assert.deepEqual(await lies(), one);
  });

  it('leave nothing, and no copy after the next change, where the command is killed while they run', async () => {
    const file = await build(
      '1.0.0',
      `async install(_, host) { ${keeps('x')} host.log.info('begun'); await new Promise((done) => setTimeout(done, 20000)); }`,
    );
    const installing = cli.start(['plugin', 'install', file]);
    await waitFor(installing, 'begun');
    installing.kill('SIGKILL');
    await installing;
    assert.equal((await cli.run('plugin', 'list')).stdout, 'There are no plugins installed.');
    await cli.run('plugin', 'install', await build('1.0.1', `async install(_, host) { ${keeps('y')} }`));
    assert.equal(await shown(), 'y');
    assert.deepEqual(await lies(), one);
  });

  it('leave the old version with the old store or the new with the new, killed at any instant of an upgrade', async () => {
    const next = (value: string) => `async install(_, host) { ${keeps(value)} }, async upgrade(_, host) { ${keeps(value)} }`;
    const files = [await build('1.0.0', next('1.0.0')), await build('2.0.0', next('2.0.0'))] as const;
    await cli.run('plugin', 'install', files[0]);
    const startedAtMs = performance.now();
    assert.equal((await cli.run('plugin', 'upgrade', files[1])).exitCode, 0);
    const takesMs = performance.now() - startedAtMs;
    const seen = new Set<string>();
    for (let round = 0; round < 8; round++) {
      const to = (await version()) === '1.0.0' ? files[1] : files[0];
      const upgrading = cli.start(['plugin', 'upgrade', '--force', to]);
      // The first half of the time loads the program; most of what counts comes late.
      await setTimeout(takesMs * (0.4 + 0.6 * Math.random()));
      upgrading.kill('SIGKILL');
      await upgrading;
      assert.equal(await shown(), await version(), `round ${round}`);
      seen.add((await version()) ?? '');
    }
    assert.ok(!seen.has(''));
    assert.equal((await cli.run('plugin', 'uninstall', name)).exitCode, 0);
    assert.deepEqual(await lies(), []);
  }).timeout(180_000);

  it('leave nothing for long where a command is killed between the receipt and the store', async () => {
    await cli.run('plugin', 'install', await build('1.0.0', `async install(_, host) { ${keeps('one')} }`));
    const state = stateOf(cli);
    await cp(state, join(cli.root, 'copy'), { recursive: true });
    await cli.run('plugin', 'uninstall', name);
    await cp(join(cli.root, 'copy'), state, { recursive: true });
    await writeFile(join(state, hashName(name), 'leaving'), name);
    await cli.run('plugin', 'install', await compileVersion(cli, '1.0.0', '', { name: 'test/other' }));
    assert.deepEqual(await readdir(state), []);
  });

  it('put the store in its place that a killed upgrade left for its receipt', async () => {
    await cli.run('plugin', 'install', await build('1.0.0', `async install(_, host) { ${keeps('one')} }`));
    const { installation } = JSON.parse((await cli.run('plugin', 'inspect', '--json', name)).stdout) as {
      installation: { digest: string; installedAt: string };
    };
    const state = stateOf(cli);
    const store = join(state, hashName(name), 'store.json');
    const pending = (tag: string) => join(state, hashName(name), `pending-${hashName(tag)}.json`);
    const content = (await readFile(store, 'utf8')).replace('one', 'two');
    await writeFile(pending('another receipt'), content.replace('two', 'three'));
    await writeFile(pending(`${installation.digest} ${installation.installedAt}`), content);
    assert.equal(await shown(), 'two');
    assert.ok(existsSync(pending('another receipt')), 'may wait for a receipt that is about to come');
  });
});

function waitFor(running: ReturnType<Cli['start']>, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = '';
    running.stderr?.on('data', (chunk) => {
      said += String(chunk);
      if (said.includes(text)) resolve();
    });
    running.stderr?.on('end', () => reject(new Error(`it ended without saying ${text}: ${said}`)));
  });
}

/** The state of all plugins of whoever runs this. */
function stateOf({ root }: Cli): string {
  return join(root, process.getuid?.() === 0 ? 'system/var/lib/bulkhead/plugin' : 'home/.local/state/bulkhead/plugin');
}
