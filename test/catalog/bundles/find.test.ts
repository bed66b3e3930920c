import assert from 'node:assert/strict';
import { chmod, mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findBundle, openBundles, setBundleEnabled, type BundleCatalog } from '#catalog/catalog.js';
import { needOrdinaryUser } from '../../helpers/need.js';
import { openBundlePlace, uid, type BundlePlace } from './builder.js';

const names = ({ bundles }: BundleCatalog): string[] => bundles.map(({ bundle }) => bundle.name);
const kinds = ({ problems }: BundleCatalog): string[] => problems.map(({ kind, name }) => `${kind} ${name}`);

describe('openBundles', () => {
  let place: BundlePlace;
  beforeEach(async () => {
    place = await openBundlePlace();
  });
  afterEach(() => place.remove());

  it('finds nothing, and no problem, where a directory is empty or not there', async () => {
    await rm(place.second, { recursive: true });
    assert.deepEqual(await place.open(), { bundles: [], problems: [] });
  });

  it('reads a bundle as it is laid out: name, program, resources, directory (apple 17, 18)', async () => {
    const directory = await place.add(place.first, 'compose', {
      files: { 'config.toml': 'abstract = "Runs many"\nauthor = "Ann"\n', 'resources/kindnet.yaml': 'a: 1\n' },
    });
    const { bundles, problems } = await place.open();
    assert.deepEqual(problems, []);
    assert.deepEqual(bundles, [
      {
        bundle: {
          name: 'compose',
          directory,
          executable: join(directory, 'bin/compose'),
          resources: join(directory, 'resources'),
          abstract: 'Runs many',
          author: 'Ann',
          settings: {},
        },
        enabled: true,
        directory: { path: place.first, scope: 'user' },
        configuration: join(directory, 'config.toml'),
      },
    ]);
  });

  it('reads the layout of an app (apple 21, 22)', async () => {
    const directory = await place.add(place.first, 'compose', { layout: 'app', files: { 'config.json': '{"abstract":"x"}' } });
    const { found } = await findBundle({ directories: place.directories, uid }, 'compose');
    assert.equal(found?.bundle.name, 'compose');
    assert.equal(found.bundle.executable, join(directory, 'Contents/MacOS/compose'));
    assert.equal(found.configuration, join(directory, 'Contents/Resources/config.json'));
  });

  it('goes on past a broken one, which hides nothing (apple 29)', async () => {
    await place.add(place.first, 'command');
    await place.add(place.first, 'service', { files: { 'plugin.json': '{"type":["runtime"]}' } });
    await place.add(place.first, 'throws', { files: { 'config.toml': 'abstract = ' } });
    const catalog = await place.open();
    assert.deepEqual(names(catalog), ['command', 'service']);
    assert.deepEqual(kinds(catalog), ['invalid throws']);
  });

  it('takes the good one of a later directory where the first is broken, in the list and in the look-up alike (apple 31)', async () => {
    await place.add(place.first, 'twice', { program: null });
    const good = await place.add(place.second, 'twice');
    const catalog = await place.open();
    assert.deepEqual(
      catalog.bundles.map(({ bundle }) => bundle.directory),
      [good],
    );
    const { found, problems } = await findBundle({ directories: place.directories, uid }, 'twice');
    assert.equal(found?.bundle.directory, good);
    assert.deepEqual(problems, catalog.problems);
    assert.deepEqual(kinds(catalog), ['invalid twice']);
  });

  it('lets the first directory win, and says what is hidden', async () => {
    const winner = await place.add(place.first, 'twice');
    const hidden = await place.add(place.second, 'twice');
    const catalog = await place.open();
    assert.deepEqual(
      catalog.bundles.map(({ bundle }) => bundle.directory),
      [winner],
    );
    assert.deepEqual(
      catalog.problems.map(({ kind, path, reason }) => ({ kind, path, reason })),
      [{ kind: 'shadowed', path: hidden, reason: `bundle "twice" in ${hidden} is hidden by the one in ${winner}` }],
    );
  });

  it('reads a directory that is named twice once', async () => {
    await place.add(place.first, 'once');
    const directories = [...place.directories, { path: `${place.first}/../first`, scope: 'given' as const }];
    assert.deepEqual(kinds(await openBundles({ directories, uid })), []);
  });

  it('follows a link to a directory elsewhere (apple 30)', async () => {
    await place.add(place.root, 'command');
    await mkdir(join(place.root, 'elsewhere'), { mode: 0o755 });
    await rename(join(place.root, 'command'), join(place.root, 'elsewhere/command'));
    await symlink('../elsewhere/command', join(place.first, 'command'));
    const { bundles, problems } = await place.open();
    assert.deepEqual(problems, []);
    assert.equal(bundles[0]?.bundle.executable, join(place.first, 'command/bin/command'));
  });

  it('reports links that lead nowhere or in a circle, and ignores links to files, files, and what is hidden', async () => {
    await symlink('nowhere', join(place.first, 'gone'));
    await symlink('circle', join(place.first, 'circle'));
    await writeFile(join(place.first, 'README'), 'x');
    await symlink('README', join(place.first, 'link'));
    await place.add(place.first, '.hidden', { program: null });
    const catalog = await place.open();
    assert.deepEqual(names(catalog), []);
    assert.deepEqual(kinds(catalog), ['invalid circle', 'invalid gone']);
  });

  it('leaves what the catalog keeps there for itself alone', async () => {
    for (const own of ['receipts', 'packages', 'lock']) await mkdir(join(place.first, own), { mode: 0o755 });
    assert.deepEqual(await place.open(), { bundles: [], problems: [] });
  });

  it('is not fooled by names that no bundle may have', async () => {
    for (const bad of ['bad name', '-rf', `x${'y'.repeat(63)}`, 'a$b', 'ä']) await place.add(place.first, bad);
    await place.add(place.first, `x${'y'.repeat(62)}`);
    const catalog = await place.open();
    assert.deepEqual(names(catalog), [`x${'y'.repeat(62)}`]);
    assert.equal(catalog.problems.length, 5);
    for (const { reason } of catalog.problems) assert.match(reason, /cannot be the name of a bundle/);
  });

  for (const bad of ['../outside', '..', '.', '', 'evil\0/../../../../etc', 'a/b']) {
    it(`looks for no bundle named ${JSON.stringify(bad)}, though one is planted there (apple 25-28)`, async () => {
      await place.add(place.root, 'outside');
      await place.add(place.root, 'outside', { layout: 'app' });
      await assert.rejects(findBundle({ directories: place.directories, uid }, bad), { code: 'BUNDLE_NAME_INVALID' });
    });
  }

  it('has none of a name that is not there (apple 36)', async () => {
    await place.add(place.first, 'command');
    const { found, problems } = await findBundle({ directories: place.directories, uid }, 'other');
    assert.deepEqual([found, problems], [undefined, []]);
  });

  it('gives each bundle its own section of the configuration, and nobody else’s', async () => {
    await place.add(place.first, 'one');
    await place.add(place.first, 'two');
    await place.add(place.first, 'constructor');
    const { bundles } = await openBundles({ directories: place.directories, uid }, { settings: { one: { level: 3 }, other: { x: 1 } } });
    assert.deepEqual(
      bundles.map(({ bundle }) => [bundle.name, bundle.settings]),
      [
        ['constructor', {}],
        ['one', { level: 3 }],
        ['two', {}],
      ],
    );
  });

  it('says where two services would share a label', async () => {
    const files = { 'plugin.json': '{"type":["runtime"]}' };
    await place.add(place.first, 'net', { files });
    await place.add(place.first, 'net.blue', { files });
    await place.add(place.first, 'network', { files });
    const { problems } = await place.open();
    assert.deepEqual(
      problems.map(({ kind, name }) => [kind, name]),
      [['conflict', 'net.blue']],
    );
    assert.match(problems[0]?.reason ?? '', /label com\.bulkhead\.net\.blue, which an instance "blue" of bundle "net" would have/);
  });

  it('refuses a directory whole that others may write to, and says so', async () => {
    await place.add(place.first, 'command');
    await chmod(place.first, 0o777);
    const catalog = await place.open();
    assert.deepEqual(names(catalog), []);
    assert.deepEqual(
      catalog.problems.map(({ kind, path }) => [kind, path]),
      [['refused', place.first]],
    );
  });

  it('refuses a directory that it may not read, and says so', async function () {
    needOrdinaryUser(this);
    await chmod(place.first, 0o000);
    const catalog = await place.open();
    await chmod(place.first, 0o755);
    assert.deepEqual(
      catalog.problems.map(({ kind, path }) => [kind, path]),
      [['refused', place.first]],
    );
  });

  it('keeps what is disabled in one file, which is gone where nothing is', async () => {
    await place.add(place.first, 'one');
    await place.add(place.first, 'two');
    const where = { directory: place.first, uid };
    assert.equal(await setBundleEnabled('one', false, where), true);
    assert.equal(await setBundleEnabled('one', false, where), false);
    assert.deepEqual(
      (await place.open()).bundles.map(({ bundle, enabled }) => [bundle.name, enabled]),
      [
        ['one', false],
        ['two', true],
      ],
    );
    assert.equal(await setBundleEnabled('one', true, where), true);
    await assert.rejects(rm(join(place.first, 'bundles.json')), { code: 'ENOENT' });
  });

  it('uses no bundle of a directory in which it cannot tell which are disabled', async () => {
    await place.add(place.first, 'one');
    await writeFile(join(place.first, 'bundles.json'), '{"format":1,"disabled":["one"', { mode: 0o644 });
    const catalog = await place.open();
    assert.deepEqual(names(catalog), []);
    assert.match(catalog.problems[0]?.reason ?? '', /cannot tell which are disabled/);
    await chmod(join(place.first, 'bundles.json'), 0o666);
    assert.match((await place.open()).problems[0]?.reason ?? '', /others than its owner may write to it/);
  });
});
