import { answers, works, type Row } from '../escape-case.js';

const plain = /^(?:ANSWER_REFUSED|PLUGIN_FAULT .*not plain data)/;

/** Values that are no plain data: refused in the compartment or at the gate. */
const values: readonly (readonly [what: string, expression: string])[] = [
  ['a function', '() => 1'],
  ['a symbol', 'Symbol("a")'],
  ['a promise', 'Promise.resolve("a")'],
  ['a big integer', '1n'],
  ['a date', 'new Date(0)'],
  ['a regular expression', '/(a+)+$/'],
  ['a map', 'new Map([["a", 1]])'],
  ['a set', 'new Set([1])'],
  ['an error', 'new Error("a")'],
  ['a boxed text', 'new String("a")'],
  ['an array', '["a"]'],
  ['a buffer', 'new ArrayBuffer(8)'],
  ['a view', 'new Uint8Array(8)'],
  ['NaN', 'NaN'],
  ['a proxy of an object', 'new Proxy({}, {})'],
  ['a text with NUL', '"a\\0b"'],
  ['a text of 70 000 characters', '"x".repeat(70000)'],
  ['a weak map', 'new WeakMap()'],
  ['an object with toJSON', '({ toJSON: () => "a" })'],
];

const asValue = values.map(
  ([what, expression]) => [`${what} where text is expected`, `return { env: { A: ${expression} } }`, works, plain] as const,
);

/** Where a variable is expected, it takes the variable away. */
const absent = [['null where a word of the command is expected', 'return { command: [null] }', works, plain]] as const;

const bounded: readonly (readonly [...Row, held: RegExp])[] = [
  [
    'an answer of 5 000 variables',
    'return { env: Object.fromEntries(Array.from({ length: 5000 }, (_, n) => ["A" + n, "a"])) }',
    works,
    /^ANSWER_REFUSED/,
  ],
  [
    'an answer of 300 mounts',
    "return { mounts: Array.from({ length: 300 }, () => ({ type: 'tmpfs', destination: '/a' })) }",
    works,
    /^ANSWER_REFUSED/,
  ],
  [
    'a sparse array of 2^32 - 1',
    'const mounts = []; mounts.length = 2 ** 32 - 1; return { mounts }',
    works,
    /^(?:ANSWER_REFUSED|PLUGIN_FAULT|DEADLINE_MISSED|BORDER_VIOLATED)/,
  ],
  ['an array with members of its own', 'return { mounts: Object.assign([], { polluted: 1 }) }', works, /^answered \{"mounts":\[\]\}$/],
  [
    'an answer 20 000 deep',
    'let deep = {}; for (let n = 0; n < 20000; n++) deep = { a: deep }; return { env: deep }',
    works,
    /^(?:ANSWER_REFUSED|PLUGIN_FAULT|PLUGIN_THREW|COMPARTMENT_ENDED|BORDER_VIOLATED)/,
  ],
  ['a cyclic answer', 'const a = {}; a.env = a; return a', works, /^(?:ANSWER_REFUSED|PLUGIN_FAULT)/],
  ['an answer that is an array', 'return [1]', works, /^ANSWER_REFUSED/],
  ['an answer that is text', 'return "env"', works, /^ANSWER_REFUSED/],
  ['an answer that is null', 'return null', works, /^ANSWER_REFUSED/],
  ['an answer that is a function', 'return () => ({})', works, plain],
  ['an answer with a field of no contract', 'return { privileged: true }', works, /^ANSWER_REFUSED/],
];

const polluting: readonly (readonly [...Row, held: RegExp])[] = [
  ['__proto__ as a field', `return JSON.parse('{"__proto__":{"polluted":1}}')`, works, /^(?:answered \{\}|ANSWER_REFUSED)/],
  ['__proto__ as a name', `return { env: JSON.parse('{"__proto__":"1"}') }`, works, /^(?:answered \{"env":\{\}\}|ANSWER_REFUSED)/],
  ['constructor as a field', 'return { constructor: { prototype: { polluted: 1 } } }', works, /^ANSWER_REFUSED/],
  ['constructor as a name', 'return { env: { constructor: "1" } }', works, /^(?:answered \{"env":\{\}\}|ANSWER_REFUSED)/],
  ['prototype as a name', 'return { env: { prototype: "1" } }', works, /^(?:answered \{"env":\{\}\}|ANSWER_REFUSED)/],
  ['inherited members', 'return Object.create({ privileged: true })', works, plain],
  ['members with a symbol as their key', 'return { [Symbol("a")]: 1 }', works, /^answered \{\}$/],
  [
    'a getter that answers differently the second time',
    'let n = 0; return { env: { get A() { return n++ ? { polluted: 1 } : "a" } } }',
    works,
    /^ANSWER_REFUSED/,
  ],
  ['a getter that throws', 'return { env: { get A() { throw new Error("trap") } } }', works, /^PLUGIN_FAULT|^PLUGIN_THREW/],
  ['a proxy whose keys act', 'return new Proxy({}, { ownKeys() { throw new Error("trap") } })', works, /^PLUGIN_FAULT|^PLUGIN_THREW/],
  ['a class instance with methods', 'class A { env = { A: "a" }; run() {} } return new A()', works, plain],
  ['toJSON, which nobody calls', 'return { env: {}, toJSON: () => ({ privileged: true }) }', works, plain],
  [
    'a path that leaves its place',
    "return { mounts: [{ type: 'bind', source: '/a/../../etc', destination: '/a' }] }",
    works,
    /^ANSWER_REFUSED/,
  ],
  ['a path with a control character', 'return { workingDirectory: "/a\\nb" }', works, /^ANSWER_REFUSED/],
  [
    'a mount of no kind that there is',
    "return { mounts: [{ type: 'overlay', source: '/', destination: '/a' }] }",
    works,
    /^ANSWER_REFUSED/,
  ],
  ['a boolean that is an object', 'return { readOnly: new Boolean(false) }', works, plain],
  [
    'a number of bytes that is none',
    "return { mounts: [{ type: 'tmpfs', destination: '/a', sizeBytes: 2 ** 53 }] }",
    works,
    /^ANSWER_REFUSED/,
  ],
  ['a negative number of bytes', "return { mounts: [{ type: 'tmpfs', destination: '/a', sizeBytes: -1 }] }", works, /^ANSWER_REFUSED/],
];

export const answerCases = answers('D', [...asValue, ...absent, ...bounded, ...polluting]);
