/** Files that a disk, a network or a forger has changed, by the thousand, and what must come of reading them. */
import assert from 'node:assert/strict';
import { BulkheadError } from '#base/errors.js';
import { encodeDescriptor } from '#sif/descriptor.js';
import { encodeHeader } from '#sif/header.js';
import { readSif } from '#sif/sif.js';

const HEADER_BYTES = 128;
const DESCRIPTORS_AT = 4096;
const DESCRIPTOR_BYTES = 585;
const SLOTS = 48;
const DATA_AT = DESCRIPTORS_AT + SLOTS * DESCRIPTOR_BYTES;

export interface Outcomes {
  read: number;
  refused: number;
}

/** What is refused is refused with an error of the format, in few words; what is read is what the bytes say, all of it. */
export function checkReading(file: Uint8Array): keyof Outcomes {
  try {
    const { header, objects } = readSif(file);
    assertSame(encodeHeader(header), file.subarray(0, HEADER_BYTES));
    const slots = usedSlots(file, header.descriptorsOffset, header.descriptorsTotal);
    assert.equal(slots.length, objects.length);
    for (const [index, object] of objects.entries()) {
      assertSame(encodeDescriptor(object), slots[index]);
      assertSame(object.data, file.subarray(object.offset, object.offset + object.size));
      assert.ok(object.data.buffer === file.buffer && object.extra.buffer === file.buffer, 'reading copies nothing');
    }
    return 'read';
  } catch (error) {
    if (!(error instanceof BulkheadError)) throw error;
    assert.ok(error.code === 'SIF_INVALID' || error.code === 'SIF_NOT_RECOGNIZED', String(error));
    assert.ok(error.message.length < 400, error.message);
    return 'refused';
  }
}

/** Each byte of the header, of each of the first `used` descriptors and of a free one. Each file is valid only until the next. */
export function* changeEachByte(original: Uint8Array, used: number): Generator<Uint8Array> {
  const file = original.slice();
  for (const offset of [...range(0, HEADER_BYTES), ...range(DESCRIPTORS_AT, DESCRIPTORS_AT + (used + 1) * DESCRIPTOR_BYTES)]) {
    const byte = file[offset] ?? 0;
    for (const value of new Set([0, 1, 0x80, 0xff, byte ^ 1, byte ^ 0x80])) {
      if (value === byte) continue;
      file[offset] = value;
      yield file;
    }
    file[offset] = byte;
  }
}

/** Each int64 at each offset where one can stand, also over the borders of fields. */
export function* setEachInteger(original: Uint8Array): Generator<Uint8Array> {
  const extremes = [-(2n ** 63n), -(2n ** 53n), -1n, 0n, 1n, 2n ** 31n, 2n ** 32n, 2n ** 53n - 1n, 2n ** 53n, 2n ** 62n, 2n ** 63n - 1n];
  for (const offset of [...range(64, 121), ...range(DESCRIPTORS_AT, DESCRIPTORS_AT + 70)]) {
    for (const extreme of extremes) {
      const file = original.slice();
      new DataView(file.buffer).setBigInt64(offset, extreme, true);
      yield file;
    }
  }
}

/** A bit of each descriptor that is free. */
export function* soilFreeDescriptors(original: Uint8Array, used: number): Generator<Uint8Array> {
  const file = original.slice();
  for (const offset of range(DESCRIPTORS_AT + used * DESCRIPTOR_BYTES, DATA_AT)) {
    file[offset] = 0xff;
    yield file;
    file[offset] = 0;
  }
}

/** Every length of the header, then every 31st. */
export function* cutOff(original: Uint8Array): Generator<Uint8Array> {
  for (let length = 0; length < original.length; length += length < 2 * HEADER_BYTES ? 1 : 31) yield original.slice(0, length);
}

/** Up to nine bytes at once, mostly where something stands; every other file is cut off as well. The same ones each time. */
export function* changeAtRandom(original: Uint8Array, { used, count, seed }: { used: number; count: number; seed: number }) {
  const random = startRandom(seed);
  const pick = () =>
    [random(HEADER_BYTES), DESCRIPTORS_AT + random((used + 1) * DESCRIPTOR_BYTES), random(original.length)][random(3)] ?? 0;
  for (let made = 0; made < count; made++) {
    const file = made % 2 === 0 ? original.slice() : original.slice(0, random(original.length));
    for (let changes = random(9); changes >= 0; changes--) {
      const offset = pick();
      if (offset < file.length) file[offset] = random(256);
    }
    yield file;
  }
}

function usedSlots(file: Uint8Array, offset: number, total: number): Uint8Array[] {
  return range(0, total)
    .map((slot) => offset + slot * DESCRIPTOR_BYTES)
    .filter((start) => file[start + 4] === 1)
    .map((start) => file.subarray(start, start + DESCRIPTOR_BYTES));
}

function assertSame(actual: Uint8Array, expected: Uint8Array | undefined): void {
  assert.ok(expected !== undefined && Buffer.compare(actual, expected) === 0, 'what was read is not what the bytes say');
}

function range(from: number, to: number): number[] {
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
