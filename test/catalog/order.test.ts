import assert from 'node:assert/strict';
import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import type { BulkheadError } from '#base/errors.js';
import {
  changeOrder,
  findReplacing,
  readOrders,
  setEnabled,
  sortPlugins,
  type CatalogPlace,
  type DirectoryOrder,
  type PluginDirectory,
} from '#catalog/catalog.js';
import { install, openBoth, openPlace, optionsFor, uid, type TestPlace } from './builder.js';

const code = (expected: string) => (error: BulkheadError) => error.code === expected;
const plugin = (name: string, manifest: { before?: string[]; after?: string[] } = {}) => ({ name, manifest });
const listed = (scope: PluginDirectory['scope'], ...names: string[]): DirectoryOrder => ({
  directory: { path: `/${scope}`, scope },
  names,
});
const sorted = (plugins: ReturnType<typeof plugin>[], ...orders: DirectoryOrder[]): string =>
  sortPlugins(plugins, orders)
    .map(({ name }) => name)
    .join(' ');

describe('the order in which plugins are asked (apptainer 121)', () => {
  it('is that of the catalog where nobody says otherwise', () => {
    assert.equal(sorted([plugin('b'), plugin('a'), plugin('c')]), 'b a c');
  });

  it('follows before and after of manifests, and leaves the others where they are', () => {
    assert.equal(sorted([plugin('a', { after: ['c'] }), plugin('b'), plugin('c')]), 'b c a');
    assert.equal(sorted([plugin('a'), plugin('b'), plugin('c', { before: ['a'] })]), 'b c a');
    assert.equal(sorted([plugin('a', { after: ['nobody'] }), plugin('b', { before: ['nobody'] })]), 'a b');
  });

  it('follows the operator above the manifests, and the system above a user', () => {
    assert.equal(sorted([plugin('a', { before: ['b'] }), plugin('b')], listed('system', 'b', 'a')), 'b a');
    assert.equal(sorted([plugin('a'), plugin('b')], listed('system', 'b', 'a'), listed('user', 'a', 'b')), 'b a');
    assert.equal(sorted([plugin('a'), plugin('b'), plugin('c')], listed('user', 'c', 'gone', 'a')), 'b c a');
  });

  it('is refused where wishes go in a circle, naming all of it', () => {
    const circle = [plugin('a', { after: ['c'] }), plugin('b', { after: ['a'] }), plugin('c', { after: ['b'] }), plugin('d')];
    assert.throws(
      () => sorted(circle),
      (error: BulkheadError) => {
        assert.equal(error.code, 'PLUGIN_ORDER_CYCLE');
        assert.deepEqual((error.data['plugins'] as string[]).toSorted(), ['a', 'b', 'c']);
        return true;
      },
    );
    assert.equal(sorted(circle, listed('system', 'b', 'c', 'a')), 'b c a d');
  });
});

describe('plugin order', () => {
  let place: TestPlace;
  let catalog: CatalogPlace;
  beforeEach(async () => {
    place = await openPlace();
    catalog = { directories: [place.user, place.system], uid };
  });
  afterEach(() => place.remove());

  it('is kept in the directory, whole, and goes when it is cleared', async () => {
    for (const name of ['site/a', 'site/b']) await install(place, { name });
    await changeOrder(['site/b', 'site/a'], { place: catalog, directory: place.user });
    assert.deepEqual(await readOrders(catalog), [{ directory: place.user, names: ['site/b', 'site/a'] }]);
    assert.deepEqual((await readdir(place.user.path)).toSorted(), ['index.json', 'order.json', 'packages', 'receipts']);
    await writeFile(join(place.user.path, 'order.json.0123456789abcdef.staged'), 'left by one that was killed');
    await changeOrder([], { place: catalog, directory: place.user });
    assert.deepEqual((await readdir(place.user.path)).toSorted(), ['index.json', 'packages', 'receipts']);
  });

  it('names what is installed, and each plugin once', async () => {
    await install(place, { name: 'site/a' });
    const change = (...names: string[]) => changeOrder(names, { place: catalog, directory: place.user });
    await assert.rejects(change('site/a', 'site/none'), code('PLUGIN_NOT_FOUND'));
    await assert.rejects(change('site/a', 'site/a'), code('PLUGIN_ORDER_INVALID'));
    assert.deepEqual(await readOrders(catalog), []);
  });

  it('is refused where it is damaged, or others may write to it; setting it anew mends it', async () => {
    await install(place, { name: 'site/a' });
    const file = join(place.user.path, 'order.json');
    for (const [text, mode] of [
      ['{"format":1,"names":["site/a"]}', 0o666],
      ['{"format":1,"names":["../x"]}', 0o644],
      ['{"format":2,"names":[]}', 0o644],
      ['no JSON', 0o644],
    ] as const) {
      await writeFile(file, text);
      await chmod(file, mode);
      await assert.rejects(readOrders(catalog), code('PLUGIN_ORDER_INVALID'), text);
    }
    await changeOrder(['site/a'], { place: catalog, directory: place.user });
    assert.equal(await readFile(file, 'utf8'), '{"format":1,"names":["site/a"]}\n');
  });

  it('refuses at install and at enable a plugin that would close a circle', async () => {
    await install(place, { name: 'site/a', after: ['site/b'] });
    const circular = { name: 'site/b', after: ['site/a'] };
    await assert.rejects(install(place, circular), code('PLUGIN_ORDER_CYCLE'));
    const options = { ...optionsFor(place), place: catalog, directory: place.user };
    await setEnabled('site/a', false, options);
    await install(place, circular);
    await assert.rejects(setEnabled('site/a', true, options), code('PLUGIN_ORDER_CYCLE'));
    assert.deepEqual(
      (await openBoth(place)).installations.map(({ name, enabled }) => [name, enabled]),
      [
        ['site/a', false],
        ['site/b', true],
      ],
    );
  });

  it('lets a list replace the values of its own directory’s plugins, and the system’s those of all', async () => {
    await mkdir(place.system.path, { recursive: true });
    await install(place, { name: 'site/own' });
    await install(place, { name: 'site/other' });
    await install(place, { name: 'site/system' }, { directory: place.system });
    const { installations } = await openBoth(place);
    const own: DirectoryOrder = { directory: place.user, names: ['site/system', 'site/own', 'site/other'] };
    const byOwn = findReplacing(installations, [own]);
    assert.equal(byOwn('site/own', 'site/other'), own);
    assert.equal(byOwn('site/other', 'site/own'), undefined);
    assert.equal(byOwn('site/system', 'site/own'), undefined, 'a user does not overrule what root has installed');
    const system: DirectoryOrder = { directory: place.system, names: ['site/system', 'site/own'] };
    assert.equal(findReplacing(installations, [system, own])('site/system', 'site/own'), system);
  });
});
