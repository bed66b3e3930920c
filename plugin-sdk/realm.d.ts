/**
 * The globals of a compartment: all that a plugin's code finds besides its own. Frozen, apart from the global object itself.
 * For your editor: `"lib": ["ES2023"], "types": ["@bulkhead/plugin-sdk/realm"]` in the plugin's tsconfig.json.
 *
 * Of the language: AggregateError Array ArrayBuffer BigInt BigInt64Array BigUint64Array Boolean DataView Date Error EvalError
 * Function Infinity Int16Array Int32Array Int8Array JSON Map Math NaN Number Object Promise Proxy RangeError ReferenceError
 * Reflect RegExp Set String Symbol SyntaxError TypeError URIError Uint16Array Uint32Array Uint8Array Uint8ClampedArray WeakMap
 * WeakSet decodeURI decodeURIComponent encodeURI encodeURIComponent escape eval globalThis isFinite isNaN parseFloat parseInt
 * undefined unescape.
 *
 * Not there, or tamed: `Date.now()`, `new Date()` and `Math.random()` throw; direct `eval` and `import()` are refused when the
 * plugin is compiled; no timers, no Float32Array and Float64Array (they can tell NaNs apart), no Atomics, SharedArrayBuffer,
 * WeakRef, FinalizationRegistry, Intl, WebAssembly; nothing of Node.
 */

/** Writes to the plugin's log, as `host.log` does; silent outside of a call. */
declare const console: {
  debug(...values: unknown[]): void;
  log(...values: unknown[]): void;
  info(...values: unknown[]): void;
  warn(...values: unknown[]): void;
  error(...values: unknown[]): void;
};

/** Freezes a value and all that is reachable from it. */
declare function harden<T>(value: T): T;
