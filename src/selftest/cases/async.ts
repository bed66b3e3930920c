import { answers, works } from '../escape-case.js';

export const asyncCases = answers('G', [
  ['a promise that never settles', 'return new Promise(() => undefined)', works, /^DEADLINE_MISSED/],
  ['a thenable that never calls back', 'return { then() {} }', works, /^DEADLINE_MISSED/],
  [
    'a thenable that answers twice',
    'return { then(resolve) { resolve({ env: { A: "1" } }); resolve({ privileged: true }) } }',
    works,
    /^answered \{"env":\{"A":"1"\}\}$/,
  ],
  [
    'a thenable that throws after it answered',
    'return { then(resolve) { resolve({ env: { A: "1" } }); throw new Error("late") } }',
    works,
    /^answered \{"env":\{"A":"1"\}\}$/,
  ],
  ['a thenable that throws', 'return { then() { throw new Error("now") } }', works, /^PLUGIN_THREW .*now/],
  ['a thenable that answers with itself', 'const self = { then(resolve) { resolve(self) } }; return self', works, /^DEADLINE_MISSED/],
  ['then as a getter that throws', 'return { get then() { throw new Error("getter") } }', works, /^PLUGIN_THREW .*getter/],
  [
    'then as a getter that acts',
    'return { env: { A: "1" }, get then() { Object.prototype.polluted = 1; return undefined } }',
    works,
    /^(?:PLUGIN_THREW|PLUGIN_FAULT)/,
  ],
  ['a rejection with nothing', 'return Promise.reject()', works, /^PLUGIN_THREW/],
  [
    'a rejection that nobody handles',
    'Promise.reject(new Error("nobody handles this")); return new Promise(() => undefined)',
    works,
    /^(?:COMPARTMENT_ENDED|DEADLINE_MISSED)/,
  ],
  [
    'a rejection that nobody handles, of null',
    'Promise.reject(null); return new Promise(() => undefined)',
    works,
    /^(?:COMPARTMENT_ENDED|DEADLINE_MISSED)/,
  ],
  [
    'a rejection that nobody handles, after the answer',
    'return { then(resolve) { resolve({ env: { A: "1" } }); Promise.reject(new Error("late")) } }',
    works,
    /^(?:answered \{"env":\{"A":"1"\}\}$|COMPARTMENT_ENDED)/,
  ],
  [
    'a promise of a subclass whose then acts',
    'class P extends Promise { then(a, b) { a?.({ privileged: true }); return super.then(a, b) } } return P.resolve({})',
    works,
    /^(?:ANSWER_REFUSED|answered \{\}$)/,
  ],
  [
    'a return of a generator that never comes',
    'return (async () => { for await (const n of { [Symbol.asyncIterator]: () => ({ next: () => ({ value: 1 }), return: () => new Promise(() => undefined) }) }) break; return {} })()',
    works,
    /^DEADLINE_MISSED/,
  ],
  ['an await in a loop that never rests', 'return (async () => { for (;;) await undefined })()', works, /^DEADLINE_MISSED/],
  [
    'the same answer for two calls',
    'globalThis.answer ??= { env: { A: "1" } }; return globalThis.answer',
    works,
    /^answered \{"env":\{"A":"1"\}\}$/,
  ],
]);
