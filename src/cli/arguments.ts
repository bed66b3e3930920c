import { Errors } from '@oclif/core';

/** What oclif's manifest says of a flag. */
type KnownFlags = Readonly<
  Record<string, { readonly type: string; readonly char?: string | undefined; readonly aliases?: readonly string[] | undefined }>
>;

/** Flags that every command has may also stand before the command; those with a value take the next word. */
const globalFlags: KnownFlags = {
  debug: { type: 'boolean', char: 'd' },
  quiet: { type: 'boolean', char: 'q' },
  'plugin-dir': { type: 'option' },
};

/**
 * Brings a command line into the order that oclif understands:
 *
 *   -d run IMAGE sh -c …   ->   run -d IMAGE -- sh -c …
 *   help run               ->   run --help
 *   plugins help list      ->   plugin list --help
 *
 * In `run [flags] IMAGE [COMMAND...]` the flags end at the image, and in `exec` at the container, as with every container tool: what follows belongs to the
 * command, even `--help`. oclif looks for flags everywhere before a `--`, so one is put behind the image.
 */
export function arrangeArguments(argv: readonly string[], runFlags: KnownFlags, execFlags: KnownFlags = {}): string[] {
  const count = countFlagWords(argv, globalFlags);
  const [typed, ...rest] = argv.slice(count);
  if (typed === undefined) return [...argv];
  const command = typed === 'plugins' ? 'plugin' : typed;
  if (command === 'help') return [...rest, '--help'];
  if (command === 'plugin' && rest[0] === 'help') return [command, ...rest.slice(1), '--help'];
  const early = argv.slice(0, count);
  if (command === 'exec') return [command, ...separateCommand([...early, ...rest], execFlags)];
  if (command === 'run' || command === 'create') return [command, ...separateCommand([...early, ...rest], runFlags)];
  const end = rest.indexOf('--');
  return end < 0 ? [command, ...rest, ...early] : [command, ...rest.slice(0, end), ...early, ...rest.slice(end)];
}

/** What was typed before the first word that is no flag, that word, and all after it, as they are. */
export function splitLine(argv: readonly string[]): { early: readonly string[]; first: string | undefined; rest: readonly string[] } {
  const count = countFlagWords(argv, globalFlags);
  return { early: argv.slice(0, count), first: argv[count], rest: argv.slice(count + 1) };
}

function separateCommand(words: readonly string[], flags: KnownFlags): string[] {
  const image = countFlagWords(words, flags);
  if (image >= words.length || words[image] === '--') return [...words];
  const command = words.slice(image + 1);
  return [...words.slice(0, image + 1), '--', ...(command[0] === '--' ? command.slice(1) : command)];
}

/** How many words at the beginning are flags and their values. An unknown flag counts as one; oclif will say so. */
function countFlagWords(words: readonly string[], flags: KnownFlags): number {
  let index = 0;
  while (index < words.length) {
    const word = words[index] ?? '';
    if (word === '-' || word === '--' || !word.startsWith('-')) break;
    if (flags === globalFlags && !isGlobal(word)) break;
    index += takesNextWord(word, flags) ? 2 : 1;
  }
  return Math.min(index, words.length);
}

function isGlobal(word: string): boolean {
  return /^-[dq]+$/.test(word) || (word.startsWith('--') && Object.hasOwn(globalFlags, word.slice(2).split('=')[0] ?? ''));
}

/** `--env`, `-e`, `-de`; not `--env=A=b`, `-eA=b`. */
function takesNextWord(word: string, flags: KnownFlags): boolean {
  if (word.startsWith('--')) return !word.includes('=') && findFlag(word.slice(2), flags)?.type === 'option';
  const valued = new Set(Object.values(flags).flatMap(({ type, char }) => (type === 'option' && char !== undefined ? [char] : [])));
  const first = [...word.slice(1)].findIndex((letter) => valued.has(letter));
  return first === word.length - 2;
}

function findFlag(name: string, flags: KnownFlags): KnownFlags[string] | undefined {
  return Object.hasOwn(flags, name) ? flags[name] : Object.values(flags).find(({ aliases = [] }) => aliases.includes(name));
}

export class UnknownCommand extends Errors.CLIError {
  /** `before` is a command's beginning, or nothing; `meant` what may be meant by the word after it. */
  constructor(
    readonly before: readonly string[],
    readonly word: string,
    meant?: string,
  ) {
    const question = meant === undefined ? '' : `. Did you mean "${[...before, meant].join(' ')}"?`;
    super(`There is no command "${[...before, word].join(' ')}"${question}`, {
      suggestions: [['bulkhead', ...before, '--help'].join(' ')],
    });
  }
}

/**
 * Refuses what is neither a command nor the beginning of one, by the words up to the first that nothing begins with, and a word behind
 * a command that takes none. (oclif takes the arguments for a part of the name.)
 *
 * @param ids of the commands, as `plugin:list`
 */
export function checkCommand(words: readonly string[], ids: readonly string[], takesWords: (id: string) => boolean = () => true): void {
  const known = ids.map((id) => id.split(':'));
  const begins = (count: number): boolean => known.some((id) => words.slice(0, count).every((word, index) => id[index] === word));
  const isCommand = (count: number): boolean => known.some((id) => id.length === count && id.every((word, index) => words[index] === word));
  for (const [index, word] of words.entries()) {
    if (word.startsWith('-')) return;
    const next = words[index + 1];
    if (isCommand(index + 1)) {
      const before = words.slice(0, index + 1);
      if (next === undefined || next.startsWith('-') || begins(index + 2) || takesWords(before.join(':'))) return;
      throw new Errors.CLIError(`Unexpected argument: ${next}`, { suggestions: [['bulkhead', ...before, '--help'].join(' ')] });
    }
    if (begins(index + 1)) continue;
    throw new UnknownCommand(words.slice(0, index), word);
  }
}

/** Of the flag that says where else plugins are; needed before oclif parses, to know all commands. */
export function pluginDirectoriesOf(argv: readonly string[]): string[] {
  const end = argv.indexOf('--');
  const words = end < 0 ? argv : argv.slice(0, end);
  return words.flatMap((word, index) => {
    if (word.startsWith('--plugin-dir=')) return [word.slice('--plugin-dir='.length)];
    const next = words[index + 1];
    return word === '--plugin-dir' && next !== undefined ? [next] : [];
  });
}

/**
 * The arguments in the order in which they were typed. (oclif's own `argv` sorts them by where each first stands, which turns
 * `a b a` into `a a b`.)
 */
export function argumentsOf(raw: readonly { readonly type: string; readonly input: string }[]): string[] {
  return raw.filter(({ type }) => type === 'arg').map(({ input }) => input);
}
