import assert from 'node:assert/strict';
import fc from 'fast-check';
import { BulkheadError, messageOf } from '#base/errors.js';
import { openLog } from '#base/log.js';
import { hostErrors } from '#host/errors.js';
import { describeThrown, fault } from '#wire/fault.js';
import * as v from 'valibot';
import { snapshotRealm } from '../attack/realm.js';
import { holds, timeoutMs, within } from './fuzz.js';
import { thrown } from './values.js';

const controls = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/u;

describe('whatever a plugin throws', function () {
  this.timeout(timeoutMs);

  it('becomes a fault within its bounds, of text alone', () =>
    holds(
      fc.property(thrown(), ({ make }) => {
        const value = make();
        const described = within(250, () => describeThrown(value, 'PLUGIN_THREW', (error) => String(error.stack)));
        assert.deepEqual(v.parse(fault, described), described);
        assert.deepEqual(structuredClone(described), described);
        assert.ok(Object.values(described).every((part) => typeof part === 'string'));
      }),
      { runs: 2000 },
    ));

  it('is told in the name of the plugin, in one entry of the log, without a control character', () =>
    holds(
      fc.property(thrown(), ({ make }) => {
        const value = make();
        const before = snapshotRealm();
        const error = hostErrors.faulted('test/plugin', 'engineConfig', describeThrown(value, 'PLUGIN_THREW'), undefined);
        let line = '';
        openLog({ write: (part) => (line += part) }).write('fatal', error.message);
        assert.ok(line.startsWith('FATAL:   Plugin "test/plugin" failed in engineConfig: '));
        assert.ok(line.length < 6 * 5000);
        assert.doesNotMatch(line.replaceAll(/[\t\n]/g, ''), controls);
        assert.deepEqual(snapshotRealm(), before);
      }),
      { runs: 1000 },
    ));

  it('has a message, whoever asks for it', () =>
    holds(
      fc.property(thrown(), ({ make }) => {
        const value = make();
        assert.equal(typeof messageOf(value), 'string');
        const error = new BulkheadError('plugin', 'CODE', messageOf(value));
        assert.ok(error.message.length <= 16_384);
      }),
      { runs: 2000 },
    ));
});
