import { Errors, Flags, type Interfaces } from '@oclif/core';
import type { ContributedCommand } from '#wiring/wiring.js';
import { absentValue, findValueFault, type FlagDefinition, type FlagValue, type FlagValues } from '#wiring/wiring.js';
import { escapeControls } from '#base/text.js';

export type FlagDefinitions = Readonly<Record<string, FlagDefinition>>;
type ArgumentDefinitions = NonNullable<ContributedCommand['description']['args']>;

/** What oclif knows of the flags of plugins: their names and letters, and what help says. What the values mean is read below. */
export function toOclifFlags(definitions: FlagDefinitions, helpGroup?: string): Interfaces.FlagInput {
  return Object.fromEntries(Object.entries(definitions).map(([name, definition]) => [name, toOclifFlag(definition, helpGroup)]));
}

function toOclifFlag(definition: FlagDefinition, helpGroup: string | undefined): Interfaces.FlagInput[string] {
  const { type, summary = '', short, required = false, options, env, hidden = false, placeholder, deprecated } = definition;
  const common = {
    summary: escapeControls(`${summary}${describeDeprecation(deprecated)}`),
    hidden,
    ...(short !== undefined && { char: short as 'a' }),
    ...(env !== undefined && { env: `BULKHEAD_${env}` }),
    ...(helpGroup !== undefined && { helpGroup }),
  };
  if (type === 'boolean') return Flags.boolean(common);
  const valued = {
    ...common,
    required,
    ...(options !== undefined && type === 'string' && { options }),
    helpValue: placeholder ?? helpValues[type],
  };
  return takesMany(definition) ? Flags.string({ ...valued, multiple: true, multipleNonGreedy: true }) : Flags.string(valued);
}

const helpValues = { string: 'VALUE', integer: 'N', list: 'A,B', map: 'K=V' } as const;

function takesMany({ type, repeated }: FlagDefinition): boolean {
  return type === 'list' || type === 'map' || repeated === true;
}

/** The same with the defaults, which help prints; they too are text of a plugin. */
export function toShownFlags(definitions: FlagDefinitions, helpGroup?: string): Interfaces.FlagInput {
  const flags = toOclifFlags(definitions, helpGroup);
  for (const [name, { type, default: otherwise }] of Object.entries(definitions)) {
    if (type !== 'boolean' && otherwise !== undefined)
      flags[name] = { ...flags[name], default: escapeControls(showValue(otherwise)) } as Interfaces.FlagInput[string];
  }
  return flags;
}

function showValue(value: FlagValue): string {
  if (typeof value !== 'object') return String(value);
  return Array.isArray(value)
    ? value.join(',')
    : Object.entries(value)
        .map(([key, one]) => `${key}=${one}`)
        .join(',');
}

export interface GivenFlags {
  /** With what is absent: defaults, false, empty lists and maps. */
  readonly values: FlagValues;
  /** Those that were given on the command line or in the environment. */
  readonly given: readonly string[];
  /** What to say of those that are deprecated. */
  readonly warnings: readonly string[];
}

interface Parsed {
  readonly flags: Readonly<Record<string, unknown>>;
  readonly metadata: { readonly flags: Readonly<Record<string, { readonly setFromDefault?: boolean | undefined } | undefined>> };
}

/** Reads the values of these flags out of what oclif parsed. Throws, as oclif does, where one is none of its flag. */
export function readFlags(definitions: FlagDefinitions, { flags, metadata }: Parsed): GivenFlags {
  const values: Record<string, FlagValue> = {};
  const given: string[] = [];
  const warnings: string[] = [];
  for (const [name, definition] of Object.entries(definitions)) {
    const typed = flags[name];
    const isGiven = typed !== undefined && metadata.flags[name]?.setFromDefault !== true;
    const value = isGiven ? readValue(name, definition, typed) : absentValue(definition);
    if (value !== undefined) values[name] = value;
    if (!isGiven) continue;
    given.push(name);
    const { deprecated } = definition;
    if (deprecated) warnings.push(`the flag --${name} is deprecated${typeof deprecated === 'string' ? `: ${deprecated}` : ''}`);
  }
  return { values, given, warnings };
}

/** One text from the environment, or one for each time that the flag was given. */
function readValue(name: string, definition: FlagDefinition, typed: unknown): FlagValue {
  if (definition.type === 'boolean') return typed === true;
  const words = Array.isArray(typed) ? typed.map(String) : takesMany(definition) ? splitList(String(typed)) : [String(typed)];
  const value = toValue(name, definition, words);
  const fault = findValueFault(definition, value);
  if (fault !== undefined) throw refuse(name, `${JSON.stringify(words.join(','))} ${fault}`);
  return value;
}

function toValue(name: string, { type, repeated }: FlagDefinition, words: readonly string[]): FlagValue {
  if (type === 'map') return toMap(name, words.flatMap(splitList));
  if (type === 'list') return words.flatMap(splitList);
  const each = type === 'integer' ? words.map((word) => toInteger(name, word)) : words;
  return repeated === true ? [...each] : (each[0] ?? '');
}

function splitList(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

function toInteger(name: string, word: string): number {
  if (!/^[+-]?\d+$/.test(word)) throw refuse(name, `${JSON.stringify(word)} is not an integer`);
  return Number(word);
}

function toMap(name: string, pairs: readonly string[]): Record<string, string> {
  const entries = pairs.map((pair): [string, string] => {
    const at = pair.indexOf('=');
    const key = pair.slice(0, Math.max(at, 0)).trim();
    if (key === '') throw refuse(name, `${JSON.stringify(pair)} is not KEY=VALUE`);
    if (['__proto__', 'constructor', 'prototype'].includes(key)) throw refuse(name, `${JSON.stringify(key)} cannot be a key`);
    return [key, pair.slice(at + 1).trim()];
  });
  return Object.fromEntries(entries);
}

function refuse(name: string, why: string): Error {
  return new Errors.CLIError(`Parsing --${name}: ${why}`);
}

function describeDeprecation(deprecated: FlagDefinition['deprecated']): string {
  if (deprecated === undefined || deprecated === false) return '';
  return deprecated === true ? ' (deprecated)' : ` (deprecated: ${deprecated})`;
}

/** Refuses too few, too many, and what is none of an argument's options. */
export function checkArguments(command: string, definitions: ArgumentDefinitions, args: readonly string[]): void {
  const missing = definitions.slice(args.length).find(({ required }) => required === true);
  if (missing !== undefined) throw new Errors.CLIError(`${command} needs the argument ${missing.name.toUpperCase()}`);
  const last = definitions.at(-1);
  if (args.length > definitions.length && last?.rest !== true) {
    const most = definitions.length === 0 ? 'no arguments' : `at most ${definitions.length} argument${definitions.length === 1 ? '' : 's'}`;
    throw new Errors.CLIError(`${command} takes ${most}, and got ${args.length}`);
  }
  for (const [index, value] of args.entries()) {
    const { name, options } = definitions[index] ?? last ?? { name: '', options: undefined };
    if (options !== undefined && !options.includes(value))
      throw new Errors.CLIError(`${command}: ${name.toUpperCase()} must be one of ${options.join(', ')}, and is ${JSON.stringify(value)}`);
  }
}

/** `FROM [TO] [NAMES...]`, as help shows it. */
export function describeArguments(definitions: ArgumentDefinitions): string {
  return definitions
    .map(({ name, required, rest }) => {
      const shown = `${name.toUpperCase()}${rest === true ? '...' : ''}`;
      return required === true ? shown : `[${shown}]`;
    })
    .join(' ');
}
