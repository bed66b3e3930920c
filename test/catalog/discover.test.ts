import assert from 'node:assert/strict';
import { chmod, chown, mkdir, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findInstallation, openCatalog, type CatalogProblem } from '#catalog/catalog.js';
import { install, openBoth, openPlace, uid, type TestPlace } from './builder.js';

const name = 'example.com/sample';

describe('openCatalog', () => {
  let place: TestPlace;
  beforeEach(async () => {
    place = await openPlace();
  });
  afterEach(() => place.remove());

  it('finds nothing, and no problem, where no directory is', async () => {
    assert.deepEqual(await openBoth(place), { installations: [], problems: [] });
  });

  it('sorts by directory, then by the bytes of the name', async () => {
    for (const plugin of ['b', 'B', 'a/b', 'a']) await install(place, { name: plugin });
    await install(place, { name: 'A' }, { directory: place.system });
    assert.deepEqual(
      (await openBoth(place)).installations.map((installation) => installation.name),
      ['B', 'a', 'a/b', 'b', 'A'],
    );
  });

  it('lets the first directory win by name, and says what is hidden', async () => {
    await install(place, { version: '1.0.0' }, { directory: place.system, onFailure: 'required' });
    await install(place, { version: '2.0.0' });
    const { installations, problems } = await openBoth(place);
    assert.deepEqual(
      installations.map(({ manifest }) => manifest.version),
      ['2.0.0'],
    );
    assert.equal(problems.length, 1);
    assert.equal(problems[0]?.kind, 'shadowed');
    assert.equal(problems[0]?.skippable, false);
    assert.equal(problems[0]?.reason, `plugin "${name}" 1.0.0 in ${place.system.path} is hidden by 2.0.0 in ${place.user.path}`);
    const other = await openCatalog({ directories: [place.system, place.user], uid });
    assert.deepEqual(
      other.installations.map(({ manifest }) => manifest.version),
      ['1.0.0'],
    );
  });

  it('asks a directory that is named twice once', async () => {
    await install(place);
    const { problems, installations } = await openCatalog({
      directories: [place.user, { path: `${place.user.path}/../plugin/`, scope: 'given' }],
      uid,
    });
    assert.deepEqual([installations.length, problems], [1, []]);
  });

  it('reports two plugins for one scheme that came by different ways, and lists both', async () => {
    const changes = { imageSchemes: ['host'] };
    await install(place, { ...changes, name: 'one' });
    await install(place, { ...changes, name: 'two' }, { directory: place.system, place: { directories: [place.system], uid } });
    const { installations, problems } = await openBoth(place);
    assert.deepEqual(
      installations.map((installation) => installation.name),
      ['one', 'two'],
    );
    assert.deepEqual(
      problems.map(({ kind, name: plugin, reason }) => [kind, plugin, reason]),
      [['conflict', 'two', 'plugin "two" adds the image scheme "host:", as the enabled plugin "one" does, and that one answers']],
    );
  });

  describe('reports, and shows the good one beside it,', () => {
    beforeEach(async () => {
      await install(place, { name: 'good' });
      await install(place, {}, { onFailure: 'required' });
    });

    const expectProblem = async (expected: Partial<CatalogProblem>, reason: RegExp) => {
      const { installations, problems } = await openBoth(place);
      assert.deepEqual(
        installations.map((installation) => installation.name),
        ['good'],
      );
      const [problem = assert.fail('no problem'), ...others] = problems;
      assert.deepEqual(others, []);
      assert.deepEqual({ ...problem, ...expected }, problem);
      assert.match(problem.reason, reason);
    };

    it('a receipt that is not JSON', async () => {
      await writeFile(await receiptOf(place), '{');
      await expectProblem(
        { kind: 'invalid', path: await receiptOf(place), skippable: false },
        /^could not decode receipt .*: it is not JSON$/,
      );
    });

    it('a receipt with an unknown field', async () => {
      await changeReceipt(place, { more: true });
      await expectProblem({ kind: 'invalid', name, skippable: false }, /: more: Invalid key/);
    });

    it('a receipt of a newer bulkhead', async () => {
      await changeReceipt(place, { format: 2, more: true });
      await expectProblem({ kind: 'invalid', name, skippable: false }, /its format 2 was written by a newer bulkhead$/);
    });

    it('a receipt with a digest that is a path', async () => {
      await changeReceipt(place, { digest: 'sha256:../../../../etc/passwd' });
      await expectProblem({ kind: 'invalid', name }, /: digest: Invalid format/);
    });

    it('a receipt that names another plugin than its manifest', async () => {
      await changeReceipt(place, { name: 'other' });
      await expectProblem({ kind: 'invalid' }, /^unexpected plugin name "example\.com\/sample" when loading plugin "other"$/);
    });

    it('a receipt under the name of another', async () => {
      await rename(await receiptOf(place), join(place.user.path, 'receipts', `${'0'.repeat(64)}.json`));
      await expectProblem({ kind: 'invalid' }, /it is the receipt of "example\.com\/sample"$/);
    });

    it('a package that is missing', async () => {
      const installation = findInstallation(await openBoth(place), name) ?? assert.fail();
      await rm(installation.packageFile);
      await expectProblem({ kind: 'invalid', name, skippable: false }, /^the package of plugin "example\.com\/sample" is missing: /);
    });

    it('a receipt that others may write to', async () => {
      await chmod(await receiptOf(place), 0o666);
      await expectProblem({ kind: 'invalid' }, /is refused: others than its owner may write to it \(mode 0666\)$/);
    });

    it('a receipt that is a symbolic link', async () => {
      const file = await receiptOf(place);
      await rename(file, join(place.user.path, 'elsewhere'));
      await symlink('../elsewhere', file);
      await expectProblem({ kind: 'invalid' }, /ELOOP/);
    });

    it('a receipt of another user (needs root)', async function () {
      if (uid !== 0) this.skip();
      await chown(await receiptOf(place), 65534, 65534);
      await expectProblem({ kind: 'invalid' }, /it belongs to user 65534, who is neither root nor the caller$/);
    });
  });

  describe('refuses a whole directory', () => {
    beforeEach(async () => {
      await install(place);
      await install(place, { name: 'good' }, { directory: place.system });
    });

    const expectRefused = async (path: string, reason: RegExp) => {
      const { installations, problems } = await openBoth(place);
      assert.deepEqual(
        installations.map((installation) => installation.name),
        ['good'],
      );
      assert.deepEqual(
        problems.map(({ kind, path: refused }) => [kind, refused]),
        [['refused', place.user.path]],
      );
      assert.match(problems[0]?.reason ?? '', reason);
      assert.ok(problems[0]?.reason.startsWith(path));
    };

    for (const mode of [0o775, 0o757, 0o1777]) {
      it(`that others may write to: ${mode.toString(8)}`, async () => {
        await chmod(place.user.path, mode);
        await expectRefused(place.user.path, /is refused: others than its owner may write to it/);
      });
    }

    for (const inner of ['receipts', 'packages']) {
      it(`whose ${inner} others may write to`, async () => {
        await chmod(join(place.user.path, inner), 0o775);
        await expectRefused(join(place.user.path, inner), /mode 0775/);
      });

      it(`whose ${inner} are a symbolic link`, async () => {
        await rename(join(place.user.path, inner), join(place.user.path, 'moved'));
        await symlink('moved', join(place.user.path, inner));
        await expectRefused(join(place.user.path, inner), /it is not a directory$/);
      });
    }

    it('that is a file', async () => {
      await rm(place.user.path, { recursive: true });
      await writeFile(place.user.path, '');
      await expectRefused(place.user.path, /it is not a directory$/);
    });

    it('of another user (needs root)', async function () {
      if (uid !== 0) this.skip();
      await chown(place.user.path, 65534, 65534);
      await expectRefused(place.user.path, /it belongs to user 65534/);
    });
  });

  it("trusts root's and the caller's own, and not root's caller's (needs root)", async function () {
    if (uid !== 0) this.skip();
    await install(place);
    assert.equal((await openCatalog({ directories: [place.user], uid: 1000 })).installations.length, 1);
    await mkdir(place.system.path, { recursive: true });
    await chown(place.system.path, 1000, 1000);
    assert.deepEqual((await openCatalog({ directories: [place.system], uid: 1000 })).problems, []);
    assert.equal((await openCatalog({ directories: [place.system], uid: 0 })).problems[0]?.kind, 'refused');
  });
});

/** The receipt of the sample, which is not that of `good`. */
async function receiptOf({ user }: TestPlace): Promise<string> {
  const directory = join(user.path, 'receipts');
  for (const file of await readdir(directory)) {
    if (!(await readFile(join(directory, file), 'utf8')).includes('"name":"good"')) return join(directory, file);
  }
  return assert.fail('no receipt');
}

async function changeReceipt(place: TestPlace, changes: Record<string, unknown>): Promise<void> {
  const file = await receiptOf(place);
  const receipt: unknown = JSON.parse(await readFile(file, 'utf8'));
  assert.ok(typeof receipt === 'object');
  await writeFile(file, JSON.stringify({ ...receipt, ...changes }));
}
