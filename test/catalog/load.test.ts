import assert from 'node:assert/strict';
import { chmod, chown, open, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { readInstalled, type Installation } from '#catalog/catalog.js';
import { buildManifest, buildPackage } from '../package/builder.js';
import { install, openPlace, uid, type TestPlace } from './builder.js';

describe('readInstalled', () => {
  let place: TestPlace;
  let installation: Installation;
  beforeEach(async () => {
    place = await openPlace();
    installation = await install(place, { script: 'the script' });
  });
  afterEach(() => place.remove());

  const refuse = (code: string, message: RegExp) => assert.rejects(readInstalled(installation, { uid }), { code, message });

  it('gives what was installed', async () => {
    const plugin = await readInstalled(installation, { uid });
    assert.deepEqual([plugin.script, plugin.manifest, plugin.digest], ['the script', buildManifest(), installation.digest]);
  });

  it('notices that one byte has changed, wherever', async () => {
    const { length } = buildPackage({ script: 'the script' });
    for (const offset of [0, 32, 90, 4200, 32768, length - 1]) {
      const original = await readFile(installation.packageFile);
      const file = await open(installation.packageFile, 'r+');
      await file.write(Buffer.from([(original[offset] ?? 0) ^ 1]), 0, 1, offset);
      await file.close();
      await refuse(
        'PLUGIN_MODIFIED',
        /^plugin "example\.com\/sample" was modified since it was installed: .*: its digest is sha256:[0-9a-f]{64}, the receipt says sha256:[0-9a-f]{64}$/,
      );
      await writeFile(installation.packageFile, original);
    }
    await readInstalled(installation, { uid });
  });

  it('notices that the receipt tells of another manifest', async () => {
    installation = { ...installation, manifest: buildManifest({ permissions: { env: ['HOME'] } }) };
    await refuse('PLUGIN_MODIFIED', /its manifest is not the one in the receipt$/);
  });

  it('tells a missing package from a plugin that was upgraded or removed meanwhile', async () => {
    await rm(installation.packageFile);
    await refuse('INSTALLED_PACKAGE_MISSING', /is missing: /);
    await install(place, { version: '9.0.0' });
    await refuse('PLUGIN_CHANGED', /^plugin "example\.com\/sample" was changed by somebody else while this command ran$/);
    await rm(place.user.path, { recursive: true });
    await refuse('PLUGIN_CHANGED', /./);
  });

  it('refuses a package that others may write to', async () => {
    await chmod(installation.packageFile, 0o664);
    await refuse('PLUGIN_PATH_UNSAFE', /others than its owner may write to it \(mode 0664\)$/);
  });

  it('refuses a package that is a symbolic link', async () => {
    await rename(installation.packageFile, `${installation.packageFile}.moved`);
    await symlink(`${installation.packageFile}.moved`, installation.packageFile);
    await refuse('INSTALLED_PACKAGE_UNREADABLE', /ELOOP/);
  });

  it('refuses a package of another user (needs root)', async function () {
    if (uid !== 0) this.skip();
    await chown(installation.packageFile, 65534, 65534);
    await refuse('PLUGIN_PATH_UNSAFE', /it belongs to user 65534/);
  });
});
