import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  addObject,
  changeSif,
  createSif,
  DATA_TYPES,
  deleteObjects,
  readSif,
  selectObjects,
  withGroupId,
  withId,
  type NewObject,
} from '#sif/sif.js';
import { checkReading } from '../sif/mutations.js';
import { holds, timeoutMs } from './fuzz.js';

type Change =
  | { readonly act: 'add'; readonly object: NewObject }
  | { readonly act: 'delete'; readonly by: 'id' | 'group'; readonly key: number; readonly zero: boolean; readonly compact: boolean };

const CAPACITY = 6;

const object: fc.Arbitrary<NewObject> = fc.record({
  dataType: fc.constantFrom(DATA_TYPES.generic, DATA_TYPES.labels, DATA_TYPES.ociBlob),
  name: fc.string({ maxLength: 20, unit: 'grapheme-ascii' }),
  // No zeros, so that what was overwritten with them can be told.
  data: fc.uint8Array({ min: 1, maxLength: 60 }),
  groupId: fc.integer({ min: 0, max: 2 }),
  alignmentBytes: fc.constantFrom(0, 1, 16, 512),
});
const change: fc.Arbitrary<Change> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ act: fc.constant('add' as const), object }) },
  fc.record({
    act: fc.constant('delete' as const),
    by: fc.constantFrom('id' as const, 'group' as const),
    key: fc.integer({ min: 1, max: CAPACITY }),
    zero: fc.boolean(),
    compact: fc.boolean(),
  }),
);

/** What a SIF is, without bytes: at most one object per slot, the first free one is taken. */
type Model = readonly (NewObject | undefined)[];

describe('objects that are added and deleted, in any order', function () {
  this.timeout(timeoutMs);

  it('are there, or are not, with their data, each in the first slot that was free; and a refused change changes nothing', () =>
    holds(
      fc.property(fc.array(change, { maxLength: 20 }), (changes) => {
        let file = createSif({ capacity: CAPACITY });
        let model: Model = Array.from({ length: CAPACITY }, () => undefined);
        for (const one of changes) {
          const next = applyToModel(model, one);
          const before = file.slice();
          if (next === undefined) {
            const code = one.act === 'add' ? 'SIF_FULL' : 'SIF_OBJECT_NOT_FOUND';
            assert.throws(() => applyTo(file, one), { code });
          } else {
            const changed = applyTo(file, one);
            assert.deepEqual(applyTo(file, one), changed, 'the same change gives the same bytes');
            assert.equal(Buffer.compare(file, before), 0, 'the old file stays as it was');
            if (one.act === 'delete') checkRemains(readSif(file).objects, one, changed);
            [file, model] = [changed, next];
          }
          checkAgainst(model, file);
        }
      }),
      { runs: 150 },
    ));
});

function applyTo(file: Uint8Array, one: Change): Uint8Array {
  return changeSif(file, (sif) => {
    if (one.act === 'add') addObject(sif, one.object);
    else deleteObjects(sif, one.by === 'id' ? withId(one.key) : withGroupId(one.key), one);
  });
}

/** Nothing where the change must be refused. */
function applyToModel(model: Model, one: Change): Model | undefined {
  if (one.act === 'add') {
    const slot = model.indexOf(undefined);
    return slot === -1 ? undefined : model.with(slot, one.object);
  }
  const isMeant = (object: NewObject | undefined, slot: number) =>
    object !== undefined && (one.by === 'id' ? slot + 1 === one.key : object.groupId === one.key);
  return model.some(isMeant) ? model.map((object, slot) => (isMeant(object, slot) ? undefined : object)) : undefined;
}

function checkAgainst(model: Model, file: Uint8Array): void {
  assert.equal(checkReading(file), 'read');
  const { objects } = readSif(file);
  const expected = model.flatMap((object, slot) => (object === undefined ? [] : [{ ...object, id: slot + 1 }]));
  assert.deepEqual(
    objects.map(({ id, dataType, name, groupId, data }) => ({ id, dataType, name, groupId, data: [...data] })),
    expected.map(({ id, dataType, name, groupId, data }) => ({ id, dataType, name, groupId, data: [...data] })),
  );
  for (const { offset, id } of objects) assert.equal(offset % Math.max(1, model[id - 1]?.alignmentBytes ?? 0), 0);
  if (expected.length > 0)
    for (const groupId of [1, 2])
      assert.deepEqual(
        selectObjects(objects, withGroupId(groupId)).map(({ id }) => id),
        expected.filter((object) => object.groupId === groupId).map(({ id }) => id),
      );
}

/** Deleted data is zero, or still there, or cut off, as was asked; nothing else has moved. */
function checkRemains(
  before: ReturnType<typeof readSif>['objects'],
  { zero, compact }: Extract<Change, { act: 'delete' }>,
  file: Uint8Array,
): void {
  const left = readSif(file).objects;
  const kept = new Set(left.map(({ id }) => id));
  for (const { id, offset, size, data } of before.filter((object) => !kept.has(object.id) && object.size > 0)) {
    const bytes = file.subarray(offset, offset + size);
    if (zero)
      assert.ok(
        bytes.every((byte) => byte === 0),
        `object ${id} is still there`,
      );
    else if (!compact) assert.equal(Buffer.compare(bytes, data), 0);
  }
  for (const object of left) assert.equal(object.offset, before.find(({ id }) => id === object.id)?.offset);
  if (compact) assert.equal(file.length, Math.max(32_176 - 42 * 585, ...left.map(({ offset, size }) => offset + size)));
}
