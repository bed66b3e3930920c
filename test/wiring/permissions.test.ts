import assert from 'node:assert/strict';
import type { Permissions } from '@bulkhead/plugin-sdk/contract';
import type { BulkheadError } from '#base/errors.js';
import { filterPermissions, listPermissions, splitPermission, unitePermissions } from '../../src/wiring/permission-lines.js';
import { decideGrants, type GrantQuestion } from '../../src/wiring/permissions.js';

const asked: Permissions = { config: ['mounts', 'env'], readFile: ['/etc/hosts'] };
const yes = () => Promise.resolve(true);
const no = () => Promise.resolve(false);
const refusedWith = (code: string) => (error: BulkheadError) => error.code === code;

/** Asks for `asked`, with nobody to ask and no policy, unless `changes` say otherwise. */
const decide = (changes: Partial<GrantQuestion> = {}) =>
  decideGrants({ name: 'p', asked, request: undefined, consent: undefined, findDenial: () => undefined, ...changes });
const grantsAfter = async (changes: Partial<GrantQuestion>) => (await decide(changes)).grants;
/** A yes that remembers what was shown. */
function listener() {
  const shown: string[] = [];
  return { shown, consent: (_name: string, lines: readonly string[]) => Promise.resolve(shown.push(...lines) > 0) };
}

describe('permissions as lines', () => {
  it('are listed as the operator types them', () => {
    assert.deepEqual(listPermissions(asked), ['config:mounts', 'config:env', 'readFile:/etc/hosts']);
  });

  it('are split at the first colon', () => {
    assert.deepEqual(splitPermission('readFile:/a:b'), { kind: 'readFile', value: '/a:b' });
    assert.deepEqual(splitPermission('env'), { kind: 'env' });
  });

  it('are filtered and united without repeats', () => {
    assert.deepEqual(
      filterPermissions(asked, (line) => line === 'config:env'),
      { config: ['env'], readFile: [] },
    );
    assert.deepEqual(unitePermissions({ config: ['env'] }, { config: ['mounts', 'env'], env: [], readFile: ['/a'] }), {
      config: ['env', 'mounts'],
      readFile: ['/a'],
    });
  });
});

describe('grants at install', () => {
  it('are what the plugin asks for after a yes', async () => assert.deepEqual(await grantsAfter({ consent: yes }), asked));

  it('show the exact list to whoever is asked', async () => {
    const { shown, consent } = listener();
    await decide({ consent });
    assert.deepEqual(shown, listPermissions(asked));
  });

  it('are none after a no: nothing is installed', async () => {
    await assert.rejects(decide({ consent: no }), refusedWith('CONSENT_REFUSED'));
  });

  it('are none without a terminal: nothing is installed', async () => {
    await assert.rejects(decide(), refusedWith('CONSENT_NEEDS_TERMINAL'));
  });

  it('need no question where the plugin asks for nothing', async () => assert.deepEqual(await grantsAfter({ asked: {} }), {}));

  it('are all of them with --grant-all', async () => assert.deepEqual(await grantsAfter({ request: 'all' }), asked));

  it('are the named ones and no other with --grant', async () => {
    assert.deepEqual(await grantsAfter({ request: ['config:env'] }), { config: ['env'], readFile: [] });
  });

  it('cannot be more than the plugin asks for', async () => {
    await assert.rejects(decide({ request: ['readFile:/etc'] }), refusedWith('GRANT_NOT_ASKED'));
  });

  describe('under a policy that denies one', () => {
    const findDenial = (line: string) => (line === 'config:mounts' ? { rule: 'deny config:mounts' } : undefined);

    it('are the others, of which alone is asked, and it is told which one is missing', async () => {
      const { shown, consent } = listener();
      const { grants, denied } = await decide({ consent, findDenial });
      assert.deepEqual(shown, ['config:env', 'readFile:/etc/hosts']);
      assert.deepEqual(grants, { config: ['env'], readFile: ['/etc/hosts'] });
      assert.deepEqual(denied, [{ permission: 'config:mounts', denial: { rule: 'deny config:mounts' } }]);
      assert.deepEqual(await grantsAfter({ request: 'all', findDenial }), grants);
    });

    it('are refused where exactly this one is named', async () => {
      await assert.rejects(decide({ request: ['config:env', 'config:mounts'], findDenial }), refusedWith('PERMISSION_DENIED'));
    });

    it('need no question where nothing is left to ask', async () => {
      assert.deepEqual(await grantsAfter({ asked: { config: ['mounts'] }, findDenial }), { config: [] });
    });
  });
});

describe('grants at an upgrade', () => {
  const before = { asked, granted: { config: ['mounts'], readFile: ['/etc/hosts'] } as Permissions };

  it('stay without a question where nothing new is asked; what was refused before stays refused', async () => {
    assert.deepEqual(await grantsAfter({ before }), { config: ['mounts'], readFile: ['/etc/hosts'] });
  });

  it('are asked for what is new alone', async () => {
    const { shown, consent } = listener();
    const newer: Permissions = { ...asked, env: ['HOME'] };
    assert.deepEqual(await grantsAfter({ asked: newer, before, consent }), {
      config: ['mounts'],
      readFile: ['/etc/hosts'],
      env: ['HOME'],
    });
    assert.deepEqual(shown, ['env:HOME']);
    await assert.rejects(decide({ asked: newer, before, consent: no }), refusedWith('CONSENT_REFUSED'));
    await assert.rejects(decide({ asked: newer, before }), refusedWith('CONSENT_NEEDS_TERMINAL'));
  });

  it('are revoked, and that is said, where they are no longer asked for', async () => {
    const { grants, revoked } = await decide({ asked: { config: ['mounts', 'env'] }, before });
    assert.deepEqual(grants, { config: ['mounts'] });
    assert.deepEqual(revoked, ['readFile:/etc/hosts']);
  });

  it('keep what was granted beside what --grant names', async () => {
    assert.deepEqual(await grantsAfter({ before, request: ['config:env'] }), { config: ['env', 'mounts'], readFile: ['/etc/hosts'] });
  });

  it('keep a part of what is asked for, as a part', async () => {
    const part = { asked: { readFile: ['/etc'] }, granted: { readFile: ['/etc/hosts'] } };
    assert.deepEqual(await grantsAfter({ asked: { readFile: ['/etc'] }, before: part }), { readFile: ['/etc/hosts'] });
    const { revoked } = await decide({ asked: { readFile: ['/usr'] }, before: part, request: [] });
    assert.deepEqual(revoked, ['readFile:/etc/hosts']);
  });
});
