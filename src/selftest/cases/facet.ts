import { probes, type Row } from '../escape-case.js';

/** Hostile arguments of a power: refused in the compartment, with an error of the compartment. */
const hostile: readonly (readonly [what: string, expression: string])[] = [
  ['a function', '() => 1'],
  ['a symbol', 'Symbol("a")'],
  ['an object whose toString acts', '({ toString() { throw process } })'],
  ['a proxy', 'new Proxy({}, { get() { throw new Error("trap") } })'],
  ['a revoked proxy', '(() => { const { proxy, revoke } = Proxy.revocable({}, {}); revoke(); return proxy })()'],
  ['a big integer', '1n'],
  ['an array', '["k"]'],
  ['a cyclic object', '(() => { const a = {}; a.a = a; return a })()'],
  ['a promise', 'Promise.resolve("k")'],
  ['a class', 'class {}'],
  ['a text of 70 000 characters', '"x".repeat(70000)'],
  ['an empty text', '""'],
];

/** Whatever comes back is an object of the compartment, by which no other realm is reached. */
const classify = `const isOwn = (error) => [TypeError.prototype, Error.prototype].includes(Object.getPrototypeOf(error));
  const open = (error) => isOwn(error) ? undefined : error.constructor.constructor('return process')();`;

const asKey = hostile.map(([what, expression]): Row => [
  `${what} as the key of the store`,
  `${classify} try { return await host.store.get(${expression}) } catch (error) { return open(error) }`,
  `return (await host.store.get('k')) === undefined`,
]);

const asValue = hostile
  .filter(([what]) => what !== 'an empty text')
  .map(([what, expression]): Row => [
    `${what} as a value of the store`,
    `${classify} try { return await host.store.set('k', ${expression}) } catch (error) { return open(error) }`,
    `await host.store.set('k', 'v'); const got = await host.store.get('k'); await host.store.delete('k'); return got === 'v'`,
  ]);

export const facetCases = probes('C', [
  ...asKey,
  ...asValue,
  ['the constructor of a power', "return host.log.info.constructor('return process')()", 'return typeof host.log.info === "function"'],
  [
    'the prototype of a power',
    "return Object.getPrototypeOf(host.log.info).constructor('return process')()",
    'return Object.getPrototypeOf(host.log.info) === Function.prototype',
  ],
  [
    'the prototype of the host',
    "return Object.getPrototypeOf(host).constructor.constructor('return process')()",
    'return Object.getPrototypeOf(host) === Object.prototype',
  ],
  [
    'the promise that a power gives',
    "const asked = host.store.get('k'); await asked; return asked.constructor.constructor('return process')()",
    "const asked = host.store.get('k'); await asked; return asked instanceof Promise",
  ],
  ['the constructor of the input', "return input.constructor.constructor('return process')()", 'return input.config.image === "selftest:"'],
  ['a power that is replaced', 'host.log.info = 1; return 1', 'host.log.info("a"); return true'],
  ['a power that is added', 'host.extra = 1; return 1', 'return Object.isFrozen(host)'],
  ['a power that is taken away', 'delete host.log; return 1', 'return "log" in host'],
  ['the input, changed', 'input.config.env.PATH = 1; return 1', 'return { ...input.config.env, PATH: 1 }.PATH === 1'],
  [
    'a prototype of the answer of a power',
    "return Object.getPrototypeOf(await host.store.keys()).constructor.constructor('return process')()",
    'return Array.isArray(await host.store.keys())',
  ],
  [
    'a key __proto__ of the store',
    "return (await host.store.get('__proto__')) ?? undefined",
    "return (await host.store.get('proto')) === undefined",
  ],
  [
    'a path as a key of the store',
    "await host.store.set('../../../tmp/escaped', 'v'); const keys = await host.store.keys(); await host.store.delete('../../../tmp/escaped'); return keys.includes('../../../tmp/escaped') ? undefined : keys.join()",
    "await host.store.set('a', 'v'); const keys = await host.store.keys(); await host.store.delete('a'); return keys.includes('a')",
  ],
  ['a variable that was not granted', "return host.env('PATH')", 'return typeof host.env === "function"'],
  [
    'an inherited name as a variable',
    "return host.env('constructor') ?? host.env('__proto__') ?? host.env('toString')",
    "return host.env('A') === undefined",
  ],
  [
    'a file that was not granted',
    "return await host.readFile('/etc/hostname')",
    "try { await host.readFile('/etc/hostname') } catch (error) { return error.code === 'POWER_NOT_GRANTED' }",
  ],
  ['print, outside of a command', "host.print('a\\u001b[2J'); return undefined", 'return typeof host.print === "function"'],
  [
    'a log line whose text acts when it is read',
    'host.log.info({ toString() { throw new Error("trap") } }); return 1',
    'host.log.info({ toString: () => "a" }); return true',
  ],
  ['a log line of 1 MB', "host.log.debug('x'.repeat(1e6)); return undefined", "host.log.debug('x'); return true"],
  [
    'console with a value that acts when it is shown',
    'console.log({ toJSON() { throw new Error("trap") } }, new Proxy({}, { ownKeys() { throw 1 } })); return undefined',
    'console.log({ a: [1] }); return true',
  ],
  [
    'console with an error whose name is an object',
    'console.log(Object.assign(new Error("m"), { name: { toString() { throw 1 } } })); return undefined',
    'console.log(new Error("m")); return true',
  ],
  [
    'a power of a call that is over, kept for the next',
    'globalThis.kept = host.store; return undefined',
    'return typeof host.store.get === "function"',
  ],
]);
