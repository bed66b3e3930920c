/**
 * Disarms the worker's own realm, before any code of a plugin is there. Should foreign code ever get out of its compartment,
 * it finds a realm without a way to Node: no signals, no native code, no inspector, no module, no uninitialised memory.
 *
 *   globalThis   keeps the language and what SES and comlink use; fetch, Buffer, process, WebAssembly, … go
 *   process      keeps what Node itself reads of it, all of which is data or harmless; kill, dlopen, binding, report, … go
 *   modules      require, also one that was kept, and import() refuse
 *
 * Lists of what stays, not of what goes: what a newer Node adds goes too. What was captured before, by Node, piscina and this
 * bundle, goes on to work. Permissions (src/host/guest-file.ts) are the wall behind this one.
 */
import Module from 'node:module';
import process from 'node:process';
import { languageNames } from './realm.js';

/** The language, SES's own, and what comlink looks up when it is used. */
const globalsKept: ReadonlySet<PropertyKey> = new Set([
  ...languageNames,
  ...['Compartment', 'harden', 'getStackString', 'WeakRef', 'FinalizationRegistry'],
]);

/**
 * What Node calls or reads by itself: the microtask and tick queues, events, warnings, the way a thread dies of an error. `exit`
 * and `reallyExit` end this one thread, which the host sees as a crash. `env` is empty.
 */
const processKept: ReadonlySet<PropertyKey> = new Set([
  ...[
    '_events',
    '_eventsCount',
    '_maxListeners',
    '_exiting',
    '_fatalException',
    '_tickCallback',
    'domain',
    'exitCode',
    'exit',
    'reallyExit',
  ],
  ...['nextTick', 'emitWarning', 'env', 'version', 'versions', 'release', 'platform', 'arch', 'features'],
]);

/** What the module `node:module` offers from Node 22.15 on, and @types/node of 20 does not know. */
interface ModuleHooks {
  registerHooks?(hooks: { resolve(specifier: string): never }): unknown;
}
interface ModuleLoader extends ModuleHooks {
  _load: unknown;
  readonly prototype: { require: unknown };
}

/** Disarms this realm; cannot be undone. The guest's bundle and piscina must have been loaded. */
export function disarmRealm(): void {
  const loader = Module as unknown as ModuleLoader;
  loader._load = refuse;
  loader.prototype.require = refuse;
  loader.registerHooks?.({ resolve: refuse });
  keepOnly(process, processKept);
  for (const name of ['stdin', 'stdout', 'stderr']) Object.defineProperty(process, name, { value: deadStream });
  keepOnly(globalThis, globalsKept);
}

/** Node calls a method of the streams, by a symbol of its own, when the host's side is ready to read; it must find one. */
const deadStream: object = harden(new Proxy(Object.create(null) as object, { get: () => () => undefined }));

function keepOnly(object: object, kept: ReadonlySet<PropertyKey>): void {
  for (const key of Reflect.ownKeys(object)) {
    if (typeof key === 'string' && !kept.has(key)) Reflect.deleteProperty(object, key);
  }
}

function refuse(): never {
  throw new TypeError('There are no modules in a compartment');
}
