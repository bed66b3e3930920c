import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import * as v from 'valibot';
import { CONTRACT, CONTRACT_VERSION, callbacks, powers } from '@bulkhead/plugin-sdk/contract';
import { computeContract, readHistory, recordContract } from '../../scripts/contract.js';

const otherDigest = `sha256:${'0'.repeat(64)}`;

describe('the lock of the contract', () => {
  it('is what the schemas come to (else: npm run contract)', () => {
    assert.deepEqual(CONTRACT, computeContract());
  });

  it('is in the history, under its version', () => {
    assert.equal(readHistory()[CONTRACT_VERSION], CONTRACT.digest);
  });

  it('cannot give a version that was recorded another digest', () => {
    assert.throws(() => recordContract({ '1.0.0': otherDigest }, { ...CONTRACT, version: '1.0.0' }), /Raise CONTRACT_VERSION/);
  });

  it('may record the same again, and a new version beside the old', () => {
    assert.deepEqual(recordContract({ '1.0.0': otherDigest }, { ...CONTRACT, version: '1.0.0', digest: otherDigest }), {
      '1.0.0': otherDigest,
    });
    assert.deepEqual(recordContract({ '1.0.0': otherDigest }, { ...CONTRACT, version: '1.1.0' }), {
      '1.0.0': otherDigest,
      '1.1.0': CONTRACT.digest,
    });
  });

  it('names no callback or power as changed later than the contract itself', () => {
    for (const [name, version] of Object.entries({ ...CONTRACT.callbacks, ...CONTRACT.powers })) {
      assert.ok(
        version.localeCompare(CONTRACT_VERSION, 'en', { numeric: true }) <= 0,
        `${name} is at ${version}, the contract at ${CONTRACT_VERSION}`,
      );
    }
  });

  for (const [name, row] of [...Object.entries(callbacks), ...Object.entries(powers)]) {
    for (const part of ['input', 'output', 'version'] as const) {
      it(`changes its digest with the ${part} of ${name}`, () => {
        assert.notEqual(digestWith(row, part), CONTRACT.digest);
      });
    }
  }
});

/** The digest while one part of the table is another. */
function digestWith(row: object, part: 'input' | 'output' | 'version'): string {
  const kept = Object.getOwnPropertyDescriptor(row, part);
  assert.ok(kept);
  Object.defineProperty(row, part, { ...kept, value: part === 'version' ? '0.0.1' : v.literal('another') });
  try {
    return computeContract().digest;
  } finally {
    Object.defineProperty(row, part, kept);
  }
}
