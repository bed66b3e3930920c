/** From what a driver answered to the words that are run: placeholders are replaced here, inside words, and nothing is ever split. */
import { imageDriverInvalid } from '../errors.js';
import type { DriverProgram } from '../shapes.js';

/** A program that is to be started in the session, and what must then be there. */
export interface SessionProgram {
  /** For errors: the image, or the overlay of a place in the container. */
  readonly what: string;
  readonly words: readonly string[];
  /** Absolute: where its mount must appear. */
  readonly target: string;
  readonly readyMs: number;
}

const READY_MS = 10_000;
const PLACEHOLDER = /\{([a-z]+)\}/g;

export interface ProgramPlace {
  readonly what: string;
  readonly target: string;
  /** Of the other placeholders, those that mean something here. */
  readonly values: Readonly<Record<string, string>>;
}

export function composeProgram(
  { program, args, readyMs = READY_MS }: DriverProgram,
  { what, target, values }: ProgramPlace,
): SessionProgram {
  const known: Readonly<Record<string, string>> = { ...values, target };
  const words = args.map((argument) =>
    argument.replaceAll(PLACEHOLDER, (placeholder, name: string) => {
      const value = Object.hasOwn(known, name) ? known[name] : undefined;
      if (value === undefined) throw imageDriverInvalid(what, `${placeholder} means nothing here; there is ${listNames(known)}`);
      return value;
    }),
  );
  if (!args.some((argument) => argument.includes('{target}'))) throw imageDriverInvalid(what, 'its arguments lack {target}');
  return { what, words: [program, ...words], target, readyMs };
}

function listNames(known: Readonly<Record<string, string>>): string {
  return Object.keys(known)
    .map((name) => `{${name}}`)
    .join(' ');
}
