import assert from 'node:assert/strict';
import {
  changeSif,
  createSif,
  DATA_TYPES,
  FS_TYPES,
  GO_ZERO_TIME,
  PART_TYPES,
  readSif,
  setMetadata,
  setOciDigest,
  setPrimaryPartition,
  type NewObject,
} from '#sif/sif.js';
import { buildFace, buildFeed, buildPrimary, TEST_ID, TEST_TIME } from './builder.js';
import { assertGolden, GOLDEN } from './golden.js';

const timed = { id: TEST_ID, time: TEST_TIME };

describe('setPrimaryPartition', () => {
  const golden = GOLDEN.setPrimary;
  const raw = (partType: number, arch: string, { data }: NewObject) =>
    buildPrimary({ data, partition: { fsType: FS_TYPES.raw, partType, arch } });
  const system = raw(PART_TYPES.system, '01', buildFace());
  const both = createSif({ objects: [raw(PART_TYPES.primarySystem, '01', buildFace()), raw(PART_TYPES.system, '02', buildFeed())] });

  it('writes what apptainer/sif writes (apptainer 87)', () => {
    const set = (file: Uint8Array, id: number, options?: { time: number }) =>
      changeSif(file, (sif) => setPrimaryPartition(sif, id, options));
    assertGolden(set(createSif({ objects: [system] }), 1), golden.one);
    assertGolden(set(both, 2), golden.two);
    assertGolden(set(both, 2, { time: TEST_TIME }), golden.withTime);
    assertGolden(set(createSif({ ...timed, objects: [system] }), 1, { time: GO_ZERO_TIME }), golden.deterministic);
  });

  it('changes the one that was primary and the architecture of the file (apptainer 87)', () => {
    const { header, objects } = readSif(changeSif(both, (sif) => setPrimaryPartition(sif, 2)));
    assert.deepEqual(
      objects.map(({ partition }) => partition?.partType),
      [PART_TYPES.system, PART_TYPES.primarySystem],
    );
    assert.equal(header.arch, '02');
  });

  it('changes nothing where it is primary already', () => {
    assert.deepEqual(
      changeSif(both, (sif) => setPrimaryPartition(sif, 1, { time: TEST_TIME })),
      both,
    );
  });

  it('refuses what is not there, no partition, or no system partition (apptainer 87)', () => {
    const data = raw(PART_TYPES.data, '01', buildFace());
    const file = createSif({ objects: [buildFace(), data] });
    const refused = (id: number, error: { code: string; message?: RegExp }) =>
      assert.throws(() => changeSif(file, (sif) => setPrimaryPartition(sif, id)), error);
    refused(3, { code: 'SIF_OBJECT_NOT_FOUND' });
    refused(1, { code: 'SIF_TYPE_UNEXPECTED', message: /as a partition: unexpected data type 0x4007/ });
    refused(2, { code: 'SIF_TYPE_UNEXPECTED', message: /no system partition/ });
    refused(0, { code: 'SIF_ID_INVALID' });
  });
});

const blobs = [buildFace({ dataType: DATA_TYPES.ociBlob }), buildFeed({ dataType: DATA_TYPES.ociBlob })];
const [oneBlob, twoBlobs] = [createSif({ objects: blobs.slice(0, 1) }), createSif({ objects: blobs })];
const timedBlob = createSif({ ...timed, objects: blobs.slice(0, 1) });

describe('setMetadata', () => {
  it('writes what apptainer/sif writes (apptainer 87)', () => {
    const golden = GOLDEN.setMetadata;
    const ociDigest = 'sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
    const set = (file: Uint8Array, id: number, options?: { time: number }) =>
      changeSif(file, (sif) => setMetadata(sif, id, { ociDigest }, options));
    assertGolden(set(oneBlob, 1), golden.one);
    assertGolden(set(twoBlobs, 2), golden.two);
    assertGolden(set(oneBlob, 1, { time: TEST_TIME }), golden.withTime);
    assertGolden(set(timedBlob, 1, { time: GO_ZERO_TIME }), golden.deterministic);
  });

  it('takes the digest of the data where none is given', () => {
    assert.deepEqual(
      changeSif(oneBlob, (sif) => setMetadata(sif, 1, {})),
      oneBlob,
    );
  });

  it('refuses what is not there, metadata of another type, and partitions', () => {
    const file = createSif({ objects: [buildFace(), buildPrimary()] });
    const refused = (id: number, code: string) =>
      assert.throws(() => changeSif(file, (sif) => setMetadata(sif, id, { sbomFormat: 1 })), { code });
    refused(3, 'SIF_OBJECT_NOT_FOUND');
    refused(1, 'SIF_TYPE_UNEXPECTED');
    refused(2, 'SIF_TYPE_UNEXPECTED');
  });
});

describe('setOciDigest', () => {
  const digest = 'sha256:93a6ab73f77ce27501f74bb35af9b4da5b964c62f96175a1bc0e8ba2ae0dec08';

  it('writes what apptainer/sif writes (apptainer 87)', () => {
    const golden = GOLDEN.setDigest;
    const set = (file: Uint8Array, id: number, options?: { time: number }) =>
      changeSif(file, (sif) => setOciDigest(sif, id, digest, options));
    assertGolden(set(oneBlob, 1), golden.one);
    assertGolden(set(twoBlobs, 2), golden.two);
    assertGolden(set(oneBlob, 1, { time: TEST_TIME }), golden.withTime);
    assertGolden(set(timedBlob, 1, { time: GO_ZERO_TIME }), golden.deterministic);
  });

  it('refuses an object of another type, and what is no digest (apptainer 87)', () => {
    const file = createSif({ objects: [buildFace()] });
    assert.throws(() => changeSif(file, (sif) => setOciDigest(sif, 1, digest)), {
      code: 'SIF_TYPE_UNEXPECTED',
      message: /unexpected data type 0x4007/,
    });
    for (const wrong of ['', 'sha256:', digest.slice(0, -1), `${digest}0`, digest.toUpperCase(), digest.replace('sha256', 'sha512')])
      assert.throws(() => changeSif(oneBlob, (sif) => setOciDigest(sif, 1, wrong)), { code: 'SIF_UNWRITABLE' });
  });
});
