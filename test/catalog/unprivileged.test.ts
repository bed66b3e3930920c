import assert from 'node:assert/strict';
import { chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setEnabled, uninstallPlugin } from '#catalog/catalog.js';
import { readPackageFile } from '#package/package.js';
import { install, openBoth, openPlace, optionsFor, uid, type TestPlace } from './builder.js';

describe('without the right to write or read (skipped for root, who has it)', () => {
  let place: TestPlace;
  before(function () {
    if (uid === 0) this.skip();
  });
  beforeEach(async () => {
    place = await openPlace();
    await install(place);
  });
  afterEach(async () => {
    await chmod(place.user.path, 0o755);
    await place.remove();
  });

  it('a change says what could not be done and why', async () => {
    await chmod(place.user.path, 0o555);
    const name = 'example.com/sample';
    await assert.rejects(install(place), {
      code: 'CATALOG_CHANGE_FAILED',
      message: /^could not install plugin: EACCES: permission denied/,
    });
    await assert.rejects(setEnabled(name, false, optionsFor(place)), { message: /^could not disable plugin: EACCES: permission denied/ });
    await assert.rejects(uninstallPlugin(name, { directory: place.user, uid }), {
      message: /^could not uninstall plugin: EACCES: permission denied/,
    });
    assert.equal((await openBoth(place)).installations[0]?.enabled, true);
  });

  it('a directory that cannot be read is refused, and hides no other', async () => {
    await install(place, {}, { directory: place.system });
    await chmod(place.user.path, 0o000);
    const { installations, problems } = await openBoth(place);
    assert.deepEqual([installations.length, problems.map(({ kind }) => kind)], [1, ['refused']]);
  });

  it('a package that cannot be read is said to be so, as Apptainer does', async () => {
    const path = join(place.user.path, 'closed');
    await mkdir(path, { mode: 0o000 });
    const file = join(path, 'sample.sif');
    await assert.rejects(readPackageFile(file), {
      code: 'PACKAGE_UNREADABLE',
      message: `could not load plugin: ${file} is not readable by the current user, check permissions`,
    });
  });
});
