import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { checkManifest, type Manifest } from '#package/package.js';
import { buildManifest } from './builder.js';

type Flags = NonNullable<Manifest['commands'][string]['flags']>;
type Arguments = NonNullable<Manifest['commands'][string]['args']>;

describe('the command line that a manifest declares', () => {
  const check = (changes: Partial<Manifest>) => checkManifest(buildManifest(changes), 'x.sif');
  const withFlags = (flags: Flags) => check({ commands: { scratch: { summary: '', flags } } });
  const withArguments = (args: Arguments) => check({ commands: { scratch: { summary: '', args } } });

  it('may have flags of all types', () => {
    withFlags({
      a: { type: 'boolean', default: true },
      b: { type: 'string', default: 'x', options: ['x', 'y'] },
      c: { type: 'integer', default: -3, min: -3, max: -3 },
      d: { type: 'list', default: ['x'], options: ['x'] },
      e: { type: 'map', default: { k: 'v' } },
      f: { type: 'integer', repeated: true, default: [1, 2] },
      g: { type: 'string', required: true },
    });
  });

  const wrong: [string, Flags, RegExp][] = [
    ['a default of another type', { a: { type: 'integer', default: 'x' } }, /--a: the default is not an integer/],
    ['a default that is not an option', { a: { type: 'string', default: 'z', options: ['x'] } }, /--a: the default is none of x/],
    ['a default out of range', { a: { type: 'integer', default: 3, max: 2 } }, /--a: the default is above 2/],
    ['a single default where it is repeated', { a: { type: 'string', repeated: true, default: 'x' } }, /--a: the default is not a list/],
    ['a list as the default of a map', { a: { type: 'map', default: ['x'] } }, /--a: the default is not a map/],
    ['options of an integer', { a: { type: 'integer', options: ['1'] } }, /--a: a flag of type integer has no options/],
    ['a repeated boolean', { a: { type: 'boolean', repeated: true } }, /--a: a flag of type boolean is not repeated/],
    ['a range of texts', { a: { type: 'string', min: 1 } }, /--a: a flag of type string has no min and max/],
    ['a range without numbers', { a: { type: 'integer', min: 2, max: 1 } }, /--a: min is above max/],
    ['a required boolean', { a: { type: 'boolean', required: true } }, /--a: a boolean cannot be required/],
    ['a required flag with a default', { a: { type: 'string', required: true, default: 'x' } }, /--a: it is required and has a default/],
    ['one letter for two flags', { a: { type: 'boolean', short: 'x' }, b: { type: 'boolean', short: 'x' } }, /--b has the letter -x/],
    [
      'one variable for two flags',
      { a: { type: 'string', env: 'X' }, b: { type: 'string', env: 'X' } },
      /--b has the environment variable BULKHEAD_X/,
    ],
    ['a type that there is not', { a: { type: 'date' as 'string' } }, /commands\.scratch\.flags\.a\.type/],
    ['an option that a shell would read', { a: { type: 'string', options: ['$(reboot)'] } }, /commands\.scratch\.flags\.a\.options/],
    ['a name that bulkhead has', { debug: { type: 'boolean' } }, /commands\.scratch\.flags\.debug/],
  ];
  for (const [title, flags, message] of wrong) {
    it(`has not ${title}${title.includes('type that there is not') ? ' (apptainer 61)' : ''}`, () => {
      assert.throws(() => withFlags(flags), { code: 'MANIFEST_INVALID', message });
    });
  }

  const misplaced: [string, Arguments, RegExp][] = [
    ['two arguments of one name', [{ name: 'a' }, { name: 'a' }], /there are two arguments "a"/],
    ['a required one after one that is not', [{ name: 'a' }, { name: 'b', required: true }], /"b" is required after one that is not/],
    ['something after the rest', [{ name: 'a', rest: true }, { name: 'b' }], /"a" takes the rest and is not the last/],
  ];
  for (const [title, args, message] of misplaced) {
    it(`has not ${title}`, () => assert.throws(() => withArguments(args), { code: 'MANIFEST_INVALID', message }));
  }

  it('has no names that begin one another, aliases included', () => {
    assert.throws(() => check({ commands: { a: { summary: '' }, 'a b': { summary: '' } } }), /"a" and "a b" overlap/);
    assert.throws(() => check({ commands: { a: { summary: '', aliases: ['b'] }, 'b c': { summary: '' } } }), /"b" and "b c" overlap/);
    check({ commands: { 'a b': { summary: '', aliases: ['a d'] }, 'a c': { summary: '' } } });
  });

  it('adds flags and hooks to commands only where a callback sees them', () => {
    const flags = { run: { a: { type: 'boolean' as const } } };
    assert.throws(() => check({ flags, callbacks: ['postStartProcess'] }), /no callback that could see them/);
    assert.throws(() => check({ hooks: ['run'], callbacks: ['engineConfig'] }), /hooks: there are some/);
    check({ flags, callbacks: ['engineConfig'] });
    check({ flags, hooks: ['run'], callbacks: ['afterCommand'] });
  });
});
