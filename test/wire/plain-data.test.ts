import assert from 'node:assert/strict';
import { findNotPlain, plainDataLimits } from '#wire/plain-data.js';

const { depthMax, countMax, charactersMax } = plainDataLimits;

describe('plain data', () => {
  const nest = (levels: number): unknown => {
    let value: unknown = 1;
    for (let level = 0; level < levels; level++) value = level % 2 === 0 ? [value] : { value };
    return value;
  };
  const shared = 'x'.repeat(1024);
  const texts = (characters: number): string[] => [
    ...Array<string>(Math.floor(characters / 1024)).fill(shared),
    'x'.repeat(characters % 1024),
  ];

  for (const [bound, at, over] of [
    ['levels', nest(depthMax), nest(depthMax + 1)],
    // The array counts too.
    ['values', Array(countMax - 1).fill(0), Array(countMax).fill(0)],
    ['values in an array of holes', { a: [] }, { a: new Array<unknown>(countMax + 1) }],
    ['characters', texts(charactersMax), texts(charactersMax + 1)],
    ['characters, of which some are keys', { [shared]: texts(charactersMax - 1024) }, { [shared]: texts(charactersMax - 1023) }],
  ] as const) {
    it(`passes at its bound of ${bound} and not over it`, () => {
      assert.equal(findNotPlain(at), undefined);
      assert.match(findNotPlain(over) ?? '', /^(?:nested )?more than \d+/);
    });
  }

  it('is null, undefined, booleans, numbers, text, arrays and objects, with or without a prototype', () => {
    const value = { a: [null, undefined, true, -0, NaN, 'text'], b: Object.assign(Object.create(null) as object, { c: {} }) };
    assert.equal(findNotPlain(value), undefined);
  });

  for (const value of [
    1n,
    Symbol('a'),
    () => 1,
    new Date(0),
    new Map(),
    new Set(),
    /a/,
    new Error('a'),
    new Uint8Array(1),
    Object(1) as object,
    new (class {})(),
  ])
    it(`is not ${Object.prototype.toString.call(value)} of ${typeof value}, also not far inside`, () => {
      assert.ok(findNotPlain(value));
      assert.ok(findNotPlain({ a: [{ b: value }] }));
    });
});
