import assert from 'node:assert/strict';
import { alignUp } from '#sif/add.js';
import { addObject, changeSif, createSif, DATA_TYPES, deleteObject, GO_ZERO_TIME, readSif, type NewObject } from '#sif/sif.js';
import { buildFeed, buildFace, buildGeneric, buildPrimary, buildSif, TEST_ID, TEST_TIME } from './builder.js';
import { assertGolden, GOLDEN } from './golden.js';

const golden = GOLDEN.add;
const empty = createSif({});

function add(file: Uint8Array, object: NewObject, options?: { time: number }): Uint8Array {
  return changeSif(file, (sif) => addObject(sif, object, options));
}

describe('addObject writes what apptainer/sif writes', () => {
  it('into an empty file, aligned and not (apptainer 85)', () => {
    assertGolden(add(empty, buildFace()), golden.empty);
    assertGolden(add(empty, buildFace({ alignmentBytes: 0 })), golden.empty);
    assertGolden(add(empty, buildFace({ alignmentBytes: 128 })), golden.emptyAligned);
  });

  it('behind another object, aligned and not, and gives the file the architecture of its primary partition (apptainer 85)', () => {
    const one = createSif({ objects: [buildFace()] });
    assertGolden(add(one, buildPrimary()), golden.notEmpty);
    assertGolden(add(one, buildPrimary({ alignmentBytes: 0 })), golden.notEmptyNotAligned);
    assertGolden(add(one, buildPrimary({ alignmentBytes: 128 })), golden.notEmptyAligned);
  });

  it('with a time, and without one in a file that has one (apptainer 85)', () => {
    assertGolden(add(empty, buildFace(), { time: TEST_TIME }), golden.withTime);
    const timed = createSif({ id: TEST_ID, time: TEST_TIME });
    assertGolden(add(timed, buildFace(), { time: GO_ZERO_TIME }), golden.deterministic);
  });

  it('with the time of the clock, where the file has one and nobody said which', () => {
    const before = Math.floor(Date.now() / 1000);
    const { header, objects } = readSif(add(createSif({ time: TEST_TIME }), buildFace()));
    assert.ok(header.modifiedAt >= before && header.modifiedAt <= Date.now() / 1000);
    assert.deepEqual([header.createdAt, objects[0]?.createdAt, objects[0]?.modifiedAt], [TEST_TIME, header.modifiedAt, header.modifiedAt]);
  });
});

describe('addObject refuses, and leaves the file as it was,', () => {
  it('an object that no descriptor is free for (apptainer 85)', () => {
    for (const capacity of [0, 1]) {
      const file = createSif({ capacity, objects: Array.from({ length: capacity }, () => buildFace()) });
      const copy = file.slice();
      assert.throws(() => add(file, buildFeed()), { code: 'SIF_FULL', kind: 'user', message: /insufficient descriptor capacity/ });
      assert.deepEqual(file, copy);
    }
  });

  it('a second primary partition (apptainer 85)', () => {
    const file = createSif({ objects: [buildPrimary()] });
    assert.throws(() => add(file, buildPrimary()), {
      code: 'SIF_PRIMARY_TAKEN',
      message: /image already contains a primary partition, object 1$/,
    });
  });

  it('a file that contradicts itself', () => {
    const file = buildSif();
    new DataView(file.buffer).setBigInt64(88, 49n, true);
    assert.throws(() => add(file, buildFace()), { code: 'SIF_INVALID' });
  });

  const unwritable: [what: string, changes: Partial<NewObject>, code: string][] = [
    ['a group of 2^28', { groupId: 2 ** 28 }, 'SIF_GROUP_INVALID'],
    ['a linked group of 2^28', { linkedGroupId: 2 ** 28 }, 'SIF_GROUP_INVALID'],
    ['a group that is no whole number', { groupId: 1.5 }, 'SIF_GROUP_INVALID'],
    ['a negative group', { groupId: -1 }, 'SIF_GROUP_INVALID'],
    ['a link to an object that is marked as a group', { linkedId: 0xf0000000 }, 'SIF_ID_INVALID'],
    ['a link to both an object and a group', { linkedId: 1, linkedGroupId: 1 }, 'SIF_UNWRITABLE'],
    ['a name with a NUL', { name: 'a\0b' }, 'SIF_UNWRITABLE'],
    ['a name that is half a character', { name: '\ud800' }, 'SIF_UNWRITABLE'],
    ['a negative alignment', { alignmentBytes: -1 }, 'SIF_UNWRITABLE'],
    ['an alignment beyond all memory', { alignmentBytes: 2 ** 40 }, 'SIF_UNWRITABLE'],
  ];
  for (const [what, changes, code] of unwritable) {
    it(what, () => {
      assert.throws(() => add(empty, buildGeneric(changes)), { code });
    });
  }
});

describe('addObject', () => {
  it('takes the largest group and link that a descriptor holds', () => {
    const file = add(empty, buildGeneric({ groupId: 2 ** 28 - 1, linkedGroupId: 2 ** 28 - 1 }));
    const [object] = readSif(file).objects;
    assert.deepEqual([object?.groupId, object?.linkedGroupId, object?.linkedId], [2 ** 28 - 1, 2 ** 28 - 1, 0]);
    assert.equal(readSif(add(empty, buildGeneric({ linkedId: 0xefffffff }))).objects[0]?.linkedId, 0xefffffff);
  });

  it('gives a file of overlays alone the architecture of the overlay, and no other partition changes it', () => {
    const overlay = { fsType: 2, partType: 4, arch: '04' };
    const withOverlay = add(empty, buildPrimary({ partition: overlay }));
    assert.equal(readSif(withOverlay).header.arch, '04');
    assert.equal(readSif(add(empty, buildPrimary({ partition: { ...overlay, partType: 3 } }))).header.arch, '00');
    const withPrimary = add(withOverlay, buildPrimary());
    assert.equal(readSif(withPrimary).header.arch, '01');
    assert.equal(readSif(add(withPrimary, buildPrimary({ partition: overlay }))).header.arch, '01');
  });

  it('takes no id that an object in another descriptor has', () => {
    const file = createSif({ objects: [buildFace(), buildFace(), buildFace()] });
    new DataView(file.buffer).setUint32(4096 + 2 * 585 + 5, 2, true);
    // As a foreign writer may leave it: the second descriptor is free and the object in the third one has its id.
    file.fill(0, 4096 + 585, 4096 + 2 * 585);
    new DataView(file.buffer).setBigInt64(80, 46n, true);
    const changed = add(file, buildFeed());
    assert.deepEqual(
      readSif(changed).objects.map(({ id }) => id),
      [1, 2, 4],
    );
  });

  it('leaves nothing of a deleted object in the padding of the next', () => {
    const secret = new Uint8Array(9000).fill(0x53);
    const file = createSif({ objects: [buildFace(), buildFace({ data: secret })] });
    const changed = changeSif(file, (sif) => {
      deleteObject(sif, 2);
      addObject(sif, buildFeed({ dataType: DATA_TYPES.generic, alignmentBytes: 4096 }));
    });
    const [, feed] = readSif(changed).objects;
    assert.equal(feed?.offset, 32768);
    assert.ok(changed.subarray(32178, 32768).every((byte) => byte === 0));
  });
});

describe('alignUp', () => {
  const cases: [offset: number, alignment: number, aligned: number][] = [
    [0, 0, 0],
    [1, 0, 1],
    [0, 1024, 0],
    [1, 1024, 1024],
    [1023, 1024, 1024],
    [1024, 1024, 1024],
    [1025, 1024, 2048],
    [7, 3, 9],
  ];
  for (const [offset, alignment, aligned] of cases) {
    it(`puts ${offset} at ${aligned} for an alignment of ${alignment} (apptainer 82)`, () => {
      assert.equal(alignUp(offset, alignment), aligned);
    });
  }

  it('refuses what goes beyond what a number holds (apptainer 82)', () => {
    for (const alignment of [1024, Number.MAX_SAFE_INTEGER - 1]) {
      assert.throws(() => alignUp(Number.MAX_SAFE_INTEGER, alignment), { code: 'SIF_UNWRITABLE', message: /integer overflow/ });
    }
  });
});
