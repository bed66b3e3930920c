import assert from 'node:assert/strict';
import { changeGrants, openCatalog } from '#catalog/catalog.js';
import { install, openPlace, optionsFor, uid, type TestPlace } from './builder.js';

const name = 'example.com/sample';
const permissions = { env: ['HOME', 'PATH'], readFile: ['/etc'] };

describe('changeGrants', () => {
  let place: TestPlace;
  beforeEach(async () => {
    place = await openPlace();
    await install(place, { permissions }, { grants: { env: ['HOME'] }, onFailure: 'required' });
  });
  afterEach(() => place.remove());

  const options = () => ({ place: optionsFor(place).place, directory: place.user });
  const read = async () => (await openCatalog({ directories: [place.user], uid })).installations[0];

  it('changes the grants and nothing else of the receipt', async () => {
    const before = await read();
    const { changed, installation } = await changeGrants(name, () => ({ env: ['PATH'] }), options());
    assert.equal(changed, true);
    assert.deepEqual(await read(), { ...before, grants: { env: ['PATH'] } });
    assert.deepEqual(installation, await read());
  });

  it('says that nothing changed, and writes nothing', async () => {
    assert.equal((await changeGrants(name, ({ grants }) => grants, options())).changed, false);
  });

  it('grants nothing that the manifest does not ask for', async () => {
    await assert.rejects(
      changeGrants(name, () => ({ env: ['USER'] }), options()),
      { code: 'GRANT_NOT_REQUESTED' },
    );
    assert.deepEqual((await read())?.grants, { env: ['HOME'] });
  });

  it('loses none of many changes at once', async () => {
    const add = (value: string) => changeGrants(name, ({ grants }) => ({ ...grants, env: [...(grants.env ?? []), value] }), options());
    await changeGrants(name, () => ({}), options());
    await Promise.all([add('HOME'), add('PATH'), changeGrants(name, ({ grants }) => ({ ...grants, readFile: ['/etc'] }), options())]);
    const { env = [], readFile } = (await read())?.grants ?? {};
    assert.deepEqual([env.toSorted(), readFile], [['HOME', 'PATH'], ['/etc']]);
  });

  it('finds no plugin of another name', async () => {
    await assert.rejects(
      changeGrants('example.com/nobody', () => ({}), options()),
      { code: 'PLUGIN_NOT_FOUND' },
    );
  });
});

describe('an upgrade whose grants were decided on', () => {
  let place: TestPlace;
  beforeEach(async () => (place = await openPlace()));
  afterEach(() => place.remove());

  it('is refused where they were revoked meanwhile, and goes on where they were not', async () => {
    await install(place, { permissions }, { grants: { env: ['HOME'] } });
    await changeGrants(name, () => ({}), { place: optionsFor(place).place, directory: place.user });
    const upgrade = () => install(place, { permissions, version: '9.0.0' }, { grants: { env: ['HOME'] }, grantsBefore: { env: ['HOME'] } });
    await assert.rejects(upgrade(), { code: 'PLUGIN_CHANGED' });
    await changeGrants(name, () => ({ env: ['HOME'] }), { place: optionsFor(place).place, directory: place.user });
    assert.equal((await upgrade()).manifest.version, '9.0.0');
  });
});
