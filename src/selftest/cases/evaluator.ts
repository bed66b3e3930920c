import { probes, unevaluated, type Row } from '../escape-case.js';

/** Every path to a constructor of functions, and what the constructor's own kind of function makes of honest code. */
const constructors: readonly (readonly [path: string, honest: string])[] = [
  ['(() => {}).constructor', '(() => true)()'],
  ['(function () {}).constructor', '(function () { return true })()'],
  ['(async () => {}).constructor', 'await (async () => true)()'],
  ['(function* () {}).constructor', '(function* () { yield true })().next().value'],
  ['(async function* () {}).constructor', '(await (async function* () { yield true })().next()).value'],
  ['Object.getPrototypeOf(async function () {}).constructor', 'await (async function () { return true })()'],
  ['({}).constructor.constructor', '({}).constructor === Object'],
  ['[].map.constructor', '[1].map((n) => n + 1)[0] === 2'],
  ['(class {}).constructor', 'new (class { a = true })().a'],
  ['new Proxy({}, {}).constructor.constructor', 'new Proxy({ a: true }, {}).a'],
  ['new Proxy(function () {}, {}).constructor', 'new Proxy(() => true, {})()'],
  ['new Error().constructor.constructor', "new Error('a').message === 'a'"],
  ['Promise.resolve().constructor.constructor', 'await Promise.resolve(true)'],
  ['Reflect.apply.constructor', 'Reflect.apply(() => true, undefined, [])'],
  ["Object.getOwnPropertyDescriptor(Map.prototype, 'size').get.constructor", 'new Map([[1, 1]]).size === 1'],
  ['(() => {}).bind().constructor', '(() => true).bind()()'],
  ['eval.constructor', "(0, eval)('true')"],
  ['Function.prototype.constructor', "Function('return true')()"],
  ['Symbol.prototype.constructor.constructor', "Symbol('a').description === 'a'"],
];

const byConstructor = constructors.map(([path, honest]): Row => [
  `a function made by ${path}`,
  `return (${path})('return process')()`,
  `return (${honest})`,
]);

const thrownByTheEngine: readonly (readonly [what: string, code: string])[] = [
  ['a TypeError', 'null.x'],
  ['a RangeError', "'a'.repeat(-1)"],
  ['a stack overflow', 'const f = () => f(); f()'],
  ['a SyntaxError', "(0, eval)('(')"],
  ['a URIError', "decodeURIComponent('%')"],
  ['an error of JSON', "JSON.parse('{')"],
  ['an error of a RegExp', "new RegExp('(')"],
  ['an error of a BigInt', 'BigInt(1.5)'],
];

const byError = thrownByTheEngine.map(([what, code]): Row => [
  `the class of ${what} of the engine`,
  `try { ${code} } catch (error) { return error.constructor.constructor('return process')() }`,
  `try { ${code} } catch (error) { return error instanceof Error && Object.getPrototypeOf(error).constructor === error.constructor }`,
]);

export const evaluatorCases = [
  ...probes('B', [
    ...byConstructor,
    ...byError,
    [
      'a function made by Reflect.construct',
      "return Reflect.construct((() => {}).constructor, ['return process'])()",
      'return Reflect.construct(Map, []).size === 0',
    ],
    [
      'a function made with a new target of another kind',
      "return Reflect.construct(Function, ['return process'], (async () => {}).constructor)()",
      'return Reflect.construct(Object, [], Map) instanceof Map',
    ],
    [
      'a subclass of Function',
      "class F extends Function {} return new F('return process')()",
      'class M extends Map {} return new M([[1, 1]]).size === 1',
    ],
    [
      'comments that open a made function',
      "return new Function('/*', '*/){ return process')",
      "return new Function('/* a */', 'return true')()",
    ],
    [
      'a body that closes a made function',
      "return new Function('}, process, function () {')",
      "return new Function('return (function () { return true })()')()",
    ],
    [
      'an argument of a made function that is evaluated',
      "return new Function('a = process', 'return a')()",
      "return new Function('a = true', 'return a')()",
    ],
    [
      'an object that is another text each time it is read, for eval',
      "let n = 0; return (0, eval)({ toString: () => (n++ ? 'process' : '1') }).pid",
      'const object = { a: true }; return (0, eval)(object) === object',
    ],
    [
      'an object that is another text each time it is read, for Function',
      "let n = 0; return Function({ toString: () => (n++ ? 'return im' + 'port(\"node:fs\")' : 'return undefined') })()",
      "return Function({ toString: () => 'return true' })()",
    ],
    [
      'import() inside of a made function',
      "return new Function('return im' + 'port(\"node:fs\")')()",
      "return new Function('return \"im\" + \"port\"')() === 'im' + 'port'",
    ],
    [
      'import() inside of an indirect eval',
      "return (0, eval)('im' + 'port(\"node:fs\")')",
      "return (0, eval)('\"im\" + \"port\"') === 'im' + 'port'",
    ],
    ['an HTML comment inside of an indirect eval', "return (0, eval)('1 <!' + '-- 2')", "return (0, eval)('1 < 2')"],
    ['a closing HTML comment inside of an indirect eval', "return (0, eval)('1\\n--' + '> 2')", "return (0, eval)('let n = 3; n > 2')"],
    [
      'with, whose scope a proxy sees',
      "return Function('with (new Proxy({}, { has: () => true, get: (t, k) => k })) return process')()",
      "return 'a' in new Proxy({}, { has: () => true })",
    ],
    [
      'Symbol.unscopables of the global object',
      'globalThis[Symbol.unscopables] = { Array: true }; return (0, eval)("Array") === Array ? undefined : Array',
      'return [][Symbol.unscopables] === undefined || typeof Array.prototype[Symbol.unscopables] === "object"',
    ],
    [
      'the caller of a function',
      'return (function f() { return f.caller })()',
      'return (function f() { return typeof f })() === "function"',
    ],
    ['arguments.callee', 'return arguments.callee', 'return arguments.length === 2'],
    [
      'the source of a function of the host',
      "return /native code|\\[/.test(host.log.info.toString()) ? undefined : host.log.info.toString().includes('require') || undefined",
      "return (() => 1).toString() === '() => 1'",
    ],
    [
      'a line with another sourceURL, which a stack would name',
      "try { (0, eval)('null.x\\n//# sourceURL=file:///etc/passwd') } catch (error) { return error.stack || undefined }",
      "return (0, eval)('true\\n//# sourceURL=other.js')",
    ],
    [
      'a line with a sourceMappingURL, which nobody may fetch',
      "try { (0, eval)('null.x\\n//# sourceMappingURL=file:///etc/passwd') } catch (error) { return error.stack || undefined }",
      "return (0, eval)('true\\n//# sourceMappingURL=other.js.map')",
    ],
    [
      'the template objects of the shim',
      "const tag = (parts) => parts; return Object.isFrozen(tag`a`) && tag`a`.constructor.constructor('return process')()",
      'const tag = (parts) => parts.raw[0]; return tag`a` === "a"',
    ],
    [
      'the scope of the evaluator, by eval of its names',
      'return (0, eval)(\'typeof evaluate === "undefined" && typeof scopeTerminator === "undefined" && typeof harden === "function" ? undefined : 1\')',
      "return (0, eval)('typeof harden') === 'function'",
    ],
    [
      'a var of an eval that shadows an intrinsic for others',
      "(0, eval)('var Array = 1'); return [].constructor === 1 || undefined",
      "(0, eval)('var mine = 1'); return typeof mine !== 'symbol'",
    ],
  ]),
  ...unevaluated('B', [
    ['import()', "return import('node:fs')", "return 'import'.length === 6"],
    ['import() with a comment in between', "return import/**/('node:fs')", 'return /**/ true'],
    ['import() over two lines', "return import\n('node:fs')", 'return (\ntrue)'],
    ['import() in a spread', "return ({...import('node:fs')})", 'return ({...{ a: true }}).a'],
    ['import() in an escaped spelling', "return im\\u0070ort('node:fs')", 'const \\u0061 = true; return a'],
    ['import() with attributes', "return import('node:fs', { with: { type: 'json' } })", "return JSON.parse('true')"],
    ['import() in a default argument', "return ((a = import('node:fs')) => a)()", 'return ((a = true) => a)()'],
    ['import.meta', 'return import.meta.url', 'return ({ import: true }).import'],
    ['an import statement', "import fs from 'node:fs'", 'return true'],
    ['a direct eval', "return eval('process')", "return (0, eval)('true')"],
    ['an HTML comment', 'return 1 <!-- 2\n', 'return 1 < 2'],
    ['a closing HTML comment', 'return 1\n--> 2\n', 'let n = 3; n--; return n > 1'],
    ['a script that closes its function', '} } }; ({ engineConfig() { {', 'return true'],
    ['a with statement', 'with (globalThis) return process', 'return globalThis.Array === Array'],
  ]),
];
