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
 * Not there: direct `eval` and `import()`, which are refused when the plugin is compiled; Float32Array and Float64Array (a
 * DataView reads and writes floats), Atomics, SharedArrayBuffer, WeakRef, FinalizationRegistry, Intl, WebAssembly; anything of Node.
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

/** Copies plain data: primitives, plain objects, arrays, maps, sets, dates, buffers and their views. Transfers nothing. */
declare function structuredClone<T>(value: T): T;

/**
 * Calls back after `delayMs`, at least 1. Can be set only while a callback of the plugin runs, and is cleared when that has
 * answered; at most 1024 at once. An error in the callback ends the compartment, as one that nobody catches does.
 */
declare function setTimeout<Values extends unknown[]>(
  callback: (...values: Values) => unknown,
  delayMs?: number,
  ...values: Values
): number;
/** Calls back every `delayMs`; otherwise as `setTimeout`. */
declare function setInterval<Values extends unknown[]>(
  callback: (...values: Values) => unknown,
  delayMs?: number,
  ...values: Values
): number;
declare function clearTimeout(timer?: number): void;
declare function clearInterval(timer?: number): void;
declare function queueMicrotask(callback: () => unknown): void;

declare class TextEncoder {
  get encoding(): string;
  encode(text?: string): Uint8Array;
  encodeInto(text: string, target: Uint8Array): { read: number; written: number };
}

/** For UTF-8 alone. */
declare class TextDecoder {
  constructor(label?: 'utf-8' | 'utf8', options?: { fatal?: boolean; ignoreBOM?: boolean });
  get encoding(): string;
  get fatal(): boolean;
  get ignoreBOM(): boolean;
  decode(bytes?: ArrayBuffer | ArrayBufferView, options?: { stream?: boolean }): string;
}

declare class URL {
  constructor(url: string | URL, base?: string | URL);
  static canParse(url: string | URL, base?: string | URL): boolean;
  get origin(): string;
  get searchParams(): URLSearchParams;
  href: string;
  protocol: string;
  username: string;
  password: string;
  host: string;
  hostname: string;
  port: string;
  pathname: string;
  search: string;
  hash: string;
  toString(): string;
  toJSON(): string;
}

declare class URLSearchParams {
  constructor(init?: string | URLSearchParams | Record<string, string> | Iterable<readonly [string, string]>);
  get size(): number;
  append(name: string, value: string): void;
  delete(name: string): void;
  get(name: string): string | null;
  getAll(name: string): string[];
  has(name: string): boolean;
  set(name: string, value: string): void;
  sort(): void;
  forEach(each: (value: string, name: string, all: URLSearchParams) => unknown): void;
  entries(): IterableIterator<[string, string]>;
  keys(): IterableIterator<string>;
  values(): IterableIterator<string>;
  [Symbol.iterator](): IterableIterator<[string, string]>;
  toString(): string;
}
