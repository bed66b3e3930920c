import assert from 'node:assert/strict';
import { appendFile, chmod, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openCatalog, openCatalogFor, openOutlines, readDetails, setEnabled, uninstallPlugin } from '#catalog/catalog.js';
import { buildManifest } from '../package/builder.js';
import { install, openPlace, optionsFor, uid, type TestPlace } from './builder.js';

describe('the index of a plugin directory', () => {
  let place: TestPlace;
  let index: string;
  beforeEach(async () => {
    place = await openPlace();
    index = join(place.user.path, 'index.json');
    await install(place, { name: 'one', commands: { one: { summary: 'first' } } });
    await install(place, { name: 'two', imageSchemes: ['two'] });
  });
  afterEach(() => place.remove());

  const directories = () => ({ directories: [place.user, place.system], uid });
  const receiptOf = async (name: string) => {
    const receipts = join(place.user.path, 'receipts');
    for (const file of await readdir(receipts))
      if ((await readFile(join(receipts, file), 'utf8')).includes(`"name":"${name}"`)) return join(receipts, file);
    throw new Error(`no receipt of ${name}`);
  };

  async function summaryOfOne(): Promise<string | undefined> {
    const [outline] = (await openOutlines(directories())).installations;
    return outline && (await readDetails(outline, uid))?.commands['one']?.summary;
  }

  /** The outlines say what the receipts say, and the same of what is wrong. */
  async function requireSame(): Promise<void> {
    const catalog = await openCatalog(directories());
    const outlines = await openOutlines(directories());
    assert.deepEqual(outlines.problems, catalog.problems);
    const seen = await Promise.all(
      outlines.installations.map(async (outline) => {
        const { name, enabled, onFailure, digest, directory, version, callbacks, hooks } = outline;
        return { name, enabled, onFailure, digest, directory, version, callbacks, hooks, details: await readDetails(outline, uid) };
      }),
    );
    const expected = catalog.installations.map(({ name, enabled, onFailure, digest, directory, manifest }) => {
      const { version, callbacks, hooks, commands, flags } = manifest;
      return { name, enabled, onFailure, digest, directory, version, callbacks, hooks, details: { commands, flags } };
    });
    assert.deepEqual(seen, expected);
  }

  it('is there after each change, for all to read and for none but its owner to write', async () => {
    assert.equal((await stat(index)).mode & 0o777, 0o644);
    await requireSame();
    await setEnabled('one', false, optionsFor(place));
    await requireSame();
    await install(place, { name: 'one', version: '0.2.0' });
    await requireSame();
    await uninstallPlugin('one', { directory: place.user, uid });
    await requireSame();
  });

  it('goes with the last plugin', async () => {
    for (const name of ['one', 'two']) await uninstallPlugin(name, { directory: place.user, uid });
    assert.deepEqual(await readdir(place.user.path), []);
  });

  it('is what is read: a receipt that has not changed is not opened', async () => {
    const text = await readFile(index, 'utf8');
    await writeFile(index, text.replaceAll('first', 'of the index'));
    assert.equal(await summaryOfOne(), 'of the index');
  });

  it('does not stand in for details that are none: the receipt is asked', async () => {
    await writeFile(index, (await readFile(index, 'utf8')).replace('\\"summary\\":', '\\"sumary\\":'));
    assert.equal(await summaryOfOne(), 'first');
  });

  it('does not stand in for a receipt that was changed by hand, nor for one that is gone or new', async () => {
    const file = await receiptOf('one');
    const text = await readFile(file, 'utf8');
    await writeFile(file, text.replace('"enabled":true', '"enabled":false'));
    assert.equal((await openOutlines(directories())).installations[0]?.enabled, false);
    await writeFile(file, text);
    await utimes(file, 1_000_000, 1_000_000);
    await requireSame();
    await appendFile(file, 'x');
    await requireSame();
    assert.match((await openOutlines(directories())).problems[0]?.reason ?? '', /could not decode receipt/);
    await rm(file);
    await requireSame();
    await writeFile(join(place.user.path, 'receipts', `${'0'.repeat(64)}.json`), '{');
    await requireSame();
  });

  it('does not hide that a package is gone', async () => {
    const [{ packageFile } = { packageFile: '' }] = (await openCatalog(directories())).installations;
    await rm(packageFile);
    await requireSame();
    assert.match((await openOutlines(directories())).problems[0]?.reason ?? '', /one/);
  });

  for (const [what, harm] of [
    ['is not JSON', (file: string) => writeFile(file, '{')],
    ['is of another form', (file: string) => writeFile(file, '{"format":1,"entries":[{"file":"x"}]}')],
    ['is of a newer bulkhead', (file: string) => writeFile(file, '{"format":2,"entries":[]}')],
    ['may be written by others', (file: string) => chmod(file, 0o666)],
    ['is not there', (file: string) => rm(file)],
    ['is far too long', (file: string) => writeFile(file, ' '.repeat(33 * 1_048_576))],
  ] as const) {
    it(`is not missed when it ${what}: the receipts are read, and the next change mends it`, async () => {
      const lie = (await readFile(index, 'utf8')).replace('first', 'lie');
      await writeFile(index, lie);
      await harm(index);
      await requireSame();
      await setEnabled('two', false, optionsFor(place));
      await chmod(index, 0o644);
      assert.doesNotMatch(await readFile(index, 'utf8'), /lie/);
      await requireSame();
    });
  }

  it('that a killed change left half written is removed by the next one', async () => {
    await writeFile(`${index}.${'0'.repeat(16)}.staged`, 'x');
    await setEnabled('one', false, optionsFor(place));
    assert.deepEqual((await readdir(place.user.path)).toSorted(), ['index.json', 'packages', 'receipts']);
  });

  it('serves to read the receipts of those alone that are of interest, and tells all problems', async () => {
    await writeFile(join(place.user.path, 'receipts', `${'0'.repeat(64)}.json`), '{');
    const { installations, problems } = await openCatalogFor(
      directories(),
      await openOutlines(directories()),
      ({ name }) => name === 'two',
    );
    assert.deepEqual([installations.map(({ name }) => name), problems.length], [['two'], 1]);
    assert.equal(installations[0]?.manifest.author, buildManifest().author);
  });
});
