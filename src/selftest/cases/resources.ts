import { answers, works } from '../escape-case.js';

const missed = /^DEADLINE_MISSED/;
const stopped = /^(?:DEADLINE_MISSED|COMPARTMENT_ENDED|PLUGIN_THREW|PLUGIN_FAULT)/;

export const resourceCases = answers('E', [
  ['an endless loop', 'for (;;);', works, missed],
  ['an endless loop in a finally', 'for (;;) { try { throw 1 } finally { continue } }', works, missed],
  ['a flood of microtasks', 'const flood = () => Promise.resolve().then(flood); return flood()', works, stopped],
  ['a generator that never ends', 'for (const n of (function* () { for (;;) yield 1 })());', works, missed],
  [
    'an async generator that never ends',
    'return (async () => { for await (const n of (async function* () { for (;;) yield 1 })()); })()',
    works,
    missed,
  ],
  ['a regular expression that backtracks', 'return { env: { R: String(/^(a+)+$/.test("a".repeat(40) + "b")) } }', works, missed],
  ['a power of big integers', 'return { env: { R: String(2n ** 2n ** 40n) } }', works, stopped],
  ['big integers that double', 'let n = 3n; for (;;) n *= n', works, stopped],
  ['a recursion without an end', 'const dive = () => dive() + 1; return dive()', works, /^PLUGIN_THREW .*RangeError/],
  ['a recursion that catches its overflow', 'const dive = () => { try { dive() } catch { dive() } }; dive(); for (;;);', works, missed],
  ['a sort whose comparison never ends', '[2, 1].sort(() => { for (;;); })', works, missed],
  ['a text that is read without an end', 'return { env: { R: String({ toString() { for (;;); } }) } }', works, missed],
  [
    'a map that grows while it is read',
    'const map = new Map([[1, 1]]); for (const [key] of map) { map.delete(key); map.set(key, 1) }',
    works,
    missed,
  ],
  [
    'a proxy whose chain never ends',
    'const p = new Proxy({}, { getPrototypeOf: () => p }); return { env: { R: String(p instanceof Map) } }',
    works,
    stopped,
  ],
  ['many small objects', 'const all = []; for (;;) all.push({ a: [1, 2, 3] })', works, stopped],
  ['a text that doubles', 'let text = "a"; for (;;) text += text', works, stopped],
  ['an array of 2^32', 'return { env: { R: String(new Array(2 ** 32).length) } }', works, /^PLUGIN_THREW .*RangeError/],
  ['a buffer of 2^53 bytes', 'return { env: { R: String(new ArrayBuffer(2 ** 53)) } }', works, /^PLUGIN_THREW/],
  ['a flood of log lines that nobody waits for', "for (let n = 0; n < 2000; n++) host.log.debug('x'); for (;;);", works, missed],
  [
    'a definition that never ends to be hardened',
    'let deep = {}; for (let n = 0; n < 5000; n++) deep = { deep }; harden(deep); for (;;);',
    works,
    missed,
  ],
]);
