import assert from 'node:assert/strict';
import { buildConfig, describeTiers, scriptOf, type TestHost } from '../helpers/compartment.js';
import { snapshotRealm, type RealmSnapshot } from './realm.js';

/**
 * Each line is an expression that a plugin evaluates, trying to reach something outside of its compartment. It must throw, or
 * have a value that is `undefined`. Add a line for each way out that you think of, and its benign twin below.
 */
const waysOut = [
  'process',
  'require',
  'module',
  'exports',
  '__dirname',
  'global',
  'Buffer',
  'fetch',
  'WebAssembly',
  'Worker',
  'MessageChannel',
  'BroadcastChannel',
  'SharedArrayBuffer',
  'Atomics',
  'performance',
  'navigator',
  'queueMicrotask',
  'setTimeout',
  'lockdown',
  'Compartment',
  'Iterator',
  'Temporal',
  'getStackString',
  'globalThis.process',
  'globalThis.require',
  'globalThis.constructor.process',
  'this && this.process',
  '(function () { return this })()',
  "Function('return this')().process",
  "(0, eval)('this').process",
  "eval('process')",
  "new Error().constructor.constructor('return process')()",
  "(() => {}).constructor('return process')()",
  "(async () => {}).constructor('return process')()",
  "(function* () {}).constructor('return process')()",
  "(async function* () {}).constructor('return process')()",
  "Reflect.construct((() => {}).constructor, ['return process'])()",
  "host.log.info.constructor('return process')()",
  "Object.getPrototypeOf(host.log.info).constructor('return process')()",
  "console.log.constructor('return process')()",
  "host.store.get('k').constructor.constructor('return process')()",
  "input.constructor.constructor('return process')()",
  "Object.getPrototypeOf(async function () {}).constructor('return process')()",
  "({}).constructor.constructor('return process')()",
  "[].map.constructor('return process')()",
  "new Proxy({}, {}).constructor.constructor('return process')()",
  "(() => { try { null.x } catch (e) { return e.constructor.constructor('return process')() } })()",
  "(() => { const f = () => f(); try { f() } catch (e) { return e.constructor.constructor('return process')() } })()",
  "new Function('/*', '*/){ return process')",
  'new Error().stack || undefined',
  'Error.captureStackTrace && Error.captureStackTrace({}).x',
  "new Error('x').stack.at(1)",
  'Object.prototype.polluted = 1',
  'Object.getPrototypeOf({}).polluted = 1',
  '({}).__proto__.polluted = 1',
  "Object.defineProperty(Object.prototype, 'polluted', { value: 1 })",
  'Array.prototype.push = 1',
  'Promise.prototype.then = 1',
  'Map.prototype.get = 1',
  'JSON.parse = 1',
  'host.log.info = 1',
  'host.extra = 1',
  "(await host.store.get(() => 1).catch((e) => Object.getPrototypeOf(e) === TypeError.prototype ? undefined : 'an object of the worker'))",
  "(await host.store.set('k', Symbol()).catch((e) => Object.getPrototypeOf(e) === TypeError.prototype ? undefined : 'an object of the worker'))",
  "(await host.store.set('k', 'x'.repeat(70000)).catch((e) => Object.getPrototypeOf(e) === Error.prototype ? undefined : 'an object of the worker'))",
  'input.config.env.PATH = 1',
  'delete host.log',
  'Date.now()',
  'new Date().getTime()',
  'Math.random()',
  'RegExp.$1',
  'arguments.callee.caller',
];

/** The same shapes, allowed: they must have this value, or the walls are too tight for honest code. */
const benign: readonly (readonly [string, string])[] = [
  ['typeof globalThis', 'object'],
  ["new Function('return 1 + 1')()", '2'],
  ["(0, eval)('typeof process')", 'undefined'],
  ["new Error('x').message", 'x'],
  ['Object.assign(new Error(), { message: "set" }).message', 'set'],
  ['(class A { static b = 1; toString() { return "c" } }).b', '1'],
  ['JSON.stringify(JSON.parse(\'{"__proto__":1}\'))', '{"__proto__":1}'],
  ['[3, 1, 2].toSorted().join("")', '123'],
  ['new Map([[1, 2]]).get(1)', '2'],
  ['await Promise.resolve(1)', '1'],
  ['`${{ toString: () => "own" }}`', 'own'],
  ['"aXb".replace(/x/i, "-")', 'a-b'],
  ['new Date(0).toISOString()', '1970-01-01T00:00:00.000Z'],
  ['input.config.image', 'host:'],
  ['typeof console.log', 'function'],
];

/** Comes back as text, so that nothing but the outcome crosses. `value` may be `await`ed. */
function probe(expression: string): string {
  return scriptOf(
    `async engineConfig(input, host) { let r; try { r = await (${expression}); r = r === undefined ? 'undefined' : 'value: ' + String(r) } catch (e) { r = 'threw' } return { env: { R: r } } }`,
  );
}

describeTiers('a plugin that looks for a way out', (open) => {
  let scene: TestHost;
  let before: RealmSnapshot;
  beforeEach(async () => {
    scene = await open();
    before = snapshotRealm();
  });
  afterEach(() => scene.close());

  for (const expression of waysOut) {
    it(`gets nothing from ${expression}`, async () => {
      assert.match(await evaluate(scene, expression), /^(?:undefined|threw|value: undefined|refused)$/);
      assert.deepEqual(snapshotRealm(), before);
    });
  }

  for (const [expression, value] of benign) {
    it(`may use ${expression}`, async () => {
      assert.equal(await evaluate(scene, expression), `value: ${value}`);
    });
  }

  for (const source of [
    "import('node:fs')",
    'import/**/("node:fs")',
    'import\n("node:fs")',
    '({...import("node:fs")})',
    'im\\u0070ort("node:fs")',
    'import.meta.url',
  ]) {
    it(`gets nothing from ${JSON.stringify(source)}`, async () => {
      assert.match(await evaluate(scene, source), /^(?:threw|refused)$/);
      assert.deepEqual(snapshotRealm(), before);
    });
  }
});

/** `refused` where the script is not even evaluated. */
async function evaluate(scene: TestHost, expression: string): Promise<string> {
  try {
    const answer = await scene.plugin(probe(expression)).ask('engineConfig', { config: buildConfig() });
    return answer?.env?.['R'] ?? '';
  } catch (error) {
    assert.match(String(error), /SES_|SyntaxError|import/i);
    return 'refused';
  }
}
