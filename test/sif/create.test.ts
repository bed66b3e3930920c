import assert from 'node:assert/strict';
import { createSif, readSif } from '#sif/sif.js';
import { buildFace, buildGeneric, buildPartition, buildPrimary, buildSif, TEST_ID, TEST_TIME, toBytes } from './builder.js';
import { assertGolden, GOLDEN } from './golden.js';

describe('createSif', () => {
  it('writes what readSif reads', () => {
    const { objects, header } = readSif(buildSif());
    assert.deepEqual(
      objects.map(({ name, data, groupId, linkedGroupId }) => [name, new TextDecoder().decode(data), groupId, linkedGroupId]),
      [
        ['first', 'the first object', 1, 0],
        ['second', 'the second', 1, 0],
        ['', '{}', 0, 1],
      ],
    );
    assert.deepEqual(objects[0]?.partition, { fsType: 4, partType: 3, arch: '00' });
    assert.equal(header.id, '0'.repeat(32));
    assert.equal(header.createdAt, -62135596800);
  });

  it('puts every field where the format has it', () => {
    const [first, second] = [toBytes('x'.repeat(1000)), toBytes('{"a":1}\n')];
    const file = createSif({ objects: [buildPartition({ data: first }), buildGeneric({ data: second })] });
    const view = new DataView(file.buffer);
    const headerIntegers = [80, 88, 96, 104, 112, 120].map((offset) => Number(view.getBigInt64(offset, true)));
    assert.deepEqual(headerIntegers, [46, 48, 4096, 28080, 32176, 592 + first.length + second.length]);
    const places = [4096, 4681].map((at) => [17, 25, 33].map((offset) => Number(view.getBigInt64(at + offset, true))));
    assert.deepEqual(places, [
      [32768, 1000, 1592],
      [33768, 8, 8],
    ]);
    const numbers = [4096, 4681].map((at) => [
      view.getInt32(at, true),
      view.getUint8(at + 4),
      view.getUint32(at + 5, true),
      view.getUint32(at + 9, true),
    ]);
    assert.deepEqual(numbers, [
      [0x4004, 1, 1, 0xf0000001],
      [0x4007, 1, 2, 0xf0000001],
    ]);
    assert.equal(file.length, 32768 + 1000 + 8);
  });

  it('gives the same bytes for the same objects', () => {
    assert.deepEqual(buildSif(), buildSif());
  });

  it('writes a file without objects that can be read', () => {
    assert.deepEqual(readSif(createSif({ objects: [] })).objects, []);
  });

  it('takes 48 objects and refuses 49', () => {
    const objects = Array.from({ length: 48 }, () => buildGeneric());
    assert.equal(readSif(createSif({ objects })).objects.length, 48);
    assert.throws(() => createSif({ objects: [...objects, buildGeneric()] }), { code: 'SIF_FULL' });
  });

  it('takes a name of 128 bytes and refuses one of 129', () => {
    const name = 'é'.repeat(64);
    assert.equal(readSif(createSif({ objects: [buildGeneric({ name })] })).objects[0]?.name, name);
    assert.throws(() => createSif({ objects: [buildGeneric({ name: `${name}x` })] }), { code: 'SIF_UNWRITABLE' });
  });

  it('takes an extra of 384 bytes and refuses one of 385', () => {
    const extra = new Uint8Array(384).fill(7);
    assert.deepEqual(readSif(createSif({ objects: [buildGeneric({ extra })] })).objects[0]?.extra, extra);
    assert.throws(() => createSif({ objects: [buildGeneric({ extra: new Uint8Array(385) })] }), { code: 'SIF_UNWRITABLE' });
  });

  it('aligns an object as asked', () => {
    const [, second] = readSif(createSif({ objects: [buildGeneric(), buildGeneric({ alignmentBytes: 2048 })] })).objects;
    assert.equal(second?.offset, 32768);
    assert.equal(second.sizeWithPadding, 32768 - 32186 + second.size);
  });
});

describe('createSif writes what apptainer/sif writes', () => {
  const golden = GOLDEN.create;
  it('without objects: plain, with a launch script, a UUID, a time, a capacity (apptainer 83)', () => {
    assertGolden(createSif({}), golden.empty);
    assertGolden(createSif({ launchScript: '#!/usr/bin/env launch-script\n' }), golden.launchScript);
    assertGolden(createSif({ id: TEST_ID }), golden.withId);
    assertGolden(createSif({ time: TEST_TIME }), golden.withTime);
    assertGolden(createSif({ capacity: 1 }), golden.limitedCapacity);
  });

  it('with one object and with two, aligned and not (apptainer 83)', () => {
    const [face, primary] = [buildFace(), buildPrimary()];
    assertGolden(createSif({ objects: [face] }), golden.one);
    assertGolden(createSif({ objects: [face, primary] }), golden.two);
    for (const [alignmentBytes, digest] of [
      [0, golden.twoNotAligned],
      [4, golden.twoAligned],
    ] as const) {
      assertGolden(createSif({ objects: [face, primary].map((object) => ({ ...object, alignmentBytes })) }), digest);
    }
  });
});

describe('createSif refuses', () => {
  it('more objects than it has room for (apptainer 83)', () => {
    assert.throws(() => createSif({ capacity: 0, objects: [buildFace()] }), { code: 'SIF_FULL' });
    assert.equal(readSif(createSif({ capacity: 1, objects: [buildFace()] })).objects.length, 1);
  });

  it('a capacity that readSif would refuse (apptainer 83)', () => {
    for (const capacity of [-1, 4097, 1.5, 2 ** 32 - 1])
      assert.throws(() => createSif({ capacity }), { code: 'SIF_UNWRITABLE', message: /descriptor capacity not supported/ });
    assert.equal(readSif(createSif({ capacity: 4096 })).header.descriptorsTotal, 4096);
  });

  it('a launch script of 32 bytes, and takes one of 31', () => {
    const launchScript = `#!${'é'.repeat(14)}\n`;
    assert.equal(readSif(createSif({ launchScript })).header.launchScript, launchScript);
    assert.throws(() => createSif({ launchScript: `${launchScript} ` }), { code: 'SIF_UNWRITABLE', message: /launch script too large/ });
    assert.throws(() => createSif({ launchScript: 'a\0b' }), { code: 'SIF_UNWRITABLE' });
  });

  it('what is no UUID', () => {
    for (const id of ['', 'de170c43', `${TEST_ID}0`, 'g'.repeat(32)]) assert.throws(() => createSif({ id }), { code: 'SIF_UNWRITABLE' });
  });

  it('a second primary partition', () => {
    assert.throws(() => createSif({ objects: [buildPrimary(), buildPrimary()] }), { code: 'SIF_PRIMARY_TAKEN' });
  });
});
