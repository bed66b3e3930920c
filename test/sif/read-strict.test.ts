import assert from 'node:assert/strict';
import { readSif } from '#sif/sif.js';
import { buildSif } from './builder.js';

const FIRST = 4096;
const SECOND = FIRST + 585;

describe('readSif refuses a file that contradicts itself', () => {
  const integer = (offset: number, value: bigint | number) => (view: DataView) => view.setBigInt64(offset, BigInt(value), true);
  const cases: [title: string, change: (view: DataView) => void, message: RegExp][] = [
    ['an unknown version', (view) => view.setUint8(43, 0x32), /header: version "02" is not known/],
    ['more descriptors than 4096', integer(88, 4097), /header: 4097 descriptors are more than 4096/],
    [
      'as many descriptors as an int64 holds',
      integer(88, 2n ** 63n - 1n),
      /header: number of descriptors 9223372036854775807 is out of range/,
    ],
    ['a negative number of descriptors', integer(88, -1), /header: number of descriptors -1 is negative/],
    ['a number of free descriptors that is wrong', integer(80, 44), /header: number of free descriptors is wrong/],
    ['more free descriptors than there are', integer(80, 49), /header: more descriptors are free than there are/],
    ['a size of descriptors that is not their number', integer(104, 28079), /header: size and number of descriptors disagree/],
    ['descriptors in the header', integer(96, 127), /header: descriptors overlap the header/],
    ['data in the descriptors', integer(112, 32175), /header: data overlap the descriptors/],
    ['data beyond the end', integer(120, 1_000_000), /header: data end at 1032176, beyond the end of the file/],
    ['data that begin beyond the end', integer(112, 32_797), /header: data end at \d+, beyond the end of the file/],
    ['an object beyond the data', integer(SECOND + 25, 1000), /object 2: it ends at \d+, beyond the data/],
    ['an object whose end overflows', integer(SECOND + 25, 2n ** 53n - 1n), /object 2: it ends at \d+, beyond the data/],
    ['an object before the data', integer(FIRST + 17, 0), /object 1: offset 0 is before the data/],
    ['a negative offset', integer(FIRST + 17, -1), /descriptor 1: offset -1 is negative/],
    ['two objects that overlap', integer(SECOND + 17, 32768), /object \d: it overlaps another object/],
    ['a size with padding below the size', integer(FIRST + 33, 1), /object 1: size with padding 1 does not fit/],
    ['two objects with one id', (view) => view.setUint32(SECOND + 5, 1, true), /object 1: another object has the same id/],
    ['the id 0', (view) => view.setUint32(FIRST + 5, 0, true), /descriptor 1: id 0 is out of range/],
    ['a group without its mark', (view) => view.setUint32(FIRST + 9, 1, true), /descriptor 1: group 1 lacks the mark of a group/],
    [
      'a link to a group that has no number',
      (view) => view.setUint32(FIRST + 13, 0xf0000000, true),
      /descriptor 1: it is linked to a group that cannot be/,
    ],
    ['a descriptor that is neither used nor free', (view) => view.setUint8(FIRST + 4, 2), /descriptor 1: "used" is 2, not 0 or 1/],
    ['a name with a hidden part', (view) => view.setUint8(FIRST + 73 + 100, 0x41), /descriptor 1: name has bytes after its end/],
    ['a name that is not UTF-8', (view) => view.setUint8(FIRST + 73, 0xff), /descriptor 1: name is not UTF-8/],
    ['an architecture of the file that is none', (view) => view.setUint8(45, 0x41), /header: architecture "A0" is not two digits/],
    ['an architecture that is none', (view) => view.setUint8(FIRST + 201 + 8, 0x41), /descriptor 1: architecture "A0" is not two digits/],
  ];
  for (const [title, change, message] of cases) {
    it(title, () => {
      const file = buildSif();
      change(new DataView(file.buffer));
      assert.throws(() => readSif(file), { code: 'SIF_INVALID', message });
    });
  }

  it('a file that is no SIF file', () => {
    const file = buildSif();
    file[32] = 0;
    for (const bytes of [file, new Uint8Array(), new TextEncoder().encode('SIF_MAGIC'), new Uint8Array(4096)]) {
      assert.throws(() => readSif(bytes), { code: 'SIF_NOT_RECOGNIZED', message: 'image format not recognized' });
    }
  });

  it('more than 256 KiB that are counted as data and are not there, for what siftool leaves out is less', () => {
    const file = buildSif();
    const setDataSize = (bytes: number) => new DataView(file.buffer).setBigInt64(120, BigInt(bytes), true);
    setDataSize(file.length - 32_176 + 262_144);
    assert.equal(readSif(file).objects.length, 3);
    setDataSize(file.length - 32_176 + 262_145);
    assert.throws(() => readSif(file), { code: 'SIF_INVALID', message: /data end at/ });
  });

  it('an object of which a byte lies where nothing was written, and takes an empty one', () => {
    const file = buildSif();
    const view = new DataView(file.buffer);
    view.setBigInt64(120, 10_000n, true);
    view.setBigInt64(SECOND + 17, 40_000n, true);
    assert.throws(() => readSif(file), { code: 'SIF_INVALID', message: /object 2: it ends at 40010, beyond the end of the file/ });
    view.setBigInt64(SECOND + 25, 0n, true);
    assert.equal(readSif(file).objects[1]?.data.length, 0);
  });

  it('a file that was cut off anywhere', () => {
    const file = buildSif();
    for (let length = 0; length < file.length; length += 61) {
      assert.throws(() => readSif(file.subarray(0, length)), { kind: 'user' });
    }
    assert.throws(() => readSif(file.subarray(0, file.length - 1)), { code: 'SIF_INVALID' });
  });
});

describe('readSif', () => {
  it('allows bytes behind the data, as siftool del leaves them', () => {
    const file = buildSif();
    assert.equal(readSif(new Uint8Array([...file, 1, 2, 3])).objects.length, 3);
  });

  it('passes on objects of types that it does not know', () => {
    const file = buildSif();
    new DataView(file.buffer).setInt32(SECOND, 0x4abc, true);
    assert.equal(readSif(file).objects[1]?.dataType, 0x4abc);
  });

  it('reads a file that is a view into larger memory', () => {
    const file = buildSif();
    const memory = new Uint8Array(file.length + 14);
    memory.set(file, 7);
    assert.deepEqual(readSif(memory.subarray(7, 7 + file.length)).objects[1]?.data, readSif(file).objects[1]?.data);
  });
});
