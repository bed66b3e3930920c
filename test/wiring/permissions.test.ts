import assert from 'node:assert/strict';
import type { Permissions } from '@bulkhead/plugin-sdk/contract';
import type { BulkheadError } from '#base/errors.js';
import { decideGrants, listPermissions } from '../../src/wiring/permissions.js';

const asked: Permissions = { config: ['mounts', 'env'], readFile: ['/etc/hosts'] };
const yes = () => Promise.resolve(true);
const no = () => Promise.resolve(false);
const refusedWith = (code: string) => (error: BulkheadError) => error.code === code;

describe('grants', () => {
  it('are listed as the operator types them', () => {
    assert.deepEqual(listPermissions(asked), ['config:mounts', 'config:env', 'readFile:/etc/hosts']);
  });

  it('are what the plugin asks for after a yes', async () => assert.deepEqual(await decideGrants('p', asked, undefined, yes), asked));

  it('show the exact list to whoever is asked', async () => {
    let shown: readonly string[] = [];
    await decideGrants('p', asked, undefined, (_name, lines) => Promise.resolve((shown = lines).length > 0));
    assert.deepEqual(shown, listPermissions(asked));
  });

  it('are none after a no: nothing is installed', async () => {
    await assert.rejects(decideGrants('p', asked, undefined, no), refusedWith('CONSENT_REFUSED'));
  });

  it('are none without a terminal: nothing is installed', async () => {
    await assert.rejects(decideGrants('p', asked, undefined, undefined), refusedWith('CONSENT_NEEDS_TERMINAL'));
  });

  it('need no question where the plugin asks for nothing', async () =>
    assert.deepEqual(await decideGrants('p', {}, undefined, undefined), {}));

  it('are all of them with --grant-all', async () => assert.deepEqual(await decideGrants('p', asked, 'all', undefined), asked));

  it('are the named ones and no other with --grant', async () => {
    assert.deepEqual(await decideGrants('p', asked, ['config:env'], undefined), { config: ['env'], readFile: [] });
  });

  it('cannot be more than the plugin asks for', async () => {
    await assert.rejects(decideGrants('p', asked, ['readFile:/etc'], undefined), refusedWith('GRANT_NOT_ASKED'));
  });
});
