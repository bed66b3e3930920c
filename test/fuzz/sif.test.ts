import assert from 'node:assert/strict';
import fc from 'fast-check';
import { BulkheadError } from '#base/errors.js';
import { createSif, DATA_TYPES, readSif, type NewObject, type Sif } from '#sif/sif.js';
import { buildSif } from '../sif/builder.js';
import { byteChange, changeBytes } from './bytes.js';
import { holds, readCorpus, timeoutMs, within } from './fuzz.js';

const descriptorsAt = 4096;
const descriptorBytes = 585;
/** Reading 4096 descriptors takes some milliseconds. */
const readMsMax = 250;

/** Fields of the header, of the used descriptors and of a free one; sometimes anywhere. */
const offsets = fc.oneof(
  fc.constantFrom(64, 72, 80, 88, 96, 104, 112, 120),
  fc
    .tuple(fc.nat({ max: 4 }), fc.constantFrom(0, 4, 5, 9, 13, 17, 25, 33, 41, 73, 201, 205, 209))
    .map(([slot, field]) => descriptorsAt + slot * descriptorBytes + field),
  fc.nat({ max: 130 }),
  fc.nat({ max: 41_000 }),
);

describe('readSif, given a file that was changed anyhow', function () {
  this.timeout(timeoutMs);

  it('gives objects that lie in the data and share no byte, or refuses the file, soon', () =>
    holds(
      fc.property(fc.array(byteChange(offsets), { minLength: 1, maxLength: 6 }), (changes) => {
        const file = changeBytes(buildSif(), changes);
        const sif = within(readMsMax, () => tryRead(file));
        if (sif !== undefined) checkSif(sif, file);
      }),
      { runs: 4000 },
    ));

  it('refuses bytes that are no file at all', () =>
    holds(
      fc.property(fc.uint8Array({ maxLength: 6000 }), fc.boolean(), (bytes, hasMagic) => {
        const file = bytes.slice();
        if (hasMagic)
          file.set(
            new TextEncoder().encode('SIF_MAGIC\u000001\u0000').subarray(0, Math.max(0, file.length - 32)),
            32 > file.length ? 0 : 32,
          );
        const sif = within(readMsMax, () => tryRead(file));
        if (sif !== undefined) checkSif(sif, file);
      }),
      { runs: 1500, examples: readCorpus('sif').map(([bytes]) => [bytes, false]) },
    ));

  it('takes no more memory than the file, whatever it claims to hold', () =>
    holds(
      fc.property(fc.array(byteChange(offsets), { minLength: 1, maxLength: 3 }), (changes) => {
        const file = changeBytes(buildSif(), changes);
        const sif = tryRead(file);
        for (const { data, extra } of sif?.objects ?? []) {
          assert.equal(data.buffer, file.buffer);
          assert.equal(extra.buffer, file.buffer);
        }
      }),
      { runs: 1000 },
    ));
});

describe('readSif, given what createSif wrote', function () {
  this.timeout(timeoutMs);

  const object: fc.Arbitrary<NewObject> = fc.record({
    dataType: fc.constantFrom(DATA_TYPES.generic, DATA_TYPES.genericJson, DATA_TYPES.signature),
    name: fc.string({ maxLength: 40 }).filter((name) => !name.includes('\0') && !/\p{Cs}/u.test(name)),
    data: fc.uint8Array({ maxLength: 300 }),
    groupId: fc.nat({ max: 0x0fffffff - 1 }),
    linkedGroupId: fc.nat({ max: 100 }),
    alignmentBytes: fc.constantFrom(1, 8, 512, 4096),
    extra: fc.uint8Array({ maxLength: 384 }),
  });

  it('gives the same objects back, and the same objects give the same bytes', () =>
    holds(
      fc.property(fc.array(object, { maxLength: 10 }), (objects) => {
        const file = createSif({ objects });
        assert.deepEqual(createSif({ objects }), file);
        const read = readSif(file).objects;
        assert.equal(read.length, objects.length);
        for (const [
          index,
          { dataType, name, data, groupId, linkedGroupId, alignmentBytes = 1, extra = new Uint8Array() },
        ] of objects.entries()) {
          const found = read[index];
          assert.ok(found !== undefined);
          assert.deepEqual([found.dataType, found.name, found.groupId, found.linkedGroupId], [dataType, name, groupId, linkedGroupId]);
          assert.deepEqual(Buffer.from(found.data), Buffer.from(data));
          assert.deepEqual(Buffer.from(found.extra.subarray(0, extra.length)), Buffer.from(extra));
          assert.equal(found.offset % alignmentBytes, 0);
        }
      }),
      { runs: 300 },
    ));
});

function tryRead(file: Uint8Array): Sif | undefined {
  try {
    return readSif(file);
  } catch (error) {
    assert.ok(error instanceof BulkheadError && (error.code === 'SIF_INVALID' || error.code === 'SIF_NOT_RECOGNIZED'), String(error));
    assert.ok(error.message.length < 1000);
    return undefined;
  }
}

/** Said again, by counting bytes instead of comparing neighbours. */
function checkSif({ header, objects }: Sif, file: Uint8Array): void {
  const owner = new Uint8Array(file.length);
  for (const { offset, size, data, id } of objects) {
    assert.ok(offset >= header.dataOffset && offset + size <= header.dataOffset + header.dataSize && offset + size <= file.length);
    assert.ok(!owner.subarray(offset, offset + size).some((taken) => taken !== 0), `object ${id} shares a byte`);
    owner.fill(1, offset, offset + size);
    assert.deepEqual([data.length, data.byteOffset - file.byteOffset], [size, offset]);
  }
  assert.ok(header.descriptorsOffset >= 128 && header.dataOffset >= header.descriptorsOffset + header.descriptorsTotal * descriptorBytes);
  assert.equal(objects.length, header.descriptorsTotal - header.descriptorsFree);
  assert.equal(new Set(objects.map(({ id }) => id)).size, objects.length);
}
