import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CONTRACT, type ContractStamp } from '@bulkhead/plugin-sdk/contract';
import { installPackage } from '#catalog/catalog.js';
import { receiptFile } from '#catalog/layout.js';
import { packPlugin, readPackage } from '#package/package.js';
import { type Cli, type Outcome } from '../helpers/cli.js';
import { writeConfig } from '../helpers/policy.js';
import { openOnHost } from '../helpers/run-on-host.js';
import { installSource } from '../helpers/source.js';

const name = 'site.example/required';
const well = `callbacks: { engineConfig() { return { env: { REQUIRED: 'here' } } } }, permissions: { config: ['env'] }`;

/** How a plugin can fail around its callback; each is refused with a text that says which of the two it was. */
const crashes: Readonly<Record<string, { source: string; told: RegExp }>> = {
  'throws during its callback': {
    source: `callbacks: { engineConfig() { throw new Error('quota unknown') } }`,
    told: /failed in engineConfig.*quota unknown/,
  },
  'ends during its callback': {
    source: `callbacks: { engineConfig() { Promise.reject(new Error('lost')); return new Promise(() => {}) } }`,
    told: /compartment ended/,
  },
  'uses up its memory during its callback': {
    source: `callbacks: { engineConfig() { const all = []; for (;;) all.push({ some: [all.length] }) } }`,
    told: /MiB of memory|compartment ended/,
  },
  'misses the deadline of its callback': { source: `callbacks: { engineConfig() { for (;;); } }`, told: /did not answer within 5000 ms/ },
  'answers with what the contract does not have': {
    source: `callbacks: { engineConfig() { return { privileged: true } } }`,
    told: /Cannot use the answer/,
  },
  'ends after its callback, right behind its answer': {
    source: `callbacks: { engineConfig() { Promise.reject(new Error('lost')); return {} } }`,
    told: /compartment ended/,
  },
  'hangs after its callback, right behind its answer': {
    // The answer is on its way after some ten turns; the sign of life finds a thread that does not listen.
    source: `callbacks: { engineConfig() { (async () => { for (let i = 0; i < 100; i++) await null; for (;;); })(); return {} } }`,
    told: /open did not answer within 5000 ms/,
  },
};

describe('a required plugin', function () {
  let cli: Cli;
  let marker: string;
  let keys = 0;
  beforeEach(async function () {
    cli = await openOnHost(this, []);
    marker = join(cli.root, 'shared/marker');
    await mkdir(join(cli.root, 'shared'));
  });
  afterEach(() => cli?.close());

  const system = (...parts: string[]) => join(cli.env['BULKHEAD_ROOT'] ?? '', 'usr/local', ...parts);
  const install = (source: string, ...flags: string[]) => installSource(cli, source, { name, flags });
  /** A command that leaves a mark on the host if it is ever executed. */
  const run = (...flags: string[]) =>
    cli.run('run', ...flags, '--bind', `${join(cli.root, 'shared')}:/shared`, 'host:', 'sh', '-c', 'echo "$REQUIRED" | tee /shared/marker');

  function assertRefused({ exitCode, stdout, stderr }: Outcome, told: RegExp, nextStep: RegExp): void {
    assert.equal(existsSync(marker), false, `the container has run: ${stderr}`);
    assert.deepEqual([exitCode, stdout], [255, ''], stderr);
    assert.match(stderr, /^FATAL: /m);
    assert.ok(stderr.includes(name), `it does not name the plugin: ${stderr}`);
    assert.match(stderr, told);
    assert.match(stderr, nextStep);
  }

  async function assertRuns(): Promise<void> {
    const { exitCode, stdout, stderr } = await run();
    assert.deepEqual([exitCode, stdout], [0, 'here'], stderr);
    assert.equal(await readFile(marker, 'utf8'), 'here\n');
  }

  async function packageFile(of = name): Promise<string> {
    const { installation } = JSON.parse((await cli.run('plugin', 'inspect', '--json', of)).stdout) as {
      installation: { packageFile: string };
    };
    return installation.packageFile;
  }

  async function demand(...names: string[]): Promise<void> {
    await writeConfig(cli, `required-plugins = ${JSON.stringify(names)}\n`);
  }

  it('lets the run go on when it is well, whoever requires it', async () => {
    await install(well, '--required');
    await assertRuns();
    await rm(marker);
    await demand(name);
    await assertRuns();
  });

  describe('that is not as it was installed', () => {
    it('stops the run when its package is gone', async () => {
      await install(well, '--required');
      await rm(await packageFile());
      assertRefused(await run(), /the package of plugin .* is missing/, /Try: .*bulkhead plugin install FILE/);
    });

    it('stops the run when its package was changed', async () => {
      await install(well, '--required');
      const file = await packageFile();
      const bytes = await readFile(file);
      bytes[33_000] = (bytes[33_000] ?? 0) ^ 1;
      await writeFile(file, bytes);
      assertRefused(await run(), /was modified since it was installed/, /Try: install it again/);
    });

    it('stops the run when its package was changed and its moment would come after the start', async () => {
      await install(`callbacks: { monitorContainer() {} }`, '--required');
      const file = await packageFile();
      const bytes = await readFile(file);
      bytes[33_000] = (bytes[33_000] ?? 0) ^ 1;
      await writeFile(file, bytes);
      assertRefused(await run(), /was modified since it was installed/, /Try: install it again/);
    });

    it('stops the run when its receipt cannot be read', async () => {
      await install(well, '--required');
      const { plugins } = JSON.parse((await cli.run('plugin', 'list', '--json')).stdout) as {
        plugins: { name: string; directory: { path: string } }[];
      };
      const directory = plugins.find((plugin) => plugin.name === name)?.directory.path ?? '';
      const receipt = receiptFile(directory, name);
      await writeFile(receipt, (await readFile(receipt, 'utf8')).replace('"format":1', '"format":"one"'));
      assertRefused(await run(), /could not decode receipt/, /Try: install the plugin again/);
    });

    it('stops the run when the version lock refuses it', async () => {
      await installAltered(well, { contract: { version: '99.0.0', digest: `sha256:${'0'.repeat(64)}` } });
      assertRefused(await run(), /too new for this host.*99\.0\.0/s, /Try: /);
    });
  });

  describe('that is not signed as the policy wants it', () => {
    const required = /requires a signature by a trusted key, and it has no signature/;
    const mend = /Try: as root: bulkhead plugin keys add .*bulkhead plugin sign --key/;

    async function requireSignature(...names: string[]): Promise<void> {
      await writeConfig(cli, `required-plugins = ${JSON.stringify(names)}\n[policy]\nrequire-signature = true\n`);
    }

    for (const [moment, source] of [
      ['the configuration', well],
      ['after the start', `callbacks: { monitorContainer() {} }`],
    ] as const)
      it(`stops the run before the start when nobody signed it, also where its moment is ${moment}`, async () => {
        await install(source, '--required');
        await signInstalled('example.com/host-image');
        await requireSignature();
        assertRefused(await run(), required, mend);
        await requireSignature(name);
        assertRefused(await run(), required, /Try: mend the plugin and install it again/);
      });

    it('stops the run when its signature was revoked, and lets it go on when it is signed', async () => {
      await install(well, '--required');
      const key = await signInstalled('example.com/host-image', name);
      await requireSignature();
      await assertRuns();
      await rm(marker);
      assert.equal((await cli.run('plugin', 'keys', 'revoke', key)).exitCode, 0);
      await signInstalled('example.com/host-image');
      assertRefused(await run(), /is refused: it is signed by SHA256:.*, which is revoked/, /Try: get a version/);
    });
  });

  /** Signs installed plugins with a new key that the system trusts, and installs them again, as required; answers with the key's fingerprint. */
  async function signInstalled(...names: string[]): Promise<string> {
    const path = join(cli.root, `key-${(keys += 1)}`);
    const made = await cli.run('plugin', 'keys', 'generate', '--json', path);
    assert.equal((await cli.run('plugin', 'keys', 'add', `${path}.pem`)).exitCode, 0);
    for (const one of names) {
      const file = join(cli.root, 'signed.sif');
      await writeFile(file, await readFile(await packageFile(one)));
      assert.equal((await cli.run('plugin', 'sign', '--key', `${path}.key`, file)).exitCode, 0);
      const installed = await cli.run('plugin', 'upgrade', '--grant-all', file);
      assert.equal(installed.exitCode, 0, installed.stderr);
    }
    return (JSON.parse(made.stdout) as { fingerprint: string }).fingerprint;
  }

  /** Compiling evaluates a plugin, and installing checks its contract: what could not come that way comes this way, as a later host finds it. */
  async function installAltered(
    source: string,
    change: { script?: string; contract?: Pick<ContractStamp, 'version' | 'digest'> },
  ): Promise<void> {
    await install(source);
    const { manifest, script } = readPackage(await readFile(await packageFile()), 'a.sif');
    const stamp = { ...manifest.contract, ...change.contract };
    const bytes = packPlugin({ manifest: { ...manifest, contract: stamp }, script: change.script ?? script });
    assert.equal((await cli.run('plugin', 'uninstall', name)).exitCode, 0);
    const directory = { path: system('libexec/bulkhead/plugin'), scope: 'system' } as const;
    await installPackage(readPackage(bytes, 'a.sif'), {
      place: { directories: [directory], uid: process.geteuid?.() ?? -1 },
      directory,
      offered: { ...CONTRACT, ...change.contract },
      lock: 'range',
      grants: {},
      onFailure: 'required',
      isolation: 'default',
      reservedCommands: [],
    });
  }

  describe('that crashes', () => {
    for (const [title, { source, told }] of Object.entries(crashes)) {
      it(`stops the run when it ${title}`, async () => {
        await install(source, '--required');
        assertRefused(await run(), told, /Try: bulkhead plugin disable site\.example\/required/);
      });
    }

    for (const callback of ['engineConfig', 'postStartProcess', 'monitorContainer']) {
      it(`stops the run before the start when it throws as it is loaded, also where its moment is ${callback}`, async () => {
        await installAltered(`callbacks: { ${callback}() {} }`, { script: `throw new Error('lost before');` });
        assertRefused(await run(), /failed in open.*lost before/, /Try: bulkhead plugin disable site\.example\/required/);
      });
    }

    it('does not stop the run when it is optional, and is told of', async () => {
      await install(crashes['throws during its callback']?.source ?? '', '--optional');
      const { exitCode, stderr } = await run();
      assert.equal(exitCode, 0, stderr);
      assert.match(stderr, /WARNING: .*quota unknown; going on without it/);
      assert.equal(existsSync(marker), true);
    });
  });

  describe('that the operator lists in bulkhead.toml', () => {
    it('stops the run when it is not installed', async () => {
      await demand(name);
      assertRefused(await run(), /is required by .*bulkhead\.toml, and it is not installed/, /Try: as root: bulkhead plugin install FILE/);
      await install(well);
      await assertRuns();
    });

    it('stops the run when it is disabled', async () => {
      await install(well);
      await demand(name);
      await cli.run('plugin', 'disable', name);
      assertRefused(
        await run(),
        /is required by .*bulkhead\.toml, and it is disabled/,
        /Try: as root: bulkhead plugin enable site\.example\/required/,
      );
      await cli.run('plugin', 'enable', name);
      await assertRuns();
    });

    it('stops the run when another one of that name hides it', async () => {
      await install(well);
      await demand(name);
      const own = `callbacks: { engineConfig() { return {} } }`;
      await install(own, '--user');
      assertRefused(await run(), /hides it/, /Try: bulkhead plugin uninstall --user site\.example\/required/);
      assert.equal((await cli.run('plugin', 'uninstall', '--user', name)).exitCode, 0);
      await assertRuns();
    });

    it('stops the run when it fails, though it was installed as optional; the hint is not to disable it', async () => {
      await install(crashes['throws during its callback']?.source ?? '', '--optional');
      await demand(name);
      assertRefused(
        await run(),
        /quota unknown; plugin .* is required by .*bulkhead\.toml/,
        /Try: mend the plugin .*required-plugins in .*bulkhead\.toml/,
      );
    });

    it('does not concern what runs no container', async () => {
      await demand(name);
      for (const argv of [['--help'], ['plugin', 'list'], ['plugin', 'inspect', 'example.com/host-image']])
        assert.equal((await cli.run(...argv)).exitCode, 0, argv.join(' '));
    });

    it('is told when the list is no list of names', async () => {
      await demand('../outside');
      const { exitCode, stderr } = await run();
      assert.equal(exitCode, 255);
      assert.match(stderr, /bulkhead\.toml:1: required-plugins/);
      assert.equal(existsSync(marker), false);
    });
  });
});
