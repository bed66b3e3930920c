import assert from 'node:assert/strict';
import {
  createSif,
  DATA_TYPES,
  descriptorIntegrity,
  GO_ZERO_TIME,
  headerIntegrity,
  readSif,
  relativeIdOf,
  type SifDescriptor,
} from '#sif/sif.js';
import { buildFace, toBytes } from './builder.js';
import { assertGolden, GOLDEN } from './golden.js';

describe('headerIntegrity', () => {
  const header = {
    launchScript: '#!/usr/bin/env run-singularity\n',
    arch: '02',
    id: 'b2659d4ebd504ea5bd17eec5e54f918e',
    createdAt: 1504657553,
    modifiedAt: 1504657653,
    descriptorsFree: 0,
    descriptorsTotal: 0,
    descriptorsOffset: 0,
    dataOffset: 0,
    dataSize: 0,
  };
  const golden = GOLDEN.headerIntegrity;

  it('is what apptainer/sif hashes: launch script, magic, version, UUID (apptainer 92)', () => {
    assert.equal(headerIntegrity(header).length, 61);
    assertGolden(headerIntegrity(header), golden.same);
    assertGolden(headerIntegrity({ ...header, id: 'b3659d4ebd504ea5bd17eec5e54f918e' }), golden.id);
    // Go's test copies the shorter text over the longer one.
    assertGolden(headerIntegrity({ ...header, launchScript: '#!/usr/bin/env rm\n-singularity\n' }), golden.launchScript);
  });

  it('does not change with anything else (apptainer 92)', () => {
    const others = [
      'createdAt',
      'modifiedAt',
      'descriptorsFree',
      'descriptorsTotal',
      'descriptorsOffset',
      'dataOffset',
      'dataSize',
    ] as const;
    for (const field of others) assertGolden(headerIntegrity({ ...header, [field]: header[field] + 1 }), golden.same);
    assertGolden(headerIntegrity({ ...header, arch: '11' }), golden.same);
  });

  it('has magic and version in it, which no file that can be read has otherwise (apptainer 92)', () => {
    const change = (offset: number, text: string) => {
      const bytes = Buffer.from(headerIntegrity(header));
      bytes.write(text, offset);
      return bytes;
    };
    assertGolden(change(32, 'BAD_MAGIC'), golden.magic);
    assertGolden(change(42, '02'), golden.version);
  });
});

describe('descriptorIntegrity', () => {
  const descriptor: SifDescriptor = {
    dataType: DATA_TYPES.definition,
    id: 1,
    groupId: 1,
    linkedId: 0,
    linkedGroupId: 0,
    offset: 0,
    size: 0,
    sizeWithPadding: 0,
    createdAt: 1504657553,
    modifiedAt: 1504657553,
    uid: 0,
    gid: 0,
    name: 'GOOD_NAME',
    extra: padded('GOOD_EXTRA'),
  };
  const golden = GOLDEN.descriptorIntegrity;
  const changed: [field: keyof typeof golden, changes: Partial<SifDescriptor>][] = [
    ['dataType', { dataType: DATA_TYPES.environment }],
    ['linkedId', { linkedId: 1 }],
    ['size', { size: 1 }],
    ['createdAt', { createdAt: 1504657554 }],
    ['uid', { uid: 1 }],
    ['gid', { gid: 1 }],
    // Go's test copies the shorter text over the longer one.
    ['name', { name: 'BAD_NAMEE' }],
    ['extra', { extra: padded('BAD_EXTRAA') }],
  ];
  for (const [field, changes] of changed) {
    it(`changes with ${field}, to what apptainer/sif hashes (apptainer 91)`, () => {
      const bytes = descriptorIntegrity({ ...descriptor, ...changes }, 0);
      assert.equal(bytes.length, 557);
      assertGolden(bytes, golden[field]);
      assert.notDeepEqual(bytes, descriptorIntegrity(descriptor, 0));
    });
  }

  it('changes with the relative id, to what apptainer/sif hashes (apptainer 91)', () => {
    assertGolden(descriptorIntegrity(descriptor, 1), golden.relativeId);
  });

  it('does not change with id, group, offset, size with padding, modification (apptainer 91)', () => {
    for (const field of ['id', 'groupId', 'offset', 'sizeWithPadding', 'modifiedAt'] as const)
      assertGolden(descriptorIntegrity({ ...descriptor, [field]: descriptor[field] + 1 }, 0), golden.same);
  });

  it('begins with the type, 4 bytes, and "used", which is 1 for every object that can be read (apptainer 91)', () => {
    const bytes = Buffer.from(descriptorIntegrity(descriptor, 0));
    assert.equal(bytes[4], 1);
    bytes[4] = 0;
    assertGolden(bytes, golden.used);
  });

  it('of an object that was read is that of the object that was written', () => {
    const { objects } = readSif(createSif({ objects: [buildFace({ name: 'a', groupId: 2 }), buildFace({ name: 'b', linkedGroupId: 1 })] }));
    const [first, second] = objects;
    assert.ok(first !== undefined && second !== undefined);
    assert.equal(first.createdAt, GO_ZERO_TIME);
    const view = new DataView(new Uint8Array(descriptorIntegrity(second, 7)).buffer);
    assert.deepEqual(
      [view.getInt32(0, true), view.getUint32(5, true), view.getUint32(9, true), view.getBigInt64(13, true), view.getBigInt64(21, true)],
      [DATA_TYPES.generic, 7, 0xf0000001, 2n, BigInt(GO_ZERO_TIME)],
    );
  });
});

describe('relativeIdOf', () => {
  it('counts from the lowest id of the group', () => {
    const objects = [2, 1, 2, 0, 1].map((groupId) => buildFace({ groupId }));
    const descriptors = readSif(createSif({ objects })).objects;
    assert.deepEqual(
      descriptors.map((descriptor) => relativeIdOf(descriptor, descriptors)),
      [0, 0, 2, 0, 3],
    );
  });
});

function padded(text: string): Uint8Array {
  const extra = new Uint8Array(384);
  extra.set(toBytes(text));
  return extra;
}
