import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CONTRACT, type ContractStamp } from '@bulkhead/plugin-sdk/contract';
import { installPackage } from '#catalog/catalog.js';
import { packPlugin, readPackage } from '#package/package.js';
import { readFile } from 'node:fs/promises';
import { openCli, repository, type Cli } from '../helpers/cli.js';
import { writeConfig } from '../helpers/policy.js';

const sample = join(repository, 'samples/cli-plugin');
const name = 'example.com/cli-plugin';
const [major = 0, minor = 0] = CONTRACT.version.split('.').map(Number);
const otherDigest = `sha256:${'0'.repeat(64)}`;
const used = { command: CONTRACT.callbacks['command'] ?? '' };
const stamp = (changes: Partial<ContractStamp>): ContractStamp => ({ ...CONTRACT, callbacks: used, powers: {}, ...changes });
const newerMinor = `${major}.${minor + 1}.0`;

/** Real packages, each built against an altered contract. */
const rows: readonly { title: string; contract: ContractStamp; refused?: RegExp; note?: RegExp }[] = [
  { title: 'the same contract', contract: stamp({}) },
  {
    title: 'a newer minor, its callbacks unchanged',
    contract: stamp({ version: newerMinor, digest: otherDigest }),
    note: new RegExp(`${newerMinor}.*${CONTRACT.version}`),
  },
  {
    title: 'a newer minor, a callback changed since',
    contract: stamp({ version: newerMinor, digest: otherDigest, callbacks: { command: newerMinor } }),
    refused: /too new for this host/,
  },
  {
    title: 'a newer minor, a callback that the host lacks',
    contract: stamp({ version: newerMinor, digest: otherDigest, callbacks: { ...used, later: newerMinor } }),
    refused: /too new for this host/,
  },
  { title: 'a newer major', contract: stamp({ version: `${major + 1}.0.0`, digest: otherDigest }), refused: /too new/ },
  { title: 'an older major', contract: stamp({ version: `${major - 1}.8.0`, digest: otherDigest }), refused: /too old/ },
  { title: 'the same version with another digest', contract: stamp({ digest: otherDigest }), refused: /not the contract it claims/ },
];

describe('the version lock', () => {
  let cli: Cli;
  let original: ReturnType<typeof readPackage>;
  beforeEach(async () => {
    cli = await openCli();
    original = readPackage(await readFile(await cli.compile(sample)), 'sample');
  });
  afterEach(() => cli.close());

  async function build(contract: ContractStamp): Promise<string> {
    const callbacks = Object.keys(contract.callbacks).sort();
    const file = join(cli.root, 'altered.sif');
    await writeFile(file, packPlugin({ manifest: { ...original.manifest, flags: {}, contract, callbacks }, script: original.script }));
    return file;
  }
  /** As a host that offers this contract had installed it, and this host came after. */
  async function installAsIf(contract: ContractStamp, file: string): Promise<void> {
    const directory = { path: join(cli.env['BULKHEAD_ROOT'] ?? '', 'usr/local/libexec/bulkhead/plugin'), scope: 'system' } as const;
    const uid = process.geteuid?.() ?? -1;
    const place = { directories: [directory], uid };
    await installPackage(readPackage(await readFile(file), file), {
      place,
      directory,
      offered: contract,
      lock: 'range',
      grants: {},
      onFailure: 'default',
      isolation: 'default',
      reservedCommands: [],
    });
  }

  for (const { title, contract, refused, note } of rows) {
    if (refused === undefined) {
      it(`accepts ${title}: at install, at enable and at load`, async () => {
        const installed = await cli.run('plugin', 'install', await build(contract));
        assert.equal(installed.exitCode, 0, installed.stderr);
        if (note !== undefined) assert.match((await cli.run('plugin', 'inspect', name)).stderr, note);
        await cli.run('plugin', 'disable', name);
        assert.equal((await cli.run('plugin', 'enable', name)).exitCode, 0);
        assert.equal((await cli.run('test-cmd', 'a')).stdout, 'test-cmd is printing args: [a]');
      });
      continue;
    }
    it(`refuses ${title}: at install, at enable and at load`, async () => {
      const file = await build(contract);
      const check = ({ exitCode, stderr }: { exitCode: number | undefined; stderr: string }): void => {
        assert.equal(exitCode, 255);
        assert.match(stderr, refused);
        for (const told of [name, contract.version, CONTRACT.version, 'Try: '])
          assert.ok(stderr.includes(told), `${stderr} does not tell ${told}`);
      };
      check(await cli.run('plugin', 'install', file));
      assert.equal((await cli.run('plugin', 'list')).stdout, 'There are no plugins installed.');
      await installAsIf(contract, file);
      check(await cli.run('test-cmd', 'a'));
      assert.equal((await cli.run('plugin', 'disable', name)).exitCode, 0);
      check(await cli.run('plugin', 'enable', name));
      assert.equal((await cli.run('--help')).exitCode, 0);
    });
  }

  it('refuses a digest that is not exactly the host\'s where the operator set version-lock = "exact"', async () => {
    await writeConfig(cli, 'version-lock = "exact"\n');
    const { exitCode, stderr } = await cli.run('plugin', 'install', await build(stamp({ version: newerMinor, digest: otherDigest })));
    assert.equal(exitCode, 255);
    assert.match(stderr, /exact/);
    assert.equal((await cli.run('plugin', 'install', await build(stamp({})))).exitCode, 0);
  });

  it('says what is wrong with a configuration file instead of ignoring it', async () => {
    await writeConfig(cli, 'version-lock = "loose"\n');
    assert.match((await cli.run('plugin', 'install', await build(stamp({})))).stderr, /bulkhead\.toml:1: version-lock/);
  });
});
