import assert from 'node:assert/strict';
import { mkdir, readdir, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findInstallation, setEnabled, uninstallPlugin } from '#catalog/catalog.js';
import { takeLease } from '../../src/catalog/lease.js';
import { install, openBoth, openPlace, optionsFor, uid, type TestPlace } from './builder.js';

const name = 'example.com/sample';

describe('setEnabled', () => {
  let place: TestPlace;
  beforeEach(async () => {
    place = await openPlace();
  });
  afterEach(() => place.remove());

  it('switches a plugin off and on, and tells whether that changed anything', async () => {
    const { digest, ...installed } = await install(place, {}, { onFailure: 'optional' });
    const options = optionsFor(place);
    assert.equal(await setEnabled(name, true, options), false);
    assert.equal(await setEnabled(name, false, options), true);
    assert.equal(await setEnabled(name, false, options), false);
    assert.deepEqual(findInstallation(await openBoth(place), name), { ...installed, digest, enabled: false });
    assert.equal(await setEnabled(name, true, options), true);
    assert.equal(findInstallation(await openBoth(place), name)?.enabled, true);
  });

  it('does not enable what the version lock refuses by now', async () => {
    await install(place);
    const options = optionsFor(place);
    await setEnabled(name, false, options);
    const offered = { ...options.offered, version: '2.0.0' };
    await assert.rejects(setEnabled(name, true, { ...options, offered }), { code: 'PLUGIN_INCOMPATIBLE' });
    await assert.rejects(setEnabled(name, true, { ...options, offered: { ...options.offered, digest: `sha256:${'0'.repeat(64)}` } }), {
      code: 'PLUGIN_INCOMPATIBLE',
    });
    assert.equal(findInstallation(await openBoth(place), name)?.enabled, false);
  });

  it('disables what the version lock refuses: that is the mend', async () => {
    await install(place);
    const options = optionsFor(place);
    assert.equal(await setEnabled(name, false, { ...options, offered: { ...options.offered, version: '2.0.0' } }), true);
  });

  it('does not enable what has come to conflict', async () => {
    const options = optionsFor(place);
    await install(place, { imageSchemes: ['host'] });
    await setEnabled(name, false, options);
    await install(place, { name: 'other', imageSchemes: ['host'] });
    await assert.rejects(setEnabled(name, true, options), {
      code: 'PLUGIN_CONFLICT',
      data: { plugin: name, other: 'other', what: 'the image scheme "host:"' },
    });
    await setEnabled('other', false, options);
    assert.equal(await setEnabled(name, true, options), true);
  });
});

describe('uninstallPlugin', () => {
  let place: TestPlace;
  beforeEach(async () => {
    place = await openPlace();
  });
  afterEach(() => place.remove());

  it('removes all that install made, and nothing else', async () => {
    await install(place);
    await install(place, { name: 'example.com/sample/below' });
    await writeFile(join(place.user.path, 'README'), '');
    await uninstallPlugin(name, { directory: place.user, uid });
    assert.deepEqual(
      (await openBoth(place)).installations.map((installation) => installation.name),
      ['example.com/sample/below'],
    );
    await uninstallPlugin('example.com/sample/below', { directory: place.user, uid });
    assert.deepEqual(await readdir(place.user.path), ['README']);
  });

  it('removes a plugin whose receipt is damaged or whose package is gone', async () => {
    await install(place);
    const receipts = join(place.user.path, 'receipts');
    for (const file of await readdir(receipts)) await writeFile(join(receipts, file), 'x');
    await uninstallPlugin(name, { directory: place.user, uid });
    assert.deepEqual(await readdir(place.user.path), []);
  });
});

describe('a name that is not installed', () => {
  let place: TestPlace;
  beforeEach(async () => {
    place = await openPlace();
    await install(place);
  });
  afterEach(() => place.remove());

  const names = [
    'example.com/other',
    'example.com',
    'example.com/sample/',
    '../x',
    'a//b',
    'a/',
    './a',
    '.',
    '..',
    '/etc/passwd',
    '',
    '__proto__',
    'constructor',
    'ехample.com/sample',
    'example.com/sample\n',
  ];
  for (const unknown of names) {
    it(`is not found, and touches no path: ${JSON.stringify(unknown)}`, async () => {
      const notFound = { code: 'PLUGIN_NOT_FOUND', message: 'plugin not found' };
      assert.equal(findInstallation(await openBoth(place), unknown), undefined);
      await assert.rejects(setEnabled(unknown, false, optionsFor(place)), notFound);
      await assert.rejects(uninstallPlugin(unknown, { directory: place.user, uid }), notFound);
      assert.equal((await openBoth(place)).installations.length, 1);
    });
  }

  it('in a directory that is not there does not make the directory', async () => {
    await assert.rejects(uninstallPlugin(name, { directory: place.system, uid }), { code: 'PLUGIN_NOT_FOUND' });
    await assert.rejects(stat(place.system.path), { code: 'ENOENT' });
  });
});

describe('the lock of a plugin directory', () => {
  let place: TestPlace;
  let lock: string;
  beforeEach(async () => {
    place = await openPlace();
    lock = join(place.user.path, 'lock');
    await mkdir(place.user.path, { recursive: true });
  });
  afterEach(() => place.remove());

  it('lets one in at a time', async () => {
    const lease = await takeLease(place.user.path);
    await assert.rejects(takeLease(place.user.path, { waitMs: 200 }), {
      code: 'CATALOG_BUSY',
      message: /^.*user\/plugin is being changed by another command, waited 0\.2 s$/,
    });
    await lease.release();
    await (await takeLease(place.user.path, { waitMs: 0 })).release();
    assert.deepEqual(await readdir(place.user.path), []);
  });

  it('of somebody who was killed is taken over', async () => {
    await mkdir(lock);
    const past = new Date(Date.now() - 60_000);
    await utimes(lock, past, past);
    const lease = await takeLease(place.user.path, { waitMs: 0 });
    lease.requireHeld();
    await lease.release();
  });

  it('of somebody who was killed a moment ago is waited for, not reported', async function () {
    await mkdir(lock);
    await install(place);
    assert.equal((await openBoth(place)).installations.length, 1);
  });

  it('cannot be filled by others, whatever the umask', async () => {
    const before = process.umask(0);
    try {
      const lease = await takeLease(place.user.path);
      assert.equal((await stat(lock)).mode & 0o777, 0o700);
      await lease.release();
    } finally {
      process.umask(before);
    }
  });
});
