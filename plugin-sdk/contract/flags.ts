/** Arguments and flags as a plugin declares them, and the values that they have once a command line has been parsed. */
import * as v from 'valibot';
import { argument, shortText } from './shapes.js';

const integer = v.pipe(v.number(), v.safeInteger());
const optionText = v.pipe(v.string(), v.maxLength(4096), v.regex(/^[^\0]*$/, 'must not contain NUL'));
const mapKey = v.pipe(v.string(), v.minLength(1), v.maxLength(256), v.regex(/^[^\0=]+$/, 'must not contain "=" or NUL'));

export const flagName = v.pipe(
  v.string(),
  v.maxLength(64),
  v.regex(
    /^(?!(?:debug|quiet|plugin-dir|help|json|version)$)[a-z][a-z0-9-]*$/,
    'must be lower-case letters, digits and "-", and none of the flags that bulkhead has itself',
  ),
);

/** A value that can be typed in any shell as it is: completion offers it. */
const choices = v.pipe(
  v.array(v.pipe(v.string(), v.regex(/^[A-Za-z0-9][A-Za-z0-9._:@%+=\/-]{0,63}$/, 'must be letters, digits and . _ : @ % + = / -'))),
  v.minLength(1),
  v.maxLength(64),
);

export const flagDefinition = v.strictObject({
  /**
   * boolean  `--all`
   * string   `--name VALUE`; with `repeated`, each occurrence is one value
   * integer  `--depth 3`; with `repeated`, each occurrence is one value
   * list     `--tag a,b --tag c` is a, b, c
   * map      `--label k=v,l=w --label m=x` is { k: 'v', l: 'w', m: 'x' }
   */
  type: v.picklist(['boolean', 'string', 'integer', 'list', 'map']),
  summary: v.optional(shortText),
  /** One letter, for `-a`. */
  short: v.optional(v.pipe(v.string(), v.regex(/^(?![dqh])[A-Za-z]$/, 'must be one letter, and not d, q or h, which bulkhead has itself'))),
  /** What help calls the value: `DIR`. */
  placeholder: v.optional(v.pipe(v.string(), v.regex(/^[A-Z][A-Z0-9_-]{0,31}$/, 'must be capitals, digits, "_" and "-"'))),
  required: v.optional(v.boolean()),
  default: v.optional(
    v.union([
      v.boolean(),
      optionText,
      integer,
      v.pipe(v.array(v.union([optionText, integer])), v.maxLength(64)),
      v.pipe(v.record(mapKey, optionText), v.maxEntries(64)),
    ]),
  ),
  /** The only values that a string, or one of a list, may have. */
  options: v.optional(choices),
  repeated: v.optional(v.boolean()),
  /** Of an integer. */
  min: v.optional(integer),
  max: v.optional(integer),
  /** `SCRATCH_DIR` takes the value from BULKHEAD_SCRATCH_DIR where the flag is not given. */
  env: v.optional(v.pipe(v.string(), v.regex(/^[A-Z][A-Z0-9_]{0,63}$/, 'must be capitals, digits and "_"; BULKHEAD_ stands before it'))),
  /** Not in help, nor in completion. */
  hidden: v.optional(v.boolean()),
  /** True, or what to do instead: whoever gives the flag is told. */
  deprecated: v.optional(v.union([v.boolean(), shortText])),
});
export type FlagDefinition = v.InferOutput<typeof flagDefinition>;

export const flagDefinitions = v.pipe(v.record(flagName, flagDefinition), v.maxEntries(64));

/** An argument by its place. One that may be left out comes after those that may not, one that takes the rest comes last. */
export const argumentDefinition = v.strictObject({
  /** As help shows it, in capitals. */
  name: v.pipe(v.string(), v.maxLength(64), v.regex(/^[a-z][a-z0-9-]*$/, 'must be lower-case letters, digits and "-"')),
  summary: v.optional(shortText),
  required: v.optional(v.boolean()),
  /** All arguments from here on; with `required`, at least one. */
  rest: v.optional(v.boolean()),
  /** The only values that it may have. */
  options: v.optional(choices),
});
export type ArgumentDefinition = v.InferOutput<typeof argumentDefinition>;

/** By the type of the flag: true, 'a', 3, ['a', 'b'], [1, 2], { k: 'v' }. */
export const flagValue = v.union([
  v.boolean(),
  argument,
  integer,
  v.pipe(v.array(v.union([argument, integer])), v.maxLength(1024)),
  v.pipe(v.record(mapKey, argument), v.maxEntries(1024)),
]);
export type FlagValue = v.InferOutput<typeof flagValue>;

export const flagValues = v.pipe(v.record(flagName, flagValue), v.maxEntries(256));
export type FlagValues = v.InferOutput<typeof flagValues>;

/** What a flag is when nobody gives it: the default, or what is empty of its type; absent for a single string or integer. */
export function absentValue({ type, repeated, default: otherwise }: FlagDefinition): FlagValue | undefined {
  if (otherwise !== undefined) return otherwise;
  if (type === 'boolean') return false;
  if (type === 'map') return {};
  return type === 'list' || repeated === true ? [] : undefined;
}

/** Of all flags, what nobody has given. */
export function absentValues(definitions: Readonly<Record<string, FlagDefinition>> = {}): FlagValues {
  const values = Object.entries(definitions).map(([name, definition]) => [name, absentValue(definition)] as const);
  return Object.fromEntries(values.filter(([, value]) => value !== undefined)) as FlagValues;
}
