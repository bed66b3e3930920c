import assert from 'node:assert/strict';
import { BulkheadError } from '#base/errors.js';
import { readSif } from '#sif/sif.js';
import { buildSif } from './builder.js';

const DESCRIPTORS_USED_END = 4096 + 4 * 585;
const DESCRIPTORS_END = 4096 + 48 * 585;

describe('readSif, given any bytes, reads or throws a BulkheadError', function () {
  this.timeout(120_000);

  it('when any one byte of the header has any other value', () => {
    const outcomes = mutateEach(0, 128, allValues);
    assert.ok(outcomes.read > 0 && outcomes.refused > 0);
  });

  it('when any one byte of a used or a free descriptor has another value', () => {
    const outcomes = mutateEach(4096, DESCRIPTORS_USED_END, tellingValues);
    assert.ok(outcomes.read > 0 && outcomes.refused > 0);
  });

  it('when a byte of any free descriptor is set', () => {
    const outcomes = mutateEach(DESCRIPTORS_USED_END, DESCRIPTORS_END, () => [0xff]);
    assert.ok(outcomes.read > 0 && outcomes.refused > 0);
  });

  it('when every int64 of header and descriptors takes an extreme value', () => {
    const extremes = [-(2n ** 63n), -(2n ** 53n), -1n, 0n, 1n, 2n ** 31n, 2n ** 32n, 2n ** 53n - 1n, 2n ** 53n, 2n ** 62n, 2n ** 63n - 1n];
    const offsets = [...rangeOf(64, 121), ...rangeOf(4096, 4096 + 70)];
    for (const offset of offsets) {
      for (const extreme of extremes) {
        const file = buildSif();
        new DataView(file.buffer).setBigInt64(offset, extreme, true);
        tryRead(file);
      }
    }
  });

  it('when many bytes change at once', () => {
    const random = startRandom(20260801);
    for (let round = 0; round < 20_000; round++) {
      const file = round % 2 === 0 ? buildSif() : buildSif().subarray(0, random(40_000));
      for (let changes = random(8); changes >= 0; changes--) file[pickOffset(random)] = random(256);
      tryRead(file);
    }
  });
});

/** Changes one byte at a time, in place, and puts it back. */
function mutateEach(from: number, to: number, valuesFor: (byte: number) => readonly number[]): { read: number; refused: number } {
  const file = buildSif();
  const outcomes = { read: 0, refused: 0 };
  for (let offset = from; offset < to; offset++) {
    const byte = file[offset] ?? 0;
    for (const value of valuesFor(byte)) {
      file[offset] = value;
      outcomes[tryRead(file)]++;
    }
    file[offset] = byte;
  }
  return outcomes;
}

function tryRead(file: Uint8Array): 'read' | 'refused' {
  try {
    const { objects } = readSif(file);
    for (const { data, size } of objects) assert.equal(data.length, size);
    return 'read';
  } catch (error) {
    if (error instanceof BulkheadError && error.kind === 'user') return 'refused';
    throw error;
  }
}

const allValues = () => rangeOf(0, 256);

function tellingValues(byte: number): number[] {
  return [0, 1, 0x7f, 0x80, 0xff, ...rangeOf(0, 8).map((bit) => byte ^ (1 << bit))];
}

/** Mostly where something stands, sometimes anywhere. */
function pickOffset(random: (below: number) => number): number {
  return [random(128), 4096 + random(4 * 585), random(33_000)][random(3)] ?? 0;
}

function rangeOf(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, index) => from + index);
}

/** Deterministic, so that a failure can be repeated (mulberry32). */
function startRandom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}
