import assert from 'node:assert/strict';
import {
  addObject,
  changeSif,
  createSif,
  DATA_TYPES,
  deleteObject,
  deleteObjects,
  GO_ZERO_TIME,
  PART_TYPES,
  readSif,
  withDataType,
  withId,
  withPartitionType,
} from '#sif/sif.js';
import { buildFace, buildFeed, buildGeneric, buildPrimary, TEST_ID, TEST_TIME, toBytes } from './builder.js';
import { assertGolden, GOLDEN } from './golden.js';

const golden = GOLDEN.delete;
const empty = createSif({});
const two = createSif({ objects: [buildFace(), buildFeed()] });

function remove(file: Uint8Array, ids: readonly number[], options?: Parameters<typeof deleteObject>[2]): Uint8Array {
  return changeSif(file, (sif) => ids.forEach((id) => deleteObject(sif, id, options)));
}

describe('deleteObject writes what apptainer/sif writes', () => {
  it('when it overwrites the data (apptainer 86)', () => {
    assertGolden(remove(two, [1], { zero: true }), golden.oneZero);
    assertGolden(remove(two, [2], { zero: true }), golden.twoZero);
  });

  it('when it cuts off the end (apptainer 86)', () => {
    assertGolden(remove(two, [1], { compact: true }), golden.oneCompact);
    assertGolden(remove(two, [2], { compact: true }), golden.twoCompact);
    assertGolden(remove(two, [1, 2], { compact: true }), golden.bothCompact);
  });

  it('when it does both (apptainer 86)', () => {
    const both = { zero: true, compact: true };
    assertGolden(remove(two, [1], both), golden.oneZeroCompact);
    assertGolden(remove(two, [2], both), golden.twoZeroCompact);
  });

  it('with a time, and without one in a file that has one (apptainer 86)', () => {
    assertGolden(remove(createSif({ objects: [buildFace()] }), [1], { time: TEST_TIME }), golden.withTime);
    const timed = createSif({ id: TEST_ID, time: TEST_TIME, objects: [buildFace()] });
    assertGolden(remove(timed, [1], { time: GO_ZERO_TIME }), golden.deterministic);
  });

  it('when the primary partition goes, and with it the architecture (apptainer 86)', () => {
    const file = createSif({ objects: [buildPrimary({ data: toBytes('\xfa') })] });
    assert.equal(readSif(file).header.arch, '01');
    assertGolden(remove(createSif({ objects: [buildPrimary({ data: buildFace().data })] }), [1]), golden.primary);
    const compacted = changeSif(file, (sif) => deleteObjects(sif, withPartitionType(PART_TYPES.primarySystem), { compact: true }));
    assertGolden(compacted, golden.primaryCompact);
  });

  it('when a selector means several (apptainer 86)', () => {
    const isGeneric = withDataType(DATA_TYPES.generic);
    assertGolden(
      changeSif(two, (sif) => deleteObjects(sif, isGeneric)),
      golden.both,
    );
    assertGolden(
      changeSif(two, (sif) => deleteObjects(sif, isGeneric, { compact: true })),
      golden.bothCompact,
    );
  });

  it('when the next object takes the descriptor and the place, however it was deleted (apptainer 86)', () => {
    const file = createSif({ objects: ['abc', 'def'].map((text) => buildFace({ data: toBytes(text) })) });
    for (const options of [{}, { zero: true }, { compact: true }, { zero: true, compact: true }]) {
      const changed = changeSif(file, (sif) => {
        deleteObject(sif, 2, options);
        assert.equal(addObject(sif, buildFace({ data: toBytes('ghi') })).id, 2);
      });
      assertGolden(changed, golden.thenAdd);
    }
  });
});

describe('deleteObject refuses, and leaves the file as it was,', () => {
  it('an object that is not there (apptainer 86)', () => {
    for (const [file, id] of [
      [empty, 1],
      [two, 3],
    ] as const) {
      const copy = file.slice();
      assert.throws(() => remove(file, [id], { zero: true, compact: true }), { code: 'SIF_OBJECT_NOT_FOUND', message: /object not found/ });
      assert.deepEqual(file, copy);
    }
    assert.throws(() => changeSif(two, (sif) => deleteObjects(sif, withDataType(DATA_TYPES.sbom))), { code: 'SIF_OBJECT_NOT_FOUND' });
    assert.throws(() => changeSif(two, (sif) => deleteObjects(sif, withId(0))), { code: 'SIF_ID_INVALID', message: /invalid object ID/ });
  });

  it('all of a change of which one part cannot be done', () => {
    const copy = two.slice();
    assert.throws(() => remove(two, [1, 7]), { code: 'SIF_OBJECT_NOT_FOUND' });
    assert.deepEqual(two, copy);
  });
});

describe('deleteObject', () => {
  it('overwrites an object of several mebibytes whole, and nothing beside it', () => {
    const large = new Uint8Array(2 * 1_048_576 + 1).fill(0xee);
    const file = createSif({ objects: [buildGeneric(), buildGeneric({ data: large }), buildGeneric()] });
    const changed = remove(file, [2], { zero: true });
    assert.ok(!changed.includes(0xee));
    assert.deepEqual(
      readSif(changed).objects.map(({ data }) => Buffer.from(data).toString()),
      ['the second', 'the second'],
    );
  });
});
