import assert from 'node:assert/strict';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createSif, DATA_TYPES } from '#sif/sif.js';
import { openCli, type Cli } from '../helpers/cli.js';
import { changeObject, buildPackage, repack } from '../package/builder.js';

const manifestOf = (name: string) => ({ name, author: 'a', version: '1.0.0', description: 'd' });

/** A package whose manifest holds this instead: our own writer would refuse to write most of them. */
function withManifest(manifest: unknown): Uint8Array {
  const text = typeof manifest === 'string' ? manifest : JSON.stringify(manifest);
  return repack(buildPackage(), changeObject('plugin.manifest', { data: new TextEncoder().encode(text) }));
}

const partition = { dataType: DATA_TYPES.generic, name: 'notes', data: new Uint8Array(10) };

const refused: readonly (readonly [title: string, bytes: Uint8Array, why: RegExp])[] = [
  ['that is no SIF file', new TextEncoder().encode('#!/bin/sh\n'), /could not load plugin: /],
  ['that is empty', new Uint8Array(), /could not load plugin: /],
  ['that is a SIF file of something else', createSif({ objects: [partition] }), /is not a valid plugin/],
  ['whose manifest is not JSON', withManifest('{123'), /could not get manifest: while decoding JSON manifest/],
  ['whose manifest has no name', withManifest(manifestOf('')), /empty plugin in manifest/],
  ...['../x', 'a//b', 'a/', './a', '.', '..', 'a/../../b', '/a', '/'].map(
    (name) =>
      [
        `whose name is ${JSON.stringify(name)}`,
        withManifest(manifestOf(name)),
        /plugin manifest name ".*" contains path traversal/,
      ] as const,
  ),
];

describe('plugin install', () => {
  let cli: Cli;
  beforeEach(async () => (cli = await openCli()));
  afterEach(() => cli.close());

  async function put(bytes: Uint8Array, name = 'plugin.sif'): Promise<string> {
    const file = join(cli.root, name);
    await writeFile(file, bytes);
    return file;
  }
  const installed = async () => (await cli.run('plugin', 'list')).stdout;
  const none = 'There are no plugins installed.';

  for (const [title, bytes, why] of refused) {
    it(`refuses a file ${title} (apptainer 108)`, async () => {
      const file = await put(bytes);
      const { exitCode, stderr } = await cli.run('plugin', 'install', file);
      assert.equal(exitCode, 255);
      assert.ok(stderr.startsWith(`FATAL:   Failed to install plugin "${file}": `), stderr);
      assert.match(stderr, why);
      assert.equal(await installed(), none);
      assert.deepEqual(await readdir(cli.root), ['plugin.sif']);
    });
  }

  it('refuses a file that is not there, and a directory (apptainer 108)', async () => {
    const missing = await cli.run('plugin', 'install', join(cli.root, 'none.sif'));
    assert.match(missing.stderr, /could not load plugin: failed to retrieve path for .*none\.sif: lstat .*: no such file or directory/);
    await mkdir(join(cli.root, 'directory'));
    const directory = await cli.run('plugin', 'install', join(cli.root, 'directory'));
    assert.match(directory.stderr, /is not a valid plugin/);
    assert.deepEqual([missing.exitCode, directory.exitCode, await installed()], [255, 255, none]);
  });

  it('refuses a package whose signature is none; signed ones are in signatures.test.ts', async () => {
    const signature = { dataType: DATA_TYPES.signature, name: 'signature', data: new Uint8Array(64), groupId: 0, linkedGroupId: 1 };
    const file = await put(repack(buildPackage(), (objects) => [...objects, signature]));
    const { exitCode, stderr } = await cli.run('plugin', 'install', file);
    assert.equal(exitCode, 255);
    assert.match(stderr, /plugin "example\.com\/sample" was modified since it was signed: signature object 3 not valid/);
    assert.match(await installed(), /no plugins installed/);
  });

  it('refuses a second plugin with a command of the first, by both names (apptainer 116)', async () => {
    const commands = { scratch: { summary: 's' } };
    await cli.run('plugin', 'install', await put(buildPackage({ name: 'one', commands })));
    const { exitCode, stderr } = await cli.run('plugin', 'install', await put(buildPackage({ name: 'two', commands })));
    assert.equal(exitCode, 255);
    assert.match(stderr, /plugin "two" adds the command "scratch", as the enabled plugin "one" does\.\n +Try: bulkhead plugin disable one/);
    await cli.run('plugin', 'disable', 'one');
    assert.equal((await cli.run('plugin', 'install', await put(buildPackage({ name: 'two', commands })))).exitCode, 0);
    assert.match(
      (await cli.run('plugin', 'enable', 'one')).stderr,
      /plugin "one" adds the command "scratch", as the enabled plugin "two" does/,
    );
  });
});

describe('the plugins that are installed', () => {
  let cli: Cli;
  beforeEach(async () => {
    cli = await openCli();
    for (const name of ['b', 'a/b/c', 'a/b', 'a', 'B', 'a.b']) {
      const file = join(cli.root, 'plugin.sif');
      await writeFile(file, buildPackage({ name }));
      assert.equal((await cli.run('plugin', 'install', file)).exitCode, 0);
    }
  });
  afterEach(() => cli.close());

  const list = (...names: string[]) => ['ENABLED  NAME', ...names.map((name) => `    yes  ${name}`)].join('\n');

  it('are listed by name, in the order of its bytes, and what is broken is said (apptainer 111)', async () => {
    assert.deepEqual(await cli.run('plugin', 'list'), { exitCode: 0, stdout: list('B', 'a', 'a.b', 'a/b', 'a/b/c', 'b'), stderr: '' });
    const receipts = join(cli.root, 'system/usr/local/libexec/bulkhead/plugin/receipts');
    const [broken = ''] = await readdir(receipts);
    await writeFile(join(receipts, broken), '{');
    const { exitCode, stdout, stderr } = await cli.run('plugin', 'list');
    assert.equal(exitCode, 0);
    assert.equal(stdout.split('\n').length, 6);
    assert.ok(stderr.startsWith('WARNING: could not decode receipt ') && stderr.includes(broken), stderr);
  });

  it('go one by one: without a/b, a/b/c and a stay (apptainer 112)', async () => {
    assert.equal((await cli.run('plugin', 'uninstall', 'a/b')).exitCode, 0);
    assert.equal((await cli.run('plugin', 'list')).stdout, list('B', 'a', 'a.b', 'a/b/c', 'b'));
    assert.equal((await cli.run('plugin', 'inspect', 'a/b/c')).exitCode, 0);
  });

  it('are told from those that are not (apptainer 113)', async () => {
    for (const verb of ['enable', 'disable', 'inspect', 'uninstall', 'upgrade']) {
      for (const name of ['a/b/c/d', '/a', '../a', 'A']) {
        // A file of that name would be meant before a plugin.
        const { exitCode, stderr } = await cli.start(['plugin', verb, name], { cwd: join(cli.root, 'system') });
        assert.equal(exitCode, 255);
        assert.ok(String(stderr).startsWith(`FATAL:   Failed to ${verb} plugin "${name}": plugin not found.`), String(stderr));
      }
    }
  }).timeout(90_000);

  it('may be enabled and disabled again and again (apptainer 114)', async () => {
    const info = (state: string) => ({ exitCode: 0, stdout: '', stderr: `INFO:    Plugin "a" is already ${state}` });
    const quiet = { exitCode: 0, stdout: '', stderr: '' };
    assert.deepEqual(await cli.run('plugin', 'enable', 'a'), info('enabled'));
    assert.deepEqual(await cli.run('plugin', 'disable', 'a'), quiet);
    assert.deepEqual(await cli.run('plugin', 'disable', 'a'), info('disabled'));
    assert.deepEqual(await cli.run('plugin', 'enable', 'a'), quiet);
  });
});
