import { answers, works } from '../escape-case.js';

const threw = /^PLUGIN_THREW /;

/** Thrown values, each as an expression. The host's error is of its own making, and the thread lives. */
const thrown: readonly (readonly [what: string, expression: string])[] = [
  ['null', 'null'],
  ['undefined', 'undefined'],
  ['a symbol', 'Symbol("s")'],
  ['a big integer', '1n'],
  ['a function', '() => 1'],
  ['a frozen object', 'Object.freeze({})'],
  ['a proxy that throws', 'new Proxy({}, { get() { throw 1 }, getPrototypeOf() { throw 2 } })'],
  ['a revoked proxy', '(() => { const { proxy, revoke } = Proxy.revocable({}, {}); revoke(); return proxy })()'],
  ['an object whose message throws', '{ get message() { throw 1 } }'],
  ['an error whose message throws', 'Object.defineProperty(new Error(), "message", { get() { throw 1 } })'],
  ['an error whose message is an object', 'Object.assign(new Error(), { message: {} })'],
  ['an error whose name is a symbol', 'Object.assign(new Error("m"), { name: Symbol() })'],
  ['an error whose toString throws', 'Object.assign(new Error("m"), { toString() { throw 1 } })'],
  ['an error whose stack is an object', 'Object.defineProperty(new Error("m"), "stack", { value: { toString() { throw 1 } } })'],
  ['an error with a code of the host', 'Object.assign(new Error("m"), { code: "EACCES", errno: -13, kind: "user" })'],
  ['an error whose cause is itself', '(() => { const e = new Error("m"); e.cause = e; return e })()'],
  ['an error of 10 000 errors', 'new AggregateError(Array.from({ length: 1e4 }, () => new Error("m")), "m")'],
  ['an error with a message of 1 MB', 'new Error("x".repeat(1e6))'],
  ['an error of a class of its own', 'new (class Mine extends Error { get name() { return "Mine\\u001b[31m" } })("m")'],
  ['an error with control characters', 'new Error("a\\u001b]52;c;aGk=\\u0007\\r\\u202eb")'],
  ['an error that claims to be a fault', 'Object.assign(new Error("m"), { fault: { code: "X", name: "n", message: "m" } })'],
  ['a thenable', '{ then(resolve) { resolve({}) } }'],
  ['an object that claims to be a thrown value of comlink', '{ isError: true, value: { message: "m", name: "n" } }'],
];

export const thrownCases = [
  ...answers(
    'G',
    thrown.map(([what, expression]) => [`throw ${what}`, `throw (${expression})`, works, threw] as const),
  ),
  ...answers('G', [
    [
      'throw an error whose message never comes',
      'throw Object.defineProperty(new Error(), "message", { get() { for (;;); } })',
      works,
      /^DEADLINE_MISSED/,
    ],
  ]),
];
