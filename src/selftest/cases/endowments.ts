import { answers, probes, works, type Row } from '../escape-case.js';

/** Whatever an endowment gives or throws, its constructor leads to no function of another realm. */
const given: readonly (readonly [what: string, expression: string, honest: string])[] = [
  ['a URL', "new URL('https://example.com/')", "new URL('/a', 'https://example.com').href === 'https://example.com/a'"],
  ['the class URL', 'URL', "URL.canParse('a:b')"],
  ['the parameters of a URL', "new URL('a:b?c=d').searchParams", "new URL('a:b?c=d').searchParams.get('c') === 'd'"],
  ['an iterator of parameters', "new URLSearchParams('a=b').entries()", "[...new URLSearchParams('a=b').keys()][0] === 'a'"],
  ['a pair of parameters', "[...new URLSearchParams('a=b')][0]", "[...new URLSearchParams('a=b')][0][1] === 'b'"],
  ['all values of a parameter', "new URLSearchParams('a=b').getAll('a')", "new URLSearchParams('a=b&a=c').getAll('a').length === 2"],
  ['the bytes of a text', "new TextEncoder().encode('a')", "new TextEncoder().encode('a')[0] === 97"],
  [
    'the counts of a text',
    "new TextEncoder().encodeInto('a', new Uint8Array(1))",
    "new TextEncoder().encodeInto('a', new Uint8Array(1)).written === 1",
  ],
  ['a decoder', 'new TextDecoder()', "new TextDecoder().decode(new Uint8Array([97])) === 'a'"],
  ['a copy', 'structuredClone({ a: [1] })', 'structuredClone({ a: [1] }).a[0] === 1'],
  ['a date', 'new Date()', 'new Date(0).getTime() === 0'],
  ['Math.random', 'Math.random', 'Math.random() < 1'],
  ['setTimeout', 'setTimeout', "typeof setTimeout === 'function'"],
];

const thrown: readonly (readonly [what: string, code: string, honest: string])[] = [
  ['a URL that does not parse', "new URL('x')", "new URL('x:').protocol === 'x:'"],
  ['a base that does not parse', "new URL('x', 'y')", "new URL('x', 'y:/').href === 'y:/x'"],
  [
    'a URL that is set to what does not parse',
    "new URL('a:b').href = 'x'",
    "const url = new URL('a:b'); url.href = 'c:d'; return url.href === 'c:d'",
  ],
  ['a URL that is called', "URL('a:b')", "new URL('a:b') instanceof URL"],
  ['a method of a URL for another object', 'URL.prototype.toString.call({})', "URL.prototype.toString.call(new URL('a:b')) === 'a:b'"],
  [
    'a text that is not UTF-8',
    "new TextDecoder('utf-8', { fatal: true }).decode(new Uint8Array([255]))",
    "new TextDecoder('utf-8', { fatal: true }).decode(new Uint8Array([65])) === 'A'",
  ],
  ['bytes that are none', 'new TextDecoder().decode({ byteLength: 8 })', "new TextDecoder().decode() === ''"],
  ['a decoder of another text', "new TextDecoder('utf-16le')", "new TextDecoder('UTF-8').encoding === 'utf-8'"],
  ['a copy of an error', "structuredClone(new Error('a'))", 'structuredClone(new Map([[1, 2]])).get(1) === 2'],
  ['a timer without a function', 'setTimeout(1)', "typeof setTimeout(() => 1, 1) === 'number'"],
];

const leads = probes('B', [
  ...given.map(([what, expression, honest]): Row => [
    `the realm behind ${what}`,
    `const got = ${expression}; return got.constructor.constructor('return process')()`,
    `return ${honest}`,
  ]),
  ...thrown.map(([what, code, honest]): Row => [
    `the realm behind the error of ${what}`,
    `try { ${code} } catch (error) {
        if (error.stack || error.code || !Object.getOwnPropertyNames(globalThis).some((key) => globalThis[key] === error.constructor)) return 'not an error of the compartment';
        return error.constructor.constructor('return process')() }
      return 'did not throw'`,
    honest.includes('return') ? honest : `return ${honest}`,
  ]),
]);

const misused = probes('B', [
  [
    'text for setTimeout',
    "return setTimeout('globalThis.escaped = 1', 1)",
    'return new Promise((resolve) => setTimeout(resolve, 1, true))',
  ],
  [
    'text for setInterval',
    "return setInterval('globalThis.escaped = 1', 1)",
    'return new Promise((resolve) => { const timer = setInterval(() => { clearInterval(timer); resolve(true) }, 1) })',
  ],
  [
    'text for queueMicrotask',
    "return queueMicrotask('globalThis.escaped = 1')",
    'return new Promise((resolve) => queueMicrotask(() => resolve(true)))',
  ],
  [
    'this of a timer',
    'return new Promise((resolve) => setTimeout(function () { resolve(this) }, 1))',
    'return new Promise((resolve) => setTimeout(function () { resolve(this === undefined) }, 1))',
  ],
  [
    'this of a microtask',
    'return new Promise((resolve) => queueMicrotask(function () { resolve(this) }))',
    'return new Promise((resolve) => queueMicrotask(function () { resolve(this === undefined) }))',
  ],
  [
    'the object of a timer',
    'const timer = setTimeout(() => 1, 1); return typeof timer === "number" ? undefined : timer',
    'return typeof setTimeout(() => 1, 1) === "number"',
  ],
  [
    'a timer of others, by its number',
    'for (let n = -10; n < 1000; n++) clearTimeout(n); clearInterval({ [Symbol.toPrimitive]: () => process }); return undefined',
    'clearTimeout(setTimeout(() => 1, 1)); return true',
  ],
  [
    '10 000 timers',
    'for (let n = 0; n < 10000; n++) setTimeout(() => 1, 1e6); return 1',
    'for (let n = 0; n < 100; n++) clearTimeout(setTimeout(() => 1, 1e6)); return true',
  ],
  [
    'a delay that acts when it is read',
    'let read = 0; setTimeout(() => 1, { valueOf() { read++; throw new Error("trap") } }); return read',
    'setTimeout(() => 1, { valueOf: () => 1 }); return true',
  ],
  ['URL.createObjectURL', 'return URL.createObjectURL', 'return typeof URL.canParse === "function"'],
  ['URL, a member for others', 'URL.prototype.polluted = 1; return new URL("a:b").polluted', 'return Object.isFrozen(URL.prototype)'],
  [
    'a URL of an object that acts',
    'return new URL({ toString() { throw process } })',
    'return new URL({ toString: () => "a:b" }).href === "a:b"',
  ],
  [
    'the parser behind a URL, by a class that extends it',
    'return new (class extends URL { constructor() { super("a:b"); } get native() { return Object.getOwnPropertySymbols(this)[0] ?? Object.getOwnPropertyNames(this)[0] } })().native',
    'return new (class extends URL {})("a:b").href === "a:b"',
  ],
  [
    'parameters with a mark of their own',
    'return new URLSearchParams({ get a() { return process } }, Symbol("wrapped")).get("a") === "undefined" ? undefined : 1',
    'return new URLSearchParams({ a: 1 }).get("a") === "1"',
  ],
  [
    'uninitialised memory, behind encoded bytes',
    'const { buffer, byteLength } = new TextEncoder().encode("a"); return buffer.byteLength === byteLength ? undefined : buffer.byteLength',
    'return new TextEncoder().encode("aä").length === 3',
  ],
  [
    'bytes of others, by a view that lies',
    'const view = new Uint8Array(1); Object.defineProperties(view, { byteLength: { value: 1e9 }, length: { value: 1e9 }, byteOffset: { value: -8 } }); return new TextDecoder().decode(view).length === 1 ? undefined : 1',
    'return new TextDecoder().decode(new DataView(new ArrayBuffer(2), 1)).length === 1',
  ],
  ['a copy of a function', 'return structuredClone(() => 1)', 'return structuredClone([1])[0] === 1'],
  [
    'a copy that transfers',
    'const buffer = new ArrayBuffer(8); return structuredClone(buffer, { transfer: [buffer] })',
    'return structuredClone(new ArrayBuffer(8)).byteLength === 8',
  ],
  [
    'a copy whose prototype is set',
    'return structuredClone(JSON.parse(\'{"__proto__":{"polluted":1}}\')).polluted',
    'const copy = structuredClone({}); return Object.getPrototypeOf(copy) === Object.prototype',
  ],
  [
    'a copy 100 000 deep',
    'let deep = {}; for (let n = 0; n < 1e5; n++) deep = { deep }; return structuredClone(deep)',
    'return structuredClone({ a: { b: true } }).a.b',
  ],
  ['Date.now, replaced for others', 'Date.now = () => 0; return Date.now()', 'return Date.now() > 0'],
  [
    'Date.prototype, changed for others',
    'Date.prototype.getTime = () => 0; return 1',
    'return new (class D extends Date {})() instanceof Date',
  ],
  [
    'Math.random, replaced for others',
    'Math.random = () => 0; return Math.random()',
    'const number = Math.random(); return number >= 0 && number < 1',
  ],
]);

const timing = probes('F', [
  [
    'a clock finer than a millisecond',
    'const all = Array.from({ length: 1000 }, () => Date.now()); return all.find((time) => time % 1 !== 0)',
    'return Math.abs(Date.now() - new Date().getTime()) < 1000',
  ],
  ['a clock finer than a millisecond, by a date', 'return new Date().getTime() % 1 || undefined', 'return new Date() instanceof Date'],
  [
    'the next random number, from those before',
    'const all = new Set(Array.from({ length: 1000 }, () => Math.random())); return all.size === 1000 ? undefined : all.size',
    'return Math.random() !== Math.random()',
  ],
]);

const afterTheCall = answers('G', [
  [
    'a timer that outlives its call',
    'setInterval(() => { throw new Error("outlived") }, 30); return {}',
    `return new Promise((resolve) => setTimeout(() => resolve({ env: { TWIN: 'works' } }), 100))`,
    /^answered \{\}$/,
  ],
  [
    'a timer set by a promise that outlives its call',
    'const later = () => Promise.resolve().then(() => { try { setTimeout(() => { throw new Error("outlived") }, 1) } catch {} later() }); setTimeout(later, 1); return {}',
    works,
    /^answered \{\}$/,
  ],
  [
    'an error in a timer',
    'setTimeout(() => { throw new Error("in a timer") }, 1); return new Promise(() => undefined)',
    works,
    /^COMPARTMENT_ENDED/,
  ],
  [
    'a timer that never rests',
    'const again = () => setTimeout(again, 0); again(); return new Promise(() => undefined)',
    works,
    /^DEADLINE_MISSED/,
  ],
  [
    'a microtask that never rests',
    'const again = () => queueMicrotask(again); again(); return new Promise(() => undefined)',
    works,
    /^(?:DEADLINE_MISSED|COMPARTMENT_ENDED)/,
  ],
]);

export const endowmentCases = [...leads, ...misused, ...timing, ...afterTheCall];
