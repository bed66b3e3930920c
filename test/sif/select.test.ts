import assert from 'node:assert/strict';
import {
  createSif,
  DATA_TYPES,
  PART_TYPES,
  readSif,
  selectObject,
  selectObjects,
  withDataType,
  withGroupId,
  withId,
  withLinkedGroupId,
  withLinkedId,
  withNoGroup,
  withOciDigest,
  withPartitionType,
} from '#sif/sif.js';
import { buildFace, buildFeed, buildPrimary, buildSignature } from './builder.js';

const blob = buildFace({ dataType: DATA_TYPES.ociBlob });
const index = buildFeed({ dataType: DATA_TYPES.ociRootIndex });
const { objects } = readSif(
  createSif({
    objects: [buildFace(), buildPrimary({ groupId: 2 }), buildSignature(), buildFeed({ groupId: 0, linkedId: 2 }), blob, index],
  }),
);
const idsOf = (...selectors: ReturnType<typeof withNoGroup>[]) => selectObjects(objects, ...selectors).map(({ id }) => id);
const digest = 'sha256:6ebdd2d4c6a1a8e8dd4d7e2ebf8a2a0f4d2a1b5dd1f6a4ddf0c9a5c5a3a9c0d1';

describe('selectObjects', () => {
  it('finds objects by type (apptainer 88)', () => {
    assert.deepEqual(idsOf(withDataType(DATA_TYPES.generic)), [1, 4]);
    assert.deepEqual(idsOf(withDataType(DATA_TYPES.sbom)), []);
  });

  it('finds objects by group, and those in no group (apptainer 88)', () => {
    assert.deepEqual(idsOf(withGroupId(1)), [1, 5, 6]);
    assert.deepEqual(idsOf(withGroupId(2)), [2]);
    assert.deepEqual(idsOf(withNoGroup()), [3, 4]);
  });

  it('finds objects by the object or the group that they are linked to (apptainer 88)', () => {
    assert.deepEqual(idsOf(withLinkedId(2)), [4]);
    assert.deepEqual(idsOf(withLinkedId(1)), []);
    assert.deepEqual(idsOf(withLinkedGroupId(1)), [3]);
    assert.deepEqual(idsOf(withLinkedGroupId(2)), []);
  });

  it('finds partitions by their kind (apptainer 88)', () => {
    assert.deepEqual(idsOf(withPartitionType(PART_TYPES.primarySystem)), [2]);
    assert.deepEqual(idsOf(withPartitionType(PART_TYPES.system)), []);
  });

  it('finds OCI objects by their digest (apptainer 88)', () => {
    const text = new TextDecoder().decode(selectObject(objects, withId(5)).extra).replaceAll('\0', '');
    assert.match(text, /^sha256:[0-9a-f]{64}$/);
    assert.deepEqual(idsOf(withOciDigest(text)), [5]);
    assert.deepEqual(idsOf(withOciDigest(digest)), []);
    const damaged = { ...selectObject(objects, withId(5)), extra: new Uint8Array(384) };
    assert.deepEqual(selectObjects([damaged], withOciDigest(text)), []);
  });

  it('finds what all selectors mean, and everything where there is none (apptainer 88)', () => {
    assert.deepEqual(idsOf(withDataType(DATA_TYPES.generic), withNoGroup()), [4]);
    assert.deepEqual(idsOf(), [1, 2, 3, 4, 5, 6]);
  });

  it('asks the next selector only about what the ones before have found (apptainer 88)', () => {
    const asked: number[] = [];
    idsOf(withNoGroup(), ({ id }) => asked.push(id) > 0);
    assert.deepEqual(asked, [3, 4]);
  });

  it('says of a file without objects that it has none', () => {
    assert.throws(() => selectObjects([], withId(1)), { code: 'SIF_EMPTY', message: /no objects in image/ });
  });
});

describe('selectObject', () => {
  it('finds the one that is meant (apptainer 88)', () => {
    assert.equal(selectObject(objects, withId(2)).name, '');
    assert.deepEqual(selectObject(objects, withPartitionType(PART_TYPES.primarySystem)).data, buildFeed().data);
  });

  it('refuses none and several, by their ids (apptainer 88)', () => {
    assert.throws(() => selectObject(objects, withId(7)), { code: 'SIF_OBJECT_NOT_FOUND', message: /object not found/ });
    assert.throws(() => selectObject(objects, withGroupId(1)), {
      code: 'SIF_OBJECTS_SEVERAL',
      message: /multiple objects found \(1, 5, 6\)/,
    });
    assert.throws(() => selectObject([], withId(1)), { code: 'SIF_EMPTY' });
  });

  it('refuses the ids and groups that nothing has (apptainer 88)', () => {
    for (const select of [withId, withLinkedId]) assert.throws(() => select(0), { code: 'SIF_ID_INVALID', message: /invalid object ID/ });
    for (const select of [withGroupId, withLinkedGroupId])
      assert.throws(() => select(0), { code: 'SIF_GROUP_INVALID', message: /invalid group ID/ });
  });
});
