/** The types that a command line has by its definition. */
import type { ArgumentDefinition, FlagDefinition } from './contract/flags.js';

/** Flag by flag; none for what is not a record of definitions. */
export type FlagValuesOf<F> =
  F extends Readonly<Record<string, FlagDefinition>>
    ? { readonly [Name in keyof F]: FlagValueOf<F[Name]> }
    : Readonly<Record<never, never>>;

/** Booleans, lists, maps and what is repeated are always there; others where they are required or have a default. */
type FlagValueOf<F extends FlagDefinition> = F['type'] extends 'boolean'
  ? boolean
  : F['type'] extends 'map'
    ? Readonly<Record<string, string>>
    : IsMany<F> extends true
      ? readonly One<F>[]
      : IsGiven<F> extends true
        ? One<F>
        : One<F> | undefined;
type One<F extends FlagDefinition> = F['type'] extends 'integer' ? number : Choice<F['options']>;
type IsMany<F extends FlagDefinition> = F['type'] extends 'list' ? true : F['repeated'] extends true ? true : false;
// Asked of each property alone: TypeScript 5 holds an object literal against `{ required: true }` with its excess properties.
type IsGiven<F extends FlagDefinition> = F['required'] extends true ? true : F['default'] extends string | number ? true : false;
type Choice<Options> = Options extends readonly (infer Option extends string)[] ? Option : string;

/** A tuple: what is required is there, what is not may be left out, `rest` takes the others. None where the command declares none. */
export type ArgumentValues<A> = A extends readonly [infer First extends ArgumentDefinition, ...infer Others]
  ? readonly [...ArgumentValue<First>, ...ArgumentValues<Others>]
  : A extends readonly []
    ? readonly []
    : A extends readonly ArgumentDefinition[]
      ? readonly string[]
      : readonly [];
type ArgumentValue<A extends ArgumentDefinition> = A['rest'] extends true
  ? A['required'] extends true
    ? readonly [Choice<A['options']>, ...Choice<A['options']>[]]
    : readonly Choice<A['options']>[]
  : A['required'] extends true
    ? readonly [Choice<A['options']>]
    : readonly [Choice<A['options']>?];
