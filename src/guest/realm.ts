/**
 * The globals of a compartment, all of them. What a newer Node or SES adds (Iterator, Temporal, and TextEncoder, whose errors are Node's own) is taken away, so that a plugin
 * finds the same on every host. Authors see this list in plugin-sdk/realm.d.ts; test/guest/realm.test.ts compares the two.
 */
export const realmNames: ReadonlySet<string> = new Set(
  `AggregateError Array ArrayBuffer BigInt BigInt64Array BigUint64Array Boolean DataView Date Error EvalError Function Infinity
  Int16Array Int32Array Int8Array JSON Map Math NaN Number Object Promise Proxy RangeError ReferenceError Reflect RegExp Set
  String Symbol SyntaxError TypeError URIError Uint16Array Uint32Array Uint8Array Uint8ClampedArray
  WeakMap WeakSet console decodeURI decodeURIComponent encodeURI encodeURIComponent escape eval globalThis harden isFinite isNaN
  parseFloat parseInt undefined unescape`.split(/\s+/),
);
