/** Bundles as commands. What follows the name is the program's own, also `--help`: neither oclif nor anything of ours reads it. */
import { openLog } from '#base/log.js';
import { findNearest } from '#base/nearest.js';
import { escapeControls } from '#base/text.js';
import { openProduct, type Product } from '#wiring/wiring.js';
import { splitLine, UnknownCommand, pluginDirectoriesOf } from './arguments.js';
import { openEarly } from './contributed.js';
import { endBySignal } from './end-by-signal.js';

/** Nobody mistypes a longer one, and comparing takes time in the product of both lengths. */
const WORD_LENGTH_MAX = 64;

/**
 * Runs the bundle that was typed, and sets the exit code; answers whether there was one. Built-in commands and those of plugins go
 * first: `ids` are theirs, as `plugin:list`.
 */
export async function runBundle(argv: readonly string[], ids: readonly string[]): Promise<boolean> {
  const { early, first, rest } = splitLine(argv);
  if (first === undefined || first.startsWith('-') || isCommand(first, ids)) return false;
  const product = openFor(early);
  if (first === 'help') return describeOne(product, rest[0], ids);
  const outcome = await product.bundles.run(first, rest);
  if (outcome === undefined) return false;
  process.exitCode = outcome.exitCode;
  if (outcome.signal !== undefined) endBySignal(outcome.signal);
  return true;
}

/** `help NAME` is answered here, for help runs nothing of a plugin; `NAME --help` asks the program. */
async function describeOne(product: Product, name: string | undefined, ids: readonly string[]): Promise<boolean> {
  if (name === undefined || isCommand(name, ids)) return false;
  const command = (await product.bundles.commands()).find((one) => one.name === name);
  if (command === undefined) return false;
  const { abstract, directory } = command;
  const lines = [
    abstract,
    '',
    'USAGE',
    `  $ bulkhead ${name} ...`,
    '',
    'DESCRIPTION',
    `  A program of the bundle in ${directory}.`,
    `  What it takes, it says itself: bulkhead ${name} --help`,
  ];
  process.stdout.write(`${escapeControls(lines.join('\n'))}\n`);
  return true;
}

/** What stands below the commands in the list of all; nothing where there are no bundles. */
export async function describeBundles(argv: readonly string[]): Promise<string> {
  const commands = await openEarly(argv).bundles.commands();
  if (commands.length === 0) return '';
  const width = Math.max(...commands.map(({ name }) => name.length));
  const lines = commands.map(({ name, abstract }) =>
    `  ${name.padEnd(width)}  ${escapeControls(abstract).replaceAll('\n', ' ')}`.trimEnd(),
  );
  return ['COMMANDS OF BUNDLES', ...lines, '', ''].join('\n');
}

/** Adds to an unknown command what may have been meant: a built-in one, one of a plugin, or a bundle. */
export async function suggestCommand(error: unknown, argv: readonly string[], ids: readonly string[]): Promise<unknown> {
  if (!(error instanceof UnknownCommand)) return error;
  const { before, word } = error;
  if (word.length > WORD_LENGTH_MAX) return error;
  const next = ids
    .map((id) => id.split(':'))
    .flatMap((id) => (before.every((one, index) => id[index] === one) ? (id[before.length] ?? []) : []));
  const bundles = before.length > 0 ? [] : (await openEarly(argv).bundles.commands()).map(({ name }) => name);
  return new UnknownCommand(before, word, findNearest(word, [...next, ...bundles]));
}

function isCommand(word: string, ids: readonly string[]): boolean {
  return ids.some((id) => id === word || id.startsWith(`${word}:`));
}

/** For the flags before the name alone; the others are the program's. */
function openFor(early: readonly string[]): Product {
  const has = (name: string, letter: string): boolean =>
    early.some((word) => word === `--${name}` || (/^-[a-z]+$/.test(word) && word.includes(letter)));
  const quiet = has('quiet', 'q');
  return openProduct({
    log: openLog({ debug: has('debug', 'd') && !quiet, quiet, write: (line) => process.stderr.write(line) }),
    print: (text) => process.stdout.write(text),
    env: process.env,
    uid: process.geteuid?.() ?? -1,
    builtinFlags: {},
    pluginDirectories: pluginDirectoriesOf(early),
  });
}
