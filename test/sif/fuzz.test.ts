import assert from 'node:assert/strict';
import { buildSif } from './builder.js';
import { changeAtRandom, changeEachByte, checkReading, cutOff, setEachInteger, soilFreeDescriptors, type Outcomes } from './mutations.js';
import { cpuMs } from '../helpers/cpu.js';

/** In buildSif. */
const USED = 3;
const FILE_MS_MAX = 100;
const MEMORY_BYTES_MAX = 128 * 1_048_576;

describe('readSif reads what the bytes say, or refuses the file, soon and in little memory,', function () {
  const original = buildSif();
  const cases: [what: string, files: () => Generator<Uint8Array>, atLeast: number][] = [
    ['each byte of the header and of the descriptors', () => changeEachByte(original, USED), 7_500],
    ['each byte of the free descriptors', () => soilFreeDescriptors(original, USED), 20_000],
    ['each integer, to its extremes', () => setEachInteger(original), 1_300],
    ['many bytes at once', () => changeAtRandom(original, { used: USED, count: 6_000, seed: 20260801 }), 6_000],
  ];
  for (const [what, files, atLeast] of cases) {
    it(`after a change of ${what}`, () => {
      const { read, refused } = readAll(files());
      assert.ok(read + refused >= atLeast && read > 0 && refused > 0, `${read} read, ${refused} refused`);
    });
  }

  it('after the end was cut off, which is always refused', () => {
    const { read, refused } = readAll(cutOff(original));
    assert.ok(read === 0 && refused > 1_200, `${read} read, ${refused} refused`);
  });
});

function readAll(files: Iterable<Uint8Array>): Outcomes {
  const outcomes = { read: 0, refused: 0 };
  const before = memoryBytes();
  let slow = 0;
  for (const file of files) {
    const startedAtMs = cpuMs();
    outcomes[checkReading(file)]++;
    if (cpuMs() - startedAtMs > FILE_MS_MAX) slow++;
    if ((outcomes.read + outcomes.refused) % 200 === 0)
      assert.ok(memoryBytes() - before < MEMORY_BYTES_MAX, 'reading takes too much memory');
  }
  // One or two may be the garbage collector's.
  assert.ok(slow <= 2, `${slow} files took more than ${FILE_MS_MAX} ms each`);
  return outcomes;
}

function memoryBytes(): number {
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
