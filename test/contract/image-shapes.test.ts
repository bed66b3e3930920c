import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import * as v from 'valibot';
import { callbacks } from '@bulkhead/plugin-sdk/contract';

const { output } = callbacks.readImage;

describe('the answer to readImage', () => {
  it('holds at most 1 MiB, as bytes', () => {
    assert.ok(v.is(output, { bytes: new Uint8Array(0), last: true }));
    assert.ok(v.is(output, { bytes: new Uint8Array(1_048_576), last: false }));
    const wrong = [new Uint8Array(1_048_577), 'text', [1, 2], new ArrayBuffer(8), { length: 0 }, undefined];
    for (const bytes of wrong) assert.ok(!v.is(output, { bytes, last: true }));
    assert.ok(!v.is(output, { bytes: new Uint8Array(0), last: true, more: 1 }));
  });
});
