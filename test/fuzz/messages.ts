/** Messages of the border: right ones, nearly right ones, and what is right, said once more and independently of the gate. */
import fc from 'fast-check';
import type { Port } from '#wire/wire.js';
import { cloneable, nastyText, plain, ready, type Recipe } from './values.js';

export interface TestPort extends Port {
  /** What the other side would have received, oldest first. */
  readonly sent: unknown[];
  /** As if the other side had posted it. Throws what a listener throws, which would end the host. */
  deliver(message: unknown): void;
}

/** A port whose other end is the test: same copies as between threads, and at once. */
export function openTestPort(): TestPort {
  const listeners = new Set<(message: unknown) => void>();
  const sent: unknown[] = [];
  return {
    sent,
    postMessage: (message) => void sent.push(structuredClone(message)),
    on: (event, listener) => (event === 'message' ? listeners.add(listener) : undefined),
    off: (_event, listener) => listeners.delete(listener),
    deliver(message) {
      const copy: unknown = structuredClone(message);
      for (const listener of [...listeners]) listener(copy);
    },
  };
}

export const raw = (value: unknown): unknown => ({ type: 'RAW', value });
export const callOf = (id: unknown, name: unknown, argument: unknown): unknown => ({
  id,
  type: 'APPLY',
  path: [name],
  argumentList: [raw(argument)],
});
export const answerOf = (id: unknown, reply: unknown): unknown => ({ id, type: 'RAW', value: reply });

export function reply(): fc.Arbitrary<unknown> {
  const code = fc.constantFrom('PLUGIN_THREW', 'X', 'NOT_PLAIN_DATA');
  return fc.oneof(
    plain().map((value) => ({ ok: true, value })),
    fc.record({ code, name: fc.string(), message: fc.string() }).map((fault) => ({ ok: false, fault })),
  );
}

/** One change somewhere in a message. */
export interface Change {
  /** Which way down: at each level the n-th member, as long as there is one. */
  readonly way: readonly number[];
  readonly act: 'replace' | 'remove' | 'add' | 'rename' | 'double';
  readonly key: string;
  readonly value: Recipe;
}

export function change(): fc.Arbitrary<Change> {
  return changeWith(cloneable(), ['id', 'type', 'path', 'value', 'ok', 'fault', 'argumentList']);
}

/** The same in a value that is JSON and stays it. */
export function jsonChange(): fc.Arbitrary<Change> {
  const value = fc.oneof(fc.jsonValue(), nastyText(), fc.constantFrom('x'.repeat(100_000), 1e308, -1, '2.0.0', 'a/../b', ''));
  return changeWith(ready(value), ['name', 'version', 'contract', 'callbacks', 'permissions', 'commands', 'flags', 'short']);
}

function changeWith(value: fc.Arbitrary<Recipe>, keys: readonly string[]): fc.Arbitrary<Change> {
  return fc.record({
    way: fc.array(fc.nat({ max: 5 }), { maxLength: 5 }),
    act: fc.constantFrom('replace', 'remove', 'add', 'rename', 'double'),
    key: fc.oneof(fc.constantFrom(...keys, '__proto__', 'constructor', 'then', ''), fc.string()),
    value,
  });
}

/** A copy of the message with the change. */
export function applyChange(message: unknown, { way, act, key, value }: Change): unknown {
  const [step, ...rest] = way;
  if (typeof message !== 'object' || message === null) return act === 'replace' ? value.make() : message;
  const entries: [string, unknown][] = Object.entries(message);
  const at = step === undefined || entries.length === 0 ? undefined : step % entries.length;
  const changed = at === undefined ? changeHere(entries, { act, key, value }) : changeBelow(entries, at, { way: rest, act, key, value });
  if (changed === undefined) return value.make();
  return Array.isArray(message) ? changed.map(([, member]) => member) : assemble(changed);
}

function changeHere(entries: readonly [string, unknown][], { act, key, value }: Omit<Change, 'way'>): [string, unknown][] | undefined {
  const [first, ...others] = entries;
  switch (act) {
    case 'replace':
      return undefined;
    case 'remove':
      return others;
    case 'add':
      return [...entries, [key, value.make()]];
    case 'rename':
      return first === undefined ? [] : [[key, first[1]], ...others];
    case 'double':
      return [...entries, ...entries.map(([name, member]): [string, unknown] => [`${name}2`, member])];
  }
}

function changeBelow(entries: readonly [string, unknown][], at: number, below: Change): [string, unknown][] {
  return entries.map(([name, member], index) => [name, index === at ? applyChange(member, below) : member]);
}

/** `__proto__` becomes a key of its own, as `JSON.parse` and structured clone make it. */
function assemble(entries: readonly [string, unknown][]): object {
  const object = {};
  for (const [key, value] of entries) Object.defineProperty(object, key, { value, enumerable: true, writable: true, configurable: true });
  return object;
}

export function isRightCall(message: unknown, names: readonly string[]): boolean {
  return (
    hasExactly(message, ['id', 'type', 'path', 'argumentList']) &&
    isId(message['id']) &&
    message['type'] === 'APPLY' &&
    isList(message['path'], 1) &&
    names.includes(message['path'][0] as string) &&
    isList(message['argumentList'], 1) &&
    hasExactly(message['argumentList'][0], ['type', 'value']) &&
    message['argumentList'][0]['type'] === 'RAW' &&
    isPlain(message['argumentList'][0]['value'])
  );
}

export function isRightAnswer(message: unknown): boolean {
  return hasExactly(message, ['id', 'type', 'value']) && isId(message['id']) && message['type'] === 'RAW' && isReply(message['value']);
}

function isReply(value: unknown): boolean {
  if (hasExactly(value, ['ok', 'value'])) return value['ok'] === true && isPlain(value['value']);
  if (!hasExactly(value, ['ok', 'fault']) || value['ok'] !== false) return false;
  const { fault } = value;
  if (!hasExactly(fault, ['code', 'name', 'message']) && !hasExactly(fault, ['code', 'name', 'message', 'stack'])) return false;
  const { code, name, message, stack = '' } = fault;
  return (
    typeof code === 'string' &&
    /^[A-Z][A-Z0-9_]{0,63}$/.test(code) &&
    isText(name, 128) &&
    isText(message, 4096) &&
    (isText(stack, 16384) || !('stack' in fault))
  );
}

function isText(value: unknown, lengthMax: number): boolean {
  return typeof value === 'string' && value.length <= lengthMax;
}

function isId(value: unknown): boolean {
  return isText(value, 64) && value !== '';
}

function isList(value: unknown, length: number): value is readonly unknown[] {
  return Array.isArray(value) && value.length === length && 0 in value;
}

function hasExactly(value: unknown, keys: readonly string[]): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return false;
  const own = Reflect.ownKeys(value);
  return own.length === keys.length && keys.every((key) => own.includes(key));
}

/** What is near a bound has tests of its own; here everything is either far below it or far above. */
export function isPlain(value: unknown, depth = 0): boolean {
  if (value === null || ['undefined', 'boolean', 'number'].includes(typeof value)) return true;
  if (typeof value === 'string') return value.length < 10_000_000;
  if (typeof value !== 'object' || depth > 20) return false;
  if (Array.isArray(value)) return value.length < 10_000 && value.every((member) => isPlain(member, depth + 1));
  if (Object.getPrototypeOf(value) !== Object.prototype) return false;
  const entries: [string, unknown][] = Object.entries(value);
  return entries.length < 10_000 && entries.every(([key, member]) => key.length < 10_000_000 && isPlain(member, depth + 1));
}
