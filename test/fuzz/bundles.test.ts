import assert from 'node:assert/strict';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { serviceTypes, type Bundle } from '#catalog/bundles/bundle.js';
import { snapshotRealm } from '../attack/realm.js';
import { openBundlePlace, type BundlePlace } from '../catalog/bundles/builder.js';
import { byteChange, changeBytes } from './bytes.js';
import { holds, timeoutMs } from './fuzz.js';
import { applyChange, jsonChange } from './messages.js';

const flat = { abstract: 'a', author: 'b', version: '1', type: ['runtime', 'network'], defaultArguments: ['start'], shouldBoot: true };
const nested = {
  abstract: 'a',
  servicesConfig: { loadAtBoot: true, runAtLoad: false, services: [{ type: 'core', description: 'c' }], defaultArguments: ['x'] },
};
const toml = `abstract = "a"
version = 0.1
[servicesConfig]
loadAtBoot = true
defaultArguments = ["start"]
[[servicesConfig.services]]
type = "network"
`;

describe('the configuration of a bundle that was changed anyhow', function () {
  this.timeout(timeoutMs);
  let place: BundlePlace;
  before(async () => {
    place = await openBundlePlace();
  });
  after(() => place.remove());

  async function read(file: string, bytes: Uint8Array): Promise<void> {
    const bundle = await place.add(place.first, 'sample', { files: {} });
    await writeFile(join(bundle, file), bytes);
    await chmod(join(bundle, file), 0o644);
    const before = snapshotRealm();
    const { bundles, problems } = await place.open();
    assert.deepEqual(snapshotRealm(), before);
    for (const one of bundles) checkBundle(one.bundle);
    for (const { reason, hint = '' } of problems) assert.ok(!/\n/.test(reason + hint) && reason.length < 2_000, reason);
    // Either it is good, or it is said why not.
    assert.equal(bundles.length + problems.filter(({ kind }) => kind === 'invalid').length, 1);
  }

  for (const [what, value] of [
    ['the flat dialect', flat],
    ['the nested dialect', nested],
  ] as const) {
    it(`is a bundle within its bounds, or one problem in few words, in ${what}`, () =>
      holds(
        fc.asyncProperty(fc.array(jsonChange(), { minLength: 1, maxLength: 3 }), (changes) =>
          read('plugin.json', utf8(JSON.stringify(changes.reduce(applyChange, value as unknown)))),
        ),
        { runs: 300 },
      ));
  }

  it('is so in TOML, where bytes change', () =>
    holds(
      fc.asyncProperty(fc.array(byteChange(fc.nat({ max: toml.length })), { minLength: 1, maxLength: 4 }), (changes) =>
        read('config.toml', changeBytes(utf8(toml), changes)),
      ),
      { runs: 300 },
    ));
});

function checkBundle({ abstract, author, version = '', services, settings }: Bundle): void {
  for (const text of [abstract, author, version]) assert.ok(typeof text === 'string' && text.length <= 1_024);
  assert.deepEqual(settings, {});
  if (services === undefined) return;
  const { types, loadAtBoot, runAtLoad, defaultArguments, ...others } = services;
  assert.deepEqual(others, {});
  assert.ok(types.every((type) => serviceTypes.includes(type)) && new Set(types).size === types.length);
  assert.deepEqual([typeof loadAtBoot, typeof runAtLoad], ['boolean', 'boolean']);
  assert.ok(defaultArguments.length <= 64 && defaultArguments.every((word) => word.length <= 4_096 && !word.includes('\0')));
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
