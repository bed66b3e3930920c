/** Values of which nobody thinks: what structured clone can carry, and what JavaScript can throw. */
import fc from 'fast-check';

/** How to make a value that fast-check must not look at itself, because it would fall over it, or never come back. */
export interface Recipe {
  readonly make: () => unknown;
  readonly [fc.toStringMethod]: () => string;
}

export function recipeOf(make: () => unknown, told: () => string = () => String(make)): Recipe {
  return { make, [fc.toStringMethod]: told };
}

export function ready(values: fc.Arbitrary<unknown>): fc.Arbitrary<Recipe> {
  return values.map((value) =>
    recipeOf(
      () => value,
      () => fc.stringify(value),
    ),
  );
}

/** Anything that `structuredClone` takes, also where plain data is expected. */
export function cloneable(): fc.Arbitrary<Recipe> {
  const odd = fc.constantFrom(...oddities).map((make) => recipeOf(make));
  const inside = fc.tuple(fc.jsonValue(), fc.constantFrom(...oddities)).map(([value, make]) =>
    recipeOf(
      () => [value, { inside: make() }],
      () => `[${fc.stringify(value)}, { inside: (${String(make)})() }]`,
    ),
  );
  return fc.oneof(
    { weight: 80, arbitrary: ready(anything()) },
    { weight: 10, arbitrary: odd },
    { weight: 10, arbitrary: inside },
    { weight: 1, arbitrary: fc.constantFrom(...heavy).map((make) => recipeOf(make)) },
  );
}

/** Plain data as the contract has it. */
export function plain(): fc.Arbitrary<unknown> {
  return fc.jsonValue({ maxDepth: 4 });
}

function anything(): fc.Arbitrary<unknown> {
  return fc.anything({
    key: fc.oneof(
      fc.string(),
      fc.constantFrom('__proto__', 'constructor', 'prototype', 'then', 'toString', 'toJSON', 'length', 'id', 'type'),
    ),
    maxDepth: 4,
    withBigInt: true,
    withDate: true,
    withMap: true,
    withSet: true,
    withBoxedValues: true,
    withTypedArray: true,
    withSparseArray: true,
  });
}

/** Small to send, and each of them bad for somebody who reads it without looking first. */
const oddities: readonly (() => unknown)[] = [
  () => 1n << (1n << 25n),
  () => new Array<unknown>(2 ** 32 - 1),
  () => nest(1_000),
  () => cyclic(),
  () => new SharedArrayBuffer(8),
  () => new ArrayBuffer(8),
  () => new Date(NaN),
  () => /(a+)+$/,
  () => Object.assign(new Error('message'), { code: 'EACCES' }),
  () => ({ ['k'.repeat(2_000_000)]: 1 }),
  () => new Map([['__proto__', { polluted: true }]]),
  () => JSON.parse('{"__proto__": {"polluted": true}, "constructor": {"prototype": {"polluted": true}}}') as unknown,
];

/** The same, and slow to copy: now and then. */
const heavy: readonly (() => unknown)[] = [
  () => 'x'.repeat(20_000_000),
  () => Object.fromEntries(Array.from({ length: 120_000 }, (_, index) => [`k${index}`, index])),
];

function nest(depth: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < depth; level++) value = level % 2 === 0 ? [value] : { value };
  return value;
}

function cyclic(): unknown {
  const value: Record<string, unknown> = {};
  value['self'] = [value];
  return value;
}

/** Anything at all: what clones, and what lives in one realm only. */
export function thrown(): fc.Arbitrary<Recipe> {
  const live = fc.constantFrom(...living).map((make) => recipeOf(make));
  return fc.oneof(ready(anything()), live, strangeError(), ready(nastyText()), ready(nastyText().map((text) => new Error(text))));
}

/** An Error whose properties are anything, or getters that throw anything. */
function strangeError(): fc.Arbitrary<Recipe> {
  const value = fc.oneof(
    ready(fc.anything()),
    ready(nastyText()),
    fc.constantFrom(...living).map((make) => recipeOf(make)),
  );
  const property = fc.record({ value, throws: fc.boolean() });
  return fc.dictionary(fc.constantFrom('name', 'message', 'stack', 'code', 'cause'), property).map((properties) =>
    recipeOf(
      () => {
        const error = new Error('plain');
        // The stack first: V8 makes its text when it is first touched, and reads name and message for that.
        for (const key of ['stack', 'name', 'message', 'code', 'cause']) {
          const told = properties[key];
          if (told !== undefined) Object.defineProperty(error, key, describeProperty(told.value, told.throws));
        }
        return error;
      },
      () => `an Error with ${fc.stringify(properties)}`,
    ),
  );
}

function describeProperty(held: Recipe, throws: boolean): PropertyDescriptor {
  if (!throws) return { value: held.make() };
  return {
    get() {
      throw held.make();
    },
  };
}

function revoked(target: object): unknown {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
}

/** Each trap throws another thing. */
function trapped(target: object): unknown {
  const trap = (): never => {
    throw Object.create(null) as Error;
  };
  return new Proxy(target, { get: trap, has: trap, getPrototypeOf: trap, ownKeys: trap, getOwnPropertyDescriptor: trap });
}

const living: readonly (() => unknown)[] = [
  () => revoked({}),
  () => revoked(new Error('revoked')),
  () => trapped({}),
  () => trapped(new Error('trapped')),
  () => Object.create(null) as unknown,
  () => Object.create(Error.prototype) as unknown,
  () => ({ toString: () => ({}), valueOf: () => ({}) }),
  () => Object.assign(new Error('toString'), { toString: null }),
  () => Symbol('thrown'),
  () => () => 'function',
  () => class Thrown {},
  () => new Error('x'.repeat(1_000_000)),
  () =>
    new AggregateError(
      Array.from({ length: 1000 }, () => new Error('one')),
      'many',
    ),
  () => Object.freeze(new TypeError('frozen')),
  () => Promise.resolve(1),
  () => 1n << 4000n,
];

/** What a terminal would act on, between what it would not. */
export function nastyText(): fc.Arbitrary<string> {
  const sequences = [
    '\u001b[2J',
    '\u001b]52;c;ZXZpbA==\u0007',
    '\u009b31m',
    '\r',
    '\n',
    '\t',
    '\b',
    '\u0000',
    '\u007f',
    '\u0085',
    '\u009d',
  ];
  const directions = ['\u061c', '\u200e', '\u200f', '\u202a', '\u202e', '\u2066', '\u2069', '\u2028', '\u2029', '\ufeff'];
  const part = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom(...sequences, ...directions),
    fc.constantFrom('FATAL:   ', '%s', '${x}', '<%= 7*6 %>'),
  );
  return fc.array(part, { maxLength: 12 }).map((parts) => parts.join(''));
}
