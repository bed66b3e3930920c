import { probes } from '../escape-case.js';

export const intrinsicCases = probes('B', [
  [
    'Object.prototype, a new member',
    'Object.prototype.polluted = 1; return ({}).polluted',
    'const own = {}; own.toString = () => "own"; return `${own}` === "own"',
  ],
  ['Object.prototype, by __proto__', '({}).__proto__.polluted = 1; return ({}).polluted', 'return ({ __proto__: { a: true } }).a'],
  [
    'Object.prototype, by getPrototypeOf',
    'Object.getPrototypeOf({}).polluted = 1; return ({}).polluted',
    'return Object.getPrototypeOf({}) === Object.prototype',
  ],
  [
    'Object.prototype, by defineProperty',
    "Object.defineProperty(Object.prototype, 'polluted', { value: 1 }); return ({}).polluted",
    "return Object.defineProperty({}, 'a', { value: true }).a",
  ],
  [
    'Object.prototype, by __defineGetter__',
    "({}).__proto__.__defineGetter__('polluted', () => 1); return ({}).polluted",
    "const own = {}; own.__defineGetter__('a', () => true); return own.a",
  ],
  [
    'Object.prototype, by assign',
    'Object.assign(Object.prototype, { polluted: 1 }); return ({}).polluted',
    'return Object.assign({}, { a: true }).a',
  ],
  [
    'the prototype of Object.prototype',
    'Object.setPrototypeOf(Object.prototype, { polluted: 1 }); return ({}).polluted',
    'return Object.setPrototypeOf({}, { a: true }).a',
  ],
  ['Array.prototype.push', 'Array.prototype.push = () => 1; return [].push() === 1 || undefined', 'return [].push(1) === 1'],
  ['Array.prototype[Symbol.iterator]', 'Array.prototype[Symbol.iterator] = 1; return [][Symbol.iterator] === 1', 'return [...[true]][0]'],
  ['Function.prototype.call', 'Function.prototype.call = 1; return (() => 1).call === 1', 'return (() => true).call()'],
  ['Promise.prototype.then', 'Promise.prototype.then = 1; return 1', 'return Promise.resolve(1).then(() => true)'],
  ['Map.prototype.get', 'Map.prototype.get = () => 1; return 1', 'return new Map([[1, true]]).get(1)'],
  ['RegExp.prototype.exec', 'RegExp.prototype.exec = () => 1; return 1', "return /a/.test('a')"],
  ['String.prototype.replace', 'String.prototype.replace = () => 1; return 1', "return 'a'.replace('a', 'b') === 'b'"],
  ['JSON.parse', 'JSON.parse = 1; return 1', "return JSON.parse('true')"],
  ['Reflect.get', 'Reflect.get = 1; return 1', 'return Reflect.get({ a: true }, "a")'],
  [
    'the iterators of arrays',
    'Object.getPrototypeOf([][Symbol.iterator]()).next = 1; return 1',
    'return [true][Symbol.iterator]().next().value',
  ],
  [
    'the prototype of generators',
    'Object.getPrototypeOf(function* () {}).prototype.next = 1; return 1',
    'return (function* () { yield true })().next().value',
  ],
  [
    'the prototype of typed arrays',
    'Object.getPrototypeOf(Uint8Array).prototype.set = 1; return 1',
    'const bytes = new Uint8Array(1); bytes.set([1]); return bytes[0] === 1',
  ],
  [
    'Error.prepareStackTrace',
    'Error.prepareStackTrace = (error, sites) => sites; const { stack } = new Error(); return typeof stack === "string" ? stack || undefined : stack',
    "return new Error('a').message === 'a'",
  ],
  [
    'Error.captureStackTrace',
    'const own = {}; Error.captureStackTrace?.(own); return own.stack || undefined',
    'return new TypeError("a") instanceof Error',
  ],
  [
    'Error.stackTraceLimit',
    'Error.stackTraceLimit = 100; return new Error().stack || undefined',
    'return String(new Error("a")) === "Error: a"',
  ],
  ['the frames of a stack', "return new Error('a').stack || undefined", "return Object.assign(new Error('a'), { code: 'A' }).code === 'A'"],
  [
    'a call site of the engine',
    'Error.prepareStackTrace = (error, sites) => sites[0].getThis() ?? sites[0].getFunction(); return new Error().stack || undefined',
    'return (() => { try { throw new Error("a") } catch { return true } })()',
  ],
  [
    'Symbol.species of an array',
    'const got = []; class A extends Array { static get [Symbol.species]() { return function () { return got } } } A.from([1]).map((n) => n); return got.constructor.constructor("return process")()',
    'class A extends Array {} return A.from([1]).map((n) => n) instanceof A',
  ],
  [
    'Symbol.species of a promise',
    'class P extends Promise { static get [Symbol.species]() { return function (f) { f(() => {}, () => {}); return process } } } return P.resolve(1).then(() => 1).pid',
    'class P extends Promise {} return P.resolve(1).then(() => true)',
  ],
  [
    'Symbol.species of the shared class',
    'Object.defineProperty(Array, Symbol.species, { value: 1 }); return 1',
    'return Array[Symbol.species] === Array',
  ],
  [
    'Symbol.hasInstance of the shared class',
    'Object.defineProperty(Error, Symbol.hasInstance, { value: () => true }); return ({}) instanceof Error || undefined',
    'class A { static [Symbol.hasInstance]() { return true } } return 1 instanceof A',
  ],
  ['RegExp.$1, where the last match of others stands', "/(a)/.exec('a'); return RegExp.$1", "return /(a)/.exec('a')[1] === 'a'"],
  [
    'RegExp.prototype.compile',
    "const shared = /a/; return shared.compile ? shared.compile('b') : undefined",
    "return new RegExp('a', 'i').flags === 'i'",
  ],
  ['harden, replaced for others', 'Object.defineProperty(harden, "isFake", { value: 1 }); return 1', 'return Object.isFrozen(harden({}))'],
  ['harden of a value whose getters act', 'let ran; harden({ get a() { ran = 1; return 1 } }); return ran', 'return harden({ a: true }).a'],
  [
    'harden of a proxy that answers with another object',
    'const trap = harden(new Proxy({}, { ownKeys: () => ["constructor"], getOwnPropertyDescriptor: () => ({ value: process, configurable: true }) })); return trap.constructor.pid',
    'return Object.isFrozen(harden(harden([])))',
  ],
  ['the members of console', 'console.log = 1; return console.log === 1', 'console.log("a"); return true'],
  [
    'the constructor of a method of console',
    "return console.log.constructor('return process')()",
    'return typeof console.log === "function"',
  ],
  ['WeakRef, which sees the collector', 'return new WeakRef({})', 'return new WeakMap([[harden, true]]).get(harden)'],
  [
    'FinalizationRegistry, which sees the collector',
    'return new FinalizationRegistry(() => 1)',
    'return new WeakSet([harden]).has(harden)',
  ],
]);
