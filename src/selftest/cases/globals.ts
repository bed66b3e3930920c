import { probes, type Row } from '../escape-case.js';

/** Names that a compartment has not, each with one of the language that stands for the same thing and must be there. */
const absent: readonly (readonly [name: string, present: string])[] = [
  ['process', 'globalThis'],
  ['require', 'parseInt'],
  ['module', 'globalThis'],
  ['exports', 'globalThis'],
  ['__dirname', 'globalThis'],
  ['__filename', 'globalThis'],
  ['global', 'globalThis'],
  ['Buffer', 'Uint8Array'],
  ['fetch', 'Promise'],
  ['WebSocket', 'Promise'],
  ['EventSource', 'Promise'],
  ['XMLHttpRequest', 'Promise'],
  ['WebAssembly', 'Function'],
  ['Worker', 'Function'],
  ['importScripts', 'Function'],
  ['MessageChannel', 'Map'],
  ['MessagePort', 'Map'],
  ['BroadcastChannel', 'Map'],
  ['postMessage', 'isNaN'],
  ['onmessage', 'isNaN'],
  ['navigator', 'globalThis'],
  ['localStorage', 'Map'],
  ['crypto', 'BigInt'],
  ['ShadowRealm', 'Proxy'],
  ['Compartment', 'Proxy'],
  ['lockdown', 'harden'],
  ['repairIntrinsics', 'harden'],
  ['hardenIntrinsics', 'harden'],
  ['getStackString', 'Error'],
  ['assert', 'Error'],
  ['Intl', 'Number'],
  ['Temporal', 'Date'],
  ['gc', 'WeakMap'],
];

const asGlobals = absent.map(([name, present]): Row => [`the global ${name}`, `return ${name}`, `return ${present} !== undefined`]);

export const globalCases = probes('B', [
  ...asGlobals,
  ['a member of globalThis', 'return globalThis.process', 'return globalThis.Array === Array'],
  ['globalThis, by its constructor', 'return globalThis.constructor.process', 'return globalThis.constructor === Object'],
  ['this of a module', 'return this && this.process', 'return this === undefined'],
  ['this of a sloppy function', 'return (function () { return this })()', 'return (function () { return this }).call(input) === input'],
  ['this of an indirect eval', "return (0, eval)('this').process", "return (0, eval)('this') === globalThis"],
  ['a name in an indirect eval', "return (0, eval)('process')", "return (0, eval)('1 + 1') === 2"],
  ['a name in an eval of another name', "const other = eval; return other('require')", "const other = eval; return other('1') === 1"],
  ['this of a made function', "return Function('return this')().process", "return Function('return 1')() === 1"],
  ['a name in a made function', "return Function('return process')()", "return Function('a', 'return a + 1')(1) === 2"],
  [
    'a global that is defined anew',
    "delete globalThis.process; Object.defineProperty(globalThis, 'x', { configurable: true, get: () => process }); return x",
    "Object.defineProperty(globalThis, 'y', { configurable: true, value: true }); return y",
  ],
  [
    'what an undeclared name tells of the host',
    'return typeof process === "undefined" ? undefined : process',
    'return typeof input === "object"',
  ],
  [
    'a registered symbol of Node',
    "return globalThis[Symbol.for('nodejs.util.inspect.custom')] ?? globalThis[Symbol.for('undici.globalDispatcher.1')]",
    "return Symbol.for('a') === Symbol.for('a')",
  ],
  [
    'anything that is not in the list of globals',
    `const known = 'Array Object Map console harden'.split(' '); const all = Reflect.ownKeys(globalThis);
     return all.includes('process') || all.some((key) => typeof key === 'symbol' && key !== Symbol.toStringTag && key !== Symbol.unscopables) || !known.every((key) => all.includes(key)) || undefined`,
    "return Reflect.ownKeys(globalThis).includes('Array')",
  ],
]);
