/**
 * The globals of a compartment, all of them. What a newer Node or SES adds (Iterator, Temporal, …) is taken away, so that a
 * plugin finds the same on every host. Authors see this list in plugin-sdk/realm.d.ts; test/guest/realm.test.ts compares the two.
 */
const words = (text: string): string[] => text.split(/\s+/);

/** Of the language. `Date` and `Math` are replaced by tamed ones (endowments/). */
export const languageNames: readonly string[] =
  words(`AggregateError Array ArrayBuffer BigInt BigInt64Array BigUint64Array Boolean DataView Date Error EvalError Function Infinity
  Int16Array Int32Array Int8Array JSON Map Math NaN Number Object Promise Proxy RangeError ReferenceError Reflect RegExp Set
  String Symbol SyntaxError TypeError URIError Uint16Array Uint32Array Uint8Array Uint8ClampedArray
  WeakMap WeakSet decodeURI decodeURIComponent encodeURI encodeURIComponent escape eval globalThis isFinite isNaN
  parseFloat parseInt undefined unescape`);

/** SES's own, and those of endowments/. */
const givenNames = words(
  `harden console structuredClone setTimeout setInterval clearTimeout clearInterval queueMicrotask TextEncoder TextDecoder URL URLSearchParams`,
);

export const realmNames: ReadonlySet<string> = new Set([...languageNames, ...givenNames]);
