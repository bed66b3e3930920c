import assert from 'node:assert/strict';
import { MemoryStorage, writeZeros } from '#sif/storage.js';

const bytes = (...values: number[]) => new Uint8Array(values);

describe('a SIF in memory', () => {
  it('gives exactly the bytes that are asked for, without a copy (apptainer 94)', () => {
    const memory = bytes(1, 2, 3);
    const storage = new MemoryStorage(memory);
    assert.deepEqual(storage.read(0, 3), memory);
    assert.deepEqual(storage.read(1, 1), bytes(2));
    assert.deepEqual([storage.read(3, 0), storage.read(9, 0)], [bytes(), bytes()]);
    assert.equal(storage.read(1, 2).buffer, memory.buffer);
  });

  it('refuses to read beyond the end, and what is no offset (apptainer 94)', () => {
    const storage = new MemoryStorage(bytes(1, 2, 3));
    for (const [offset, length] of [
      [0, 4],
      [3, 1],
    ] as const)
      assert.throws(() => storage.read(offset, length), { code: 'SIF_INVALID' });
    for (const [offset, length] of [
      [-1, 1],
      [0, -1],
      [0.5, 1],
      [2 ** 53, 1],
      [Number.NaN, 1],
    ] as const)
      assert.throws(() => storage.read(offset, length), { code: 'SIF_UNWRITABLE' });
  });

  it('overwrites, overwrites and grows, appends, and fills with zeros what lies between (apptainer 94)', () => {
    const cases: [offset: number, written: Uint8Array, after: Uint8Array][] = [
      [0, bytes(3, 4), bytes(3, 4)],
      [1, bytes(3, 4), bytes(1, 3, 4)],
      [2, bytes(3, 4), bytes(1, 2, 3, 4)],
      [4, bytes(3, 4), bytes(1, 2, 0, 0, 3, 4)],
      [1, bytes(), bytes(1, 2)],
    ];
    for (const [offset, written, after] of cases) {
      const storage = new MemoryStorage(bytes(1, 2));
      storage.write(offset, written);
      assert.deepEqual(storage.bytes, after);
      assert.equal(storage.size, after.length);
    }
  });

  it('is cut off and grows with zeros (apptainer 94)', () => {
    const storage = new MemoryStorage(bytes(1, 2, 3));
    storage.resize(2);
    assert.deepEqual(storage.bytes, bytes(1, 2));
    storage.resize(4);
    assert.deepEqual(storage.bytes, bytes(1, 2, 0, 0));
    storage.resize(0);
    assert.deepEqual(storage.bytes, bytes());
  });

  it('refuses to grow beyond 2 GiB, and to places that there are not (apptainer 94)', () => {
    const storage = new MemoryStorage();
    for (const size of [2 ** 31 + 1, -1, 1.5]) {
      assert.throws(() => storage.resize(size), { code: 'SIF_UNWRITABLE' });
      assert.throws(() => storage.write(size, bytes(1)), { code: 'SIF_UNWRITABLE' });
    }
    assert.equal(storage.size, 0);
  });

  it('is filled with zeros over the borders of the pieces', () => {
    for (const size of [0, 1, 1_048_575, 1_048_576, 1_048_577]) {
      const storage = new MemoryStorage(new Uint8Array(size + 2).fill(7));
      writeZeros(storage, 1, size);
      assert.deepEqual([storage.bytes[0], storage.bytes.at(-1), storage.bytes.indexOf(0)], [7, 7, size === 0 ? -1 : 1]);
      assert.equal(storage.bytes.filter((byte) => byte === 7).length, 2);
    }
  });
});
