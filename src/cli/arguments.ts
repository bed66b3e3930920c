/** Flags of `run` that take a value, so that the value is not taken for the image. */
const valueFlags = new Set(['--bind', '-B', '--env', '-e', '--hostname', '--workdir', '--plugin-dir']);

/**
 * In `run [flags] IMAGE [COMMAND...]` the flags end at the image, as with every container tool: what follows belongs to the
 * command, even `--help`. oclif looks for flags everywhere before a `--`, so one is put behind the image.
 * And `help run` is `run --help`.
 */
export function separateCommand(argv: readonly string[]): string[] {
  if (argv[0] === 'help') return [...argv.slice(1), '--help'];
  if (argv[0] !== 'run') return [...argv];
  for (let index = 1; index < argv.length; index += 1) {
    const word = argv[index] ?? '';
    if (word === '--') return [...argv];
    if (valueFlags.has(word)) index += 1;
    else if (!word.startsWith('-') || word === '-') {
      const rest = argv.slice(index + 1);
      return [...argv.slice(0, index + 1), '--', ...(rest[0] === '--' ? rest.slice(1) : rest)];
    }
  }
  return [...argv];
}

/**
 * The arguments in the order in which they were typed. (oclif's own `argv` sorts them by where each first stands, which turns
 * `a b a` into `a a b`.)
 */
export function argumentsOf(raw: readonly { readonly type: string; readonly input: string }[]): string[] {
  return raw.filter(({ type }) => type === 'arg').map(({ input }) => input);
}
