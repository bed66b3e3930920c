import { escaped, type Row } from '../escape-case.js';

/** Modules of Node that a thread could harm its host with. */
const modules = [
  'fs',
  'child_process',
  'worker_threads',
  'net',
  'http',
  'dgram',
  'inspector',
  'v8',
  'vm',
  'os',
  'module',
  'process',
  'repl',
  'cluster',
];

const byRequire = modules.map((name): Row => [
  `require('${name}')`,
  `return require('node:${name}')`,
  'return typeof require === "function"',
]);

/** Members of `process` by which a thread could harm its host. */
const members: readonly (readonly [member: string, call: string])[] = [
  ['kill', 'process.kill(process.pid ?? 0, 0)'],
  ['_kill', 'process._kill(process.pid ?? 0, 0)'],
  ['abort', 'process.abort'],
  ['dlopen', 'process.dlopen'],
  ['binding', "process.binding('fs')"],
  ['_linkedBinding', 'process._linkedBinding'],
  ['getBuiltinModule', "process.getBuiltinModule('node:fs')"],
  ['mainModule', 'process.mainModule'],
  ['report', 'process.report'],
  ['execve', 'process.execve'],
  ['_debugProcess', 'process._debugProcess'],
  ['_rawDebug', "process._rawDebug('escaped')"],
  ['stdout.write', "process.stdout.write('escaped')"],
  ['stderr.write', "process.stderr.write('escaped')"],
  ['stdin.read', 'process.stdin.read()'],
  ['openStdin', 'process.openStdin'],
  ['chdir', 'process.chdir'],
  ['cwd', 'process.cwd()'],
  ['umask', 'process.umask'],
  ['setuid', 'process.setuid'],
  ['setgid', 'process.setgid'],
  ['setgroups', 'process.setgroups'],
  ['initgroups', 'process.initgroups'],
  ['title', "process.title = 'escaped'; return process.title === 'escaped' ? undefined : process.title"],
  ['pid', 'process.pid'],
  ['argv', 'process.argv'],
  ['execArgv', 'process.execArgv'],
  ['execPath', 'process.execPath'],
  ['loadEnvFile', 'process.loadEnvFile'],
  ['_getActiveHandles', 'process._getActiveHandles()'],
  ['setUncaughtExceptionCaptureCallback', 'process.setUncaughtExceptionCaptureCallback'],
  ['setSourceMapsEnabled', 'process.setSourceMapsEnabled'],
  ['_eval', 'process._eval'],
];

const byProcess = members.map(([member, call]): Row => [
  `process.${member}`,
  call.includes('return') ? call : `return ${call}`,
  'return typeof process.nextTick === "function" && Object.keys(process.env).length === 0',
]);

const globals = [
  'process',
  'require',
  'Buffer',
  'fetch',
  'WebSocket',
  'WebAssembly',
  'SharedArrayBuffer',
  'Atomics',
  'MessageChannel',
  'MessagePort',
  'BroadcastChannel',
  'Blob',
  'ReadableStream',
  'performance',
  'navigator',
  'crypto',
  'console',
  'global',
  'localStorage',
  'queueMicrotask',
  'structuredClone',
];

const byGlobal = globals.map((name): Row => [
  `the global ${name}`,
  `return globalThis.${name}`,
  'return typeof globalThis.Array === "function"',
]);

export const realmCases = escaped([
  ...byRequire,
  ...byProcess,
  ...byGlobal,
  ["import('node:fs')", "return import('node:fs')", 'return Promise.resolve(true)'],
  ["import('fs')", "return import('fs')", 'return Promise.resolve(true)'],
  ['import() of a data URL', "return import('data:text/javascript,export default 1')", 'return Promise.resolve(true)'],
  ['import() by the real eval', `return (0, eval)('import("node:fs")')`, "return (0, eval)('true')"],
  [
    'import() by the real eval, from a microtask',
    `return Promise.resolve('import("node:fs")').then(eval)`,
    "return Promise.resolve('true').then(eval)",
  ],
  ['import() by a made function', `return eval('(0, Function)')('return import("node:fs")')()`, "return eval('1 + 1') === 2"],
  [
    'the loader behind require',
    'return require.main ?? require.cache?.[Object.keys(require.cache)[0]]?.constructor._load("node:fs")',
    'return typeof require === "function"',
  ],
  [
    'the resolver behind require',
    'return require.cache && Object.values(require.cache)[0].require("node:fs")',
    'return typeof require === "function"',
  ],
  [
    'an extension of require, for addons',
    "return require.extensions['.node']({}, '/nonexistent.node')",
    'return typeof require === "function"',
  ],
  ['a file behind require', "return require('/etc/passwd')", 'return typeof require === "function"'],
  [
    'a listener for signals',
    "process.on('SIGTERM', () => undefined); process.on('SIGINT', () => undefined); return undefined",
    'return typeof process.on === "function"',
  ],
  [
    'a listener that swallows every error',
    "process.on('uncaughtException', () => undefined); process.on('unhandledRejection', () => undefined); return undefined",
    'return typeof process.on === "function"',
  ],
  [
    'an event of the process that is not there',
    "process.emit('exit', 0); process.emit('SIGINT'); return undefined",
    "return process.emit('nobody listens') === false",
  ],
  [
    'a warning, which Node would print',
    "process.emitWarning('escaped'); return undefined",
    'return typeof process.emitWarning === "function"',
  ],
  ['an exit code for the host', 'process.exitCode = 77; return undefined', 'return "exitCode" in process'],
  ['a variable for the environment of the host', "process.env.ESCAPED = '1'; return undefined", 'return process.env.PATH === undefined'],
]);
