/** Changes to files: what a disk, a network or a forger does to bytes. Plain data, so that a counterexample can be kept as JSON. */
import fc from 'fast-check';

export type ByteChange =
  | { readonly act: 'flip'; readonly at: number; readonly bit: number }
  | { readonly act: 'set'; readonly at: number; readonly byte: number }
  /** Little-endian, as text: JSON has no integers of 64 bits. */
  | { readonly act: 'int64'; readonly at: number; readonly value: string }
  | { readonly act: 'int32'; readonly at: number; readonly value: number }
  | { readonly act: 'copy'; readonly from: number; readonly to: number; readonly length: number }
  | { readonly act: 'fill'; readonly at: number; readonly length: number; readonly byte: number }
  | { readonly act: 'cut'; readonly length: number }
  | { readonly act: 'append'; readonly length: number; readonly byte: number };

/** `at` gives the offsets that are worth a change. */
export function byteChange(at: fc.Arbitrary<number>): fc.Arbitrary<ByteChange> {
  const byte = fc.nat({ max: 255 });
  const length = fc.oneof(fc.nat({ max: 600 }), fc.nat({ max: 40_000 }));
  return fc.oneof(
    fc.record({ act: fc.constant('flip' as const), at, bit: fc.nat({ max: 7 }) }),
    fc.record({ act: fc.constant('set' as const), at, byte }),
    { weight: 3, arbitrary: fc.record({ act: fc.constant('int64' as const), at, value: int64().map(String) }) },
    fc.record({ act: fc.constant('int32' as const), at, value: fc.integer() }),
    fc.record({ act: fc.constant('copy' as const), from: at, to: at, length }),
    fc.record({ act: fc.constant('fill' as const), at, length, byte }),
    fc.record({ act: fc.constant('cut' as const), length }),
    fc.record({ act: fc.constant('append' as const), length, byte }),
  );
}

/** Small ones, those around powers of two, and any other. */
function int64(): fc.Arbitrary<bigint> {
  const [min, max] = [-(2n ** 63n), 2n ** 63n - 1n];
  const around = fc.tuple(fc.nat({ max: 63 }), fc.integer({ min: -2, max: 2 }), fc.boolean()).map(([power, more, minus]) => {
    const value = 2n ** BigInt(power) + BigInt(more);
    return minus ? -value : value;
  });
  const inRange = (value: bigint): bigint => (value < min ? min : value > max ? max : value);
  return fc.oneof(fc.bigInt({ min: -2n, max: 40_000n }), around.map(inRange), fc.bigInt({ min, max }));
}

/** A copy with the changes; what lies beyond the end is not changed. */
export function changeBytes(bytes: Uint8Array, changes: readonly ByteChange[]): Uint8Array {
  return changes.reduce(changeOnce, bytes.slice());
}

function changeOnce(bytes: Uint8Array, change: ByteChange): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  switch (change.act) {
    case 'flip':
      if (change.at < bytes.length) bytes[change.at] = (bytes[change.at] ?? 0) ^ (1 << change.bit);
      return bytes;
    case 'set':
      if (change.at < bytes.length) bytes[change.at] = change.byte;
      return bytes;
    case 'int64':
      if (change.at + 8 <= bytes.length) view.setBigInt64(change.at, BigInt(change.value), true);
      return bytes;
    case 'int32':
      if (change.at + 4 <= bytes.length) view.setInt32(change.at, change.value, true);
      return bytes;
    case 'copy':
      bytes.copyWithin(change.to, change.from, change.from + change.length);
      return bytes;
    case 'fill':
      return bytes.fill(change.byte, change.at, change.at + change.length);
    case 'cut':
      return bytes.slice(0, change.length);
    case 'append':
      return appendTo(bytes, new Uint8Array(change.length).fill(change.byte));
  }
}

function appendTo(bytes: Uint8Array, more: Uint8Array): Uint8Array {
  const joined = new Uint8Array(bytes.length + more.length);
  joined.set(bytes);
  joined.set(more, bytes.length);
  return joined;
}
