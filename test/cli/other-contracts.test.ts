import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { CONTRACT, CONTRACT_VERSION } from '@bulkhead/plugin-sdk/contract';
import { packPlugin, readPackageFile } from '#package/package.js';
import { openCli, repository, type Cli } from '../helpers/cli.js';
import { needUserNamespaces } from '../helpers/need.js';
import { buildOtherHost } from '../helpers/other-host.js';

const built09 = join(repository, 'test/contract/fixtures/contract-0.9.sif');
const name = 'example.com/built-for-0.9';

describe('a plugin that was built for contract 0.9', function () {
  let cli: Cli;
  beforeEach(async () => (cli = await openCli()));
  afterEach(() => cli.close());

  it('runs through the adapter: it is asked and answers in its own words', async function () {
    needUserNamespaces(this);
    await cli.install(join(repository, 'samples/host-image'));
    const installed = await cli.run('plugin', 'install', '--grant-all', built09);
    assert.equal(installed.exitCode, 0, installed.stderr);
    const note = `built against contract 0.9.0, older than ${CONTRACT.version} of this host; it runs through the adapter for 0.9.0`;
    assert.ok(installed.stderr.includes(note), installed.stderr);
    const { stdout, stderr, exitCode } = await cli.run('run', 'host:', 'sh', '-c', 'echo $SAW; echo $JOB; grep -c . /site/os-release');
    assert.equal(exitCode, 0, stderr);
    assert.match(stdout, /^binds,command,env,image,readOnly,workingDirectory\n4711\n\d+$/);
    assert.ok(stderr.includes(`[${name}] was told command,id,image,pid,startedAt,uid`), stderr);
  });

  it('is said to by inspect, installed or not, and may be disabled and enabled', async () => {
    const said = /INFO: +built against contract 0\.9\.0, .* it runs through the adapter for 0\.9\.0/;
    assert.match((await cli.run('plugin', 'inspect', built09)).stderr, said);
    await cli.run('plugin', 'install', '--grant-all', built09);
    assert.match((await cli.run('plugin', 'inspect', name)).stderr, said);
    await cli.run('plugin', 'disable', name);
    assert.equal((await cli.run('plugin', 'enable', name)).exitCode, 0);
  });

  it('cannot answer with what came after 0.9, as if it had been built for this host', async function () {
    needUserNamespaces(this);
    const { manifest, script } = await readPackageFile(built09);
    const file = join(cli.root, 'altered.sif');
    await writeFile(file, packPlugin({ manifest, script: script.replace('binds:[', 'mounts:[') }));
    await cli.install(join(repository, 'samples/host-image'));
    await cli.run('plugin', 'install', '--grant-all', file);
    const { exitCode, stderr } = await cli.run('run', 'host:', 'true');
    assert.equal(exitCode, 255);
    assert.match(stderr, /Cannot use the answer of plugin "example\.com\/built-for-0\.9" to engineConfig: mounts/);
  });
});

describe('a host with a newer minor of the contract', function () {
  this.timeout(180_000);
  let cli: Cli;
  let newer: string;
  const [major = 1, minor = 0] = CONTRACT_VERSION.split('.').map(Number);
  const newerVersion = `${major}.${minor + 1}.0`;

  before(async function () {
    needUserNamespaces(this);
    cli = await openCli();
    newer = await buildOtherHost(join(cli.root, 'newer'), {
      'plugin-sdk/contract/callbacks/sunrise.ts': () => `import * as v from 'valibot';
import { callback } from './callback.js';
export const sunrise = callback({ seedName: 'none', version: '${newerVersion}', when: 'the sun rises', answers: 'every', deadlineMs: 1000, onFailure: 'report', input: v.strictObject({}), output: v.undefined() });
`,
      'plugin-sdk/contract/contract.ts': (text) =>
        `import { sunrise } from './callbacks/sunrise.js';\n${text
          .replace(`CONTRACT_VERSION = '${CONTRACT_VERSION}'`, `CONTRACT_VERSION = '${newerVersion}'`)
          .replace('export const callbacks = {', 'export const callbacks = { sunrise,')}`,
      // What is asked has a field that did not exist when the plugin was built.
      'plugin-sdk/contract/callbacks/post-start-process.ts': (text) =>
        text
          .replace(`version: '${CONTRACT_VERSION}'`, `version: '${newerVersion}'`)
          .replace('v.strictObject({ container,', 'v.strictObject({ phase: v.optional(v.picklist(["dawn"]), "dawn"), container,'),
    });
  });
  after(() => cli?.close());

  const run = (...argv: string[]) => execa(process.execPath, [newer, ...argv], { extendEnv: false, env: cli.env, reject: false });

  it('is one, with a digest of its own', async () => {
    const lock = await readFile(join(cli.root, 'newer/plugin-sdk/contract/lock.generated.ts'), 'utf8');
    assert.ok(lock.includes(`"version": "${newerVersion}"`) && lock.includes('"sunrise"') && !lock.includes(CONTRACT.digest));
  });

  it('runs plugins that this host has compiled, unchanged and without a word', async () => {
    for (const sample of ['host-image', 'config-plugin', 'log-plugin', 'cli-plugin']) {
      const { exitCode, stderr } = await run('plugin', 'install', '--grant-all', await cli.compile(join(repository, 'samples', sample)));
      assert.equal(exitCode, 0, stderr);
    }
    const { stdout } = await run('plugin', 'inspect', '--json', 'example.com/config-plugin');
    const { notes, manifest } = JSON.parse(stdout) as { notes: string[]; manifest: { contract: { version: string } } };
    assert.deepEqual([manifest.contract.version, notes.filter((note) => note.includes('contract'))], [CONTRACT_VERSION, []]);
    const ran = await run('run', 'host:', 'sh', '-c', 'echo $SITE_JOB; grep -c . /site/os-release');
    assert.equal(ran.exitCode, 0, ran.stderr);
    assert.match(ran.stdout, /^4711\n\d+$/);
    assert.match(ran.stderr, /recorded run/);
    assert.equal((await run('test-cmd', 'a')).stdout, 'test-cmd is printing args: [a]');
  });

  it('runs one of 0.9 as well', async () => {
    assert.equal((await run('plugin', 'install', '--grant-all', built09)).exitCode, 0);
    const { stdout } = await run('run', 'host:', 'sh', '-c', 'echo $SAW');
    assert.equal(stdout, 'binds,command,env,image,readOnly,workingDirectory');
  });
});
