import assert from 'node:assert/strict';
import fc from 'fast-check';
import { BulkheadError } from '#base/errors.js';
import { RECEIPT_BYTES_MAX, encodeReceipt, parseReceipt } from '#catalog/receipt.js';
import { receiptFileName } from '#catalog/layout.js';
import { digestPackage, readPackage } from '#package/package.js';
import { encodeManifest, parseManifest, MANIFEST_BYTES_MAX } from '#package/manifest.js';
import { buildManifest, buildPackage } from '../package/builder.js';
import { snapshotRealm } from '../attack/realm.js';
import { byteChange, changeBytes } from './bytes.js';
import { holds, readCorpus, timeoutMs, within } from './fuzz.js';
import { applyChange, jsonChange } from './messages.js';
import { nastyText } from './values.js';

/** A manifest of its full size takes some 50 ms. */
const readMsMax = 1000;
const manifest = buildManifest({
  commands: { 'scratch list': { summary: 'Lists', flags: { all: { type: 'boolean', short: 'a' } }, examples: ['scratch list'] } },
  imageSchemes: ['host'],
  permissions: { config: ['mounts'], env: ['JOB'], readFile: ['/etc/hosts'] },
});
const manifestBytes = encodeManifest(manifest);
const receiptFile = receiptFileName(manifest.name);
const receiptBytes = encodeReceipt({
  format: 1,
  name: manifest.name,
  enabled: true,
  digest: digestPackage(manifestBytes),
  installedAt: '2026-11-23T12:00:00.000Z',
  contractVersion: '1.0.0',
  grants: {},
  onFailure: 'default',
  isolation: 'default',
  manifest,
});
const parseOwnReceipt = (bytes: Uint8Array) => parseReceipt(bytes, { file: 'receipt', fileName: receiptFile });

describe('a manifest or a receipt that was changed anyhow', function () {
  this.timeout(timeoutMs);

  const changes = fc.array(jsonChange(), { minLength: 1, maxLength: 3 });
  const kinds: [string, Uint8Array, (changed: Uint8Array) => void][] = [
    ['manifest', manifestBytes, (changed) => checkRead(changed, (some) => parseManifest(some, 'a.sif'), encodeManifest)],
    ['receipt', receiptBytes, (changed) => checkRead(changed, parseOwnReceipt, encodeReceipt)],
  ];
  for (const [what, bytes, check] of kinds) {
    it(`is read to the same value as its own ${what}, or refused in few words`, () =>
      holds(
        fc.property(changes, (some) => {
          const before = snapshotRealm();
          const value = some.reduce(applyChange, JSON.parse(new TextDecoder().decode(bytes)) as unknown);
          check(utf8(JSON.stringify(value)));
          assert.deepEqual(snapshotRealm(), before);
        }),
        { runs: 1000 },
      ));

    it(`is refused, or the same ${what}, when single bytes change`, () =>
      holds(
        fc.property(fc.array(byteChange(fc.nat({ max: bytes.length })), { minLength: 1, maxLength: 4 }), (some) =>
          check(changeBytes(bytes, some)),
        ),
        { runs: 1000 },
      ));

    it(`is refused when it is any bytes or any text instead of a ${what}`, () =>
      holds(fc.property(fc.oneof(fc.uint8Array(), nastyText().map(utf8), fc.json().map(utf8)), check), {
        runs: 500,
        examples: [
          ...readCorpus(what),
          [utf8('['.repeat(1_000_000))],
          [utf8(`{"name":"${'x'.repeat(1_000_000)}"}`)],
          [utf8(`{"${'k'.repeat(1_000_000)}":1}`)],
          [utf8('')],
        ],
      }));
  }

  it('is refused before it is parsed where it is too large', () => {
    assert.throws(() => parseManifest(new Uint8Array(MANIFEST_BYTES_MAX + 1).fill(0x20), 'a.sif'), { code: 'MANIFEST_INVALID' });
    assert.ok(RECEIPT_BYTES_MAX > MANIFEST_BYTES_MAX);
  });
});

describe('a package that was changed anyhow', function () {
  this.timeout(timeoutMs);
  const bytes = buildPackage({ script: `"use strict";\n${'x();\n'.repeat(100)}`, sourceMap: utf8('{"version":3}') });
  /** Fields of header and descriptors, the manifest and the script. */
  const offsets = fc.oneof(
    fc.nat({ max: 130 }),
    fc.nat({ max: 3 * 585 }).map((at) => 4096 + at),
    fc.nat({ max: 1500 }).map((at) => bytes.length - 1 - at),
    fc.nat({ max: bytes.length }),
  );

  it('is read as what it says, or refused in few words, soon', () =>
    holds(
      fc.property(fc.array(byteChange(offsets), { minLength: 1, maxLength: 4 }), (changes) => {
        const changed = changeBytes(bytes, changes);
        const read = within(readMsMax, () => tryTo(() => readPackage(changed, 'a.sif')));
        if (read === undefined) return;
        assert.equal(read.digest, digestPackage(changed));
        assert.ok(read.script.length > 0);
        assert.ok(Buffer.from(changed).includes(read.script));
        assert.deepEqual(parseManifest(encodeManifest(read.manifest), 'a.sif'), read.manifest);
      }),
      { runs: 1000 },
    ));
});

function checkRead<Value>(bytes: Uint8Array, parse: (bytes: Uint8Array) => Value, encode: (value: Value) => Uint8Array): void {
  const read = within(readMsMax, () => tryTo(() => parse(bytes)));
  if (read !== undefined) assert.deepEqual(parse(encode(read)), read);
}

/** What is refused is refused as something that an operator can mend, in a text that fits a screen. */
function tryTo<T>(run: () => T): T | undefined {
  try {
    return run();
  } catch (error) {
    assert.ok(error instanceof BulkheadError && error.kind === 'user', String(error));
    assert.ok(error.message.length <= 16_384 && JSON.stringify(error.data).length <= 4096, `${error.code} is told at length`);
    return undefined;
  }
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
