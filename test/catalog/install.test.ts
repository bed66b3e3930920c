import assert from 'node:assert/strict';
import { chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CONTRACT } from '@bulkhead/plugin-sdk/contract';
import { checkInstall, findInstallation, openCatalog, readInstalled } from '#catalog/catalog.js';
import { readPackage } from '#package/package.js';
import { buildManifest, buildPackage } from '../package/builder.js';
import { install, openBoth, openPlace, optionsFor, uid, type TestPlace } from './builder.js';

describe('installPackage', () => {
  let place: TestPlace;
  beforeEach(async () => {
    place = await openPlace();
  });
  afterEach(() => place.remove());

  it('makes the plugin one that is installed, enabled, with what the operator decided', async () => {
    const permissions = { env: ['HOME', 'USER'] };
    const now = new Date('2026-08-01T12:00:00Z');
    await install(place, { permissions }, { grants: { env: ['HOME'] }, onFailure: 'required', isolation: 'process', now });
    const { installations, problems } = await openBoth(place);
    assert.deepEqual(problems, []);
    const [{ digest, packageFile, ...installation } = assert.fail(), ...others] = installations;
    assert.deepEqual(others, []);
    assert.deepEqual(installation, {
      format: 1,
      name: 'example.com/sample',
      enabled: true,
      installedAt: '2026-08-01T12:00:00.000Z',
      contractVersion: CONTRACT.version,
      grants: { env: ['HOME'] },
      onFailure: 'required',
      isolation: 'process',
      manifest: buildManifest({ permissions }),
      directory: place.user,
    });
    assert.equal(packageFile, join(place.user.path, 'packages', `${digest.replace('sha256:', '')}.sif`));
  });

  it('keeps the package whole, byte for byte', async () => {
    const { packageFile } = await install(place);
    assert.deepEqual(new Uint8Array(await readFile(packageFile)), buildPackage());
  });

  it('sets modes whatever the umask', async () => {
    for (const [umask, directory] of [[0o077, place.user] as const, [0o000, place.system] as const]) {
      const before = process.umask(umask);
      try {
        await install(place, {}, { directory });
      } finally {
        process.umask(before);
      }
      assert.deepEqual(await modesBelow(directory.path), [
        '755 .',
        '644 index.json',
        '755 packages',
        '644 packages/*',
        '755 receipts',
        '644 receipts/*',
      ]);
    }
  });

  it('replaces an installation of the same name, enables it, and leaves nothing of the old one', async () => {
    const old = await install(place, { version: '1.0.0' });
    const plan = await checkInstall(readPackage(buildPackage({ version: '2.0.0' }), 'x'), optionsFor(place));
    assert.equal(plan.replaces?.manifest.version, '1.0.0');
    const installation = await install(place, { version: '2.0.0' });
    assert.notEqual(installation.digest, old.digest);
    assert.equal(findInstallation(await openBoth(place), 'example.com/sample')?.manifest.version, '2.0.0');
    assert.equal((await readdir(join(place.user.path, 'packages'))).length, 1);
  });

  it('may be repeated, and mends a broken installation', async () => {
    const { packageFile } = await install(place);
    await writeFile(packageFile, 'damaged');
    const installation = await install(place);
    assert.equal((await readInstalled(installation, { uid })).script, '"use strict";\n');
    for (const name of await readdir(join(place.user.path, 'receipts'))) await writeFile(join(place.user.path, 'receipts', name), '{');
    await install(place);
    assert.deepEqual((await openBoth(place)).problems, []);
  });

  it('keeps plugins apart whose names begin alike', async () => {
    for (const name of ['a', 'a/b', 'a/b/c']) await install(place, { name });
    assert.deepEqual(
      (await openBoth(place)).installations.map(({ name }) => name),
      ['a', 'a/b', 'a/b/c'],
    );
  });

  it('installs as many at once as are asked for', async () => {
    const names = Array.from({ length: 8 }, (_, index) => `example.com/p${index}`);
    await Promise.all(names.map((name) => install(place, { name })));
    assert.deepEqual(
      (await openBoth(place)).installations.map(({ name }) => name),
      names,
    );
  });

  it('removes what a killed change left, and nothing that is not its own', async () => {
    await install(place);
    const [staged, unused] = [`${'0'.repeat(64)}.sif.${'1'.repeat(16)}.staged`, `${'0'.repeat(64)}.sif`];
    const receiptStaged = `${'0'.repeat(64)}.json.${'1'.repeat(16)}.staged`;
    for (const name of [staged, unused, 'README']) await writeFile(join(place.user.path, 'packages', name), '');
    await writeFile(join(place.user.path, 'receipts', receiptStaged), '');
    await install(place, { name: 'example.com/other' });
    const packages = await readdir(join(place.user.path, 'packages'));
    assert.ok(packages.includes('README') && !packages.includes(staged) && !packages.includes(unused));
    assert.ok(!(await readdir(join(place.user.path, 'receipts'))).includes(receiptStaged));
  });

  it('keeps all packages while a receipt cannot be read', async () => {
    await install(place);
    const [receipt = assert.fail()] = await readdir(join(place.user.path, 'receipts'));
    await writeFile(join(place.user.path, 'receipts', receipt), JSON.stringify({ format: 2 }));
    await install(place, { name: 'example.com/other' });
    assert.equal((await readdir(join(place.user.path, 'packages'))).length, 2);
  });

  describe('refuses, and changes nothing,', () => {
    const refuse = async (code: string, ...args: Parameters<typeof install> extends [TestPlace, ...infer Rest] ? Rest : never) => {
      const before = JSON.stringify((await openBoth(place)).installations);
      await assert.rejects(install(place, ...args), { code });
      assert.equal(JSON.stringify((await openBoth(place)).installations), before);
    };

    it('a plugin that the version lock refuses', async () => {
      await refuse('PLUGIN_INCOMPATIBLE', { contract: { version: '2.0.0' } });
      await refuse('PLUGIN_INCOMPATIBLE', {}, { offered: { ...CONTRACT, digest: `sha256:${'0'.repeat(64)}` } });
      await assert.rejects(stat(place.user.path), { code: 'ENOENT' });
    });

    it('grants that the manifest does not ask for', async () => {
      const permissions = { env: ['HOME'], readFile: ['/etc/site'], writeFile: ['/run/site'] };
      await refuse('GRANT_NOT_REQUESTED', { permissions }, { grants: { env: ['PATH'] } });
      await refuse('GRANT_NOT_REQUESTED', { permissions }, { grants: { config: ['mounts'] } });
      await refuse('GRANT_NOT_REQUESTED', { permissions }, { grants: { readFile: ['/etc/site2'] } });
      await refuse('GRANT_NOT_REQUESTED', { permissions }, { grants: { writeFile: ['/etc/site'] } });
      await install(place, { permissions }, { grants: { env: ['HOME'], readFile: ['/etc/site/below'] } });
    });

    it('a command or a scheme that another enabled plugin has', async () => {
      await install(
        place,
        { name: 'first', commands: { 'scratch list': { summary: '' } }, imageSchemes: ['host'] },
        { directory: place.system },
      );
      await refuse('PLUGIN_CONFLICT', { name: 'second', commands: { 'scratch list': { summary: '' } } });
      await refuse('PLUGIN_CONFLICT', { name: 'second', commands: { scratch: { summary: '' } } });
      await refuse('PLUGIN_CONFLICT', { name: 'second', commands: { 'scratch list all': { summary: '' } } });
      await refuse('PLUGIN_CONFLICT', { name: 'second', imageSchemes: ['host'] });
      await install(place, { name: 'second', commands: { 'scratch purge': { summary: '' } }, imageSchemes: ['hosts'] });
      await install(place, { name: 'third', commands: { scratches: { summary: '' } } });
    });

    it('a command of bulkhead itself', async () => {
      for (const command of ['run', 'run fast', 'plugin', 'plugin list']) {
        await refuse('PLUGIN_COMMAND_RESERVED', { commands: { [command]: { summary: '' } } });
      }
      await install(place, { commands: { 'plugin graph': { summary: '' } } });
    });

    it('a directory that others may write to', async () => {
      await mkdir(place.user.path, { recursive: true });
      await chmod(place.user.path, 0o777);
      await refuse('PLUGIN_PATH_UNSAFE');
      assert.deepEqual(await readdir(place.user.path), []);
    });

    it('a place that is no directory', async () => {
      await mkdir(join(place.user.path, '..'), { recursive: true });
      await writeFile(place.user.path, '');
      await refuse('PLUGIN_PATH_UNSAFE');
      await refuse('CATALOG_CHANGE_FAILED', {}, { directory: { path: join(place.user.path, 'below'), scope: 'given' } });
    });
  });

  it('names both plugins and the mend when they conflict', async () => {
    await install(place, { name: 'first', imageSchemes: ['host'] });
    await assert.rejects(install(place, { name: 'second', imageSchemes: ['host'] }), {
      message: 'plugin "second" adds the image scheme "host:", as the enabled plugin "first" does',
      hint: 'bulkhead plugin disable first',
    });
  });

  it('does not care about a plugin of the same name elsewhere', async () => {
    await install(place, { commands: { scratch: { summary: '' } } }, { directory: place.system });
    await install(place, { commands: { scratch: { summary: '' } } });
    assert.equal((await openCatalog({ directories: [place.system], uid })).installations.length, 1);
  });
});

async function modesBelow(directory: string): Promise<string[]> {
  const names = (await readdir(directory, { recursive: true })).toSorted();
  const modes = await Promise.all(['.', ...names].map(async (name) => (await stat(join(directory, name))).mode & 0o777));
  return ['.', ...names].map((name, index) => `${modes[index]?.toString(8)} ${name.replace(/\/.*/, '/*')}`);
}
