import assert from 'node:assert/strict';
import { findAdapter, type ContractStamp } from '@bulkhead/plugin-sdk/contract';
import { checkCompatibility, requireCompatibility, type VersionLock } from '#catalog/catalog.js';

const digestOf = (character: string) => `sha256:${character.repeat(64)}`;

/** A host at 1.2.0 with two callbacks and a power; a plugin that was built against it and uses one callback and the power. */
function stamp(changes: Partial<ContractStamp> = {}): ContractStamp {
  return { version: '1.2.0', digest: digestOf('a'), callbacks: { engineConfig: '1.1.0' }, powers: { readFile: '1.0.0' }, ...changes };
}
const host = stamp({ callbacks: { engineConfig: '1.1.0', command: '1.2.0' }, powers: { readFile: '1.0.0', log: '1.0.0' } });
const other = digestOf('b');

function check(plugin: Partial<ContractStamp>, { offered = host, lock = 'range' }: { offered?: ContractStamp; lock?: VersionLock } = {}) {
  return checkCompatibility(stamp(plugin), offered, { lock });
}

function reasonOf(plugin: Partial<ContractStamp>, options?: { offered?: ContractStamp; lock?: VersionLock }): string {
  const verdict = check(plugin, options);
  return verdict.accepted ? (verdict.note === undefined ? 'accepted' : 'accepted with a note') : verdict.reason;
}

const adapted = findAdapter('0.9.0')?.stamp ?? assert.fail();
const at = (version: string) => stamp({ ...host, version });

describe('the version lock', () => {
  const rows: [title: string, plugin: Partial<ContractStamp>, verdict: string, offered?: ContractStamp][] = [
    ['the same contract', {}, 'accepted'],
    ['an older minor', { version: '1.1.0', digest: other }, 'accepted'],
    [
      'an older minor, of which a callback has changed since',
      { version: '1.0.0', digest: other, callbacks: { engineConfig: '1.0.0' } },
      'accepted',
    ],
    ['an older patch', { version: '1.2.0', digest: other }, 'accepted', at('1.2.1')],
    ['a newer minor, what it uses is unchanged', { version: '1.3.0', digest: other }, 'accepted with a note'],
    ['a newer minor, nothing is used', { version: '1.9.0', digest: other, callbacks: {}, powers: {} }, 'accepted with a note'],
    ['a newer minor, a callback has changed', { version: '1.3.0', digest: other, callbacks: { engineConfig: '1.3.0' } }, 'too new'],
    ['a newer minor, a callback is missing here', { version: '1.3.0', digest: other, callbacks: { network: '1.3.0' } }, 'too new'],
    ['a newer minor, a power has changed', { version: '1.3.0', digest: other, powers: { readFile: '1.3.0' } }, 'too new'],
    ['a newer minor, a power is missing here', { version: '1.3.0', digest: other, powers: { fetch: '1.0.0' } }, 'too new'],
    ['a newer major', { version: '2.0.0', digest: other }, 'too new'],
    ['an older major', { version: '0.8.0', digest: other }, 'too old'],
    ['an older major with an adapter', { ...adapted }, 'accepted with a note'],
    ['the same, a later patch', { ...adapted, version: '0.9.4', digest: other }, 'accepted with a note'],
    ['the same, another digest', { ...adapted, digest: other }, 'not the contract it claims'],
    ['the same, a callback that the adapter does not serve', { ...adapted, callbacks: { command: '0.9.0' } }, 'too old'],
    ['the same, a power that the adapter does not serve', { ...adapted, powers: { exec: '0.9.0' } }, 'too old'],
    ['the same, a callback that changed after it', { ...adapted, callbacks: { engineConfig: '1.0.0' } }, 'too old'],
    ['an older major, numbers of two digits', { version: '9.0.0', digest: other }, 'too old', at('10.0.0')],
    ['the same version, another digest', { digest: other }, 'not the contract it claims'],
    ['the same version with build metadata, another digest', { version: '1.2.0+site', digest: other }, 'not the contract it claims'],
    ['the same contract, a callback that it does not have', { callbacks: { network: '1.0.0' } }, 'not the contract it claims'],
    [
      'an older minor, a callback from the future',
      { version: '1.1.0', digest: other, callbacks: { engineConfig: '1.2.0' } },
      'not the contract it claims',
    ],
    [
      'a callback with the name of a method of every object',
      { version: '1.3.0', digest: other, callbacks: { toString: '1.0.0' } },
      'too new',
    ],
    ['a version of huge numbers', { version: '99999999999999999999.0.0', digest: other }, 'not the contract it claims'],
    ['a version with an empty prerelease', { version: '1.2.0-..', digest: other }, 'not the contract it claims'],
    ['a callback whose version is none', { version: '1.3.0', digest: other, callbacks: { engineConfig: '*' } }, 'too new'],
    ['0.x: the same minor, an older patch', { version: '0.3.0', digest: other, callbacks: {}, powers: {} }, 'accepted', at('0.3.1')],
    ['0.x: an older minor', { version: '0.2.9', digest: other, callbacks: {}, powers: {} }, 'too old', at('0.3.0')],
    ['0.x: a newer minor', { version: '0.4.0', digest: other, callbacks: {}, powers: {} }, 'too new', at('0.3.0')],
    ['0.x before 1.0.0', { version: '0.3.0', digest: other, callbacks: {}, powers: {} }, 'too old', at('1.0.0')],
    ['the same prerelease', { version: '1.3.0-rc.1' }, 'accepted', at('1.3.0-rc.1')],
    ['a prerelease, what it uses is from a release', { version: '1.3.0-rc.1', digest: other }, 'accepted with a note'],
    [
      'a prerelease, a callback changed in it',
      { version: '1.3.0-rc.1', digest: other, callbacks: { engineConfig: '1.3.0-rc.1' } },
      'too new',
    ],
    [
      'a prerelease of what the host has released, a callback changed in it',
      { version: '1.2.0-rc.1', digest: other, callbacks: { command: '1.2.0-rc.1' } },
      'not the contract it claims',
    ],
    ['a release on a prerelease of the next minor', { version: '1.2.0', digest: other }, 'accepted', at('1.3.0-rc.1')],
    ['a prerelease of the next major', { version: '2.0.0-rc.1', digest: other }, 'too new'],
  ];
  for (const [title, plugin, verdict, offered] of rows) {
    it(`${title}: ${verdict}`, () => {
      assert.equal(reasonOf(plugin, offered === undefined ? {} : { offered }), verdict);
    });
  }

  it('set to exact, accepts equal digests and nothing else', () => {
    assert.equal(reasonOf({}, { lock: 'exact' }), 'accepted');
    assert.equal(reasonOf({ digest: other }, { lock: 'exact' }), 'not exactly this contract');
    assert.equal(reasonOf({ version: '1.1.0', digest: other }, { lock: 'exact' }), 'not exactly this contract');
    assert.equal(reasonOf({ callbacks: { network: '1.0.0' } }, { lock: 'exact' }), 'not the contract it claims');
  });

  it('says in a note which version it accepted', () => {
    const verdict = check({ version: '1.3.0', digest: other });
    assert.deepEqual(verdict, {
      accepted: true,
      note: 'built against contract 1.3.0, newer than 1.2.0 of this host; what it uses is the same in both',
    });
  });

  it('names the plugin, both versions, what is at fault and the mend', () => {
    const plugin = {
      name: 'example.com/x',
      contract: stamp({ version: '1.3.0', digest: other, callbacks: { engineConfig: '1.3.0', network: '1.3.0' } }),
    };
    assert.throws(() => requireCompatibility(plugin, { offered: host, lock: 'range' }), {
      code: 'PLUGIN_INCOMPATIBLE',
      message:
        'plugin "example.com/x" is refused: built against contract 1.3.0, this host offers 1.2.0: too new for this host ' +
        '(callback "engineConfig" is 1.1.0 here and 1.3.0 there, callback "network" is missing here)',
      hint: 'upgrade bulkhead to a release that offers contract 1.3.0',
      data: { plugin: 'example.com/x', reason: 'too new', built: '1.3.0', offered: '1.2.0' },
    });
  });

  it('tells the author of an old plugin to rebuild it', () => {
    const verdict = check({ version: '0.9.0', digest: other });
    assert.equal(
      verdict.accepted ? '' : verdict.hint,
      'rebuild the plugin with the @bulkhead/plugin-sdk of contract 1.2.0: bulkhead plugin compile DIR',
    );
  });
});
