import type { Command } from '@oclif/core';
import { Errors, Flags, type Interfaces } from '@oclif/core';
import { openLog } from '#base/log.js';
import { escapeControls } from '#base/text.js';
import { openProduct, type ContributedCommand } from '#wiring/wiring.js';
import { argumentsOf, arrangeArguments, pluginDirectoriesOf } from './arguments.js';
import { BulkheadCommand, type CommonFlags } from './base-command.js';

type Loadable = Command.Loadable;

/** Whether this command line could mean a command of a plugin, or shows all commands; others do not read the catalog. */
export function mayNeedContributed(argv: readonly string[], builtin: readonly string[]): boolean {
  const [first] = arrangeArguments(argv, {});
  if (first === undefined || first === '--help' || first === '-h' || first === 'help') return true;
  const own = new Set([...builtin, 'plugins:'].map((id) => id.split(':')[0]));
  return !first.startsWith('-') && !own.has(first);
}

/** The commands of all enabled plugins as one virtual oclif plugin. Reads receipts; whatever is wrong with them, built-in commands work. */
export async function loadContributed(root: string, argv: readonly string[]): Promise<Interfaces.Plugin> {
  const log = openLog({ write: (line) => process.stderr.write(line) });
  const product = openProduct({
    log,
    print: () => undefined,
    env: process.env,
    uid: process.geteuid?.() ?? -1,
    pluginDirectories: pluginDirectoriesOf(argv),
  });
  const commands = (await product.commands()).map(toLoadable);
  return {
    _base: '',
    alias: 'contributed',
    commands,
    commandIDs: commands.map(({ id }) => id),
    commandsDir: undefined,
    customErrorCode: undefined,
    findCommand: (id: string) => Promise.resolve(commands.find((command) => command.id === id)?.load()),
    hasManifest: true,
    hooks: {},
    isRoot: false,
    load: () => Promise.resolve(),
    moduleType: 'module',
    name: 'contributed',
    options: { root },
    pjson: { name: 'contributed', version: '0.0.0', oclif: {} },
    root: `${root}#contributed`,
    tag: undefined,
    topics: [],
    type: 'contributed',
    valid: true,
    version: '0.0.0',
  } as unknown as Interfaces.Plugin;
}

function toLoadable(contributed: ContributedCommand): Loadable {
  const { name, plugin, description } = contributed;
  const flags = toFlags(description.flags ?? {});
  const summary = `${escapeControls(description.summary)} (${plugin})`;
  const cached = {
    id: name.replaceAll(' ', ':'),
    pluginName: 'contributed',
    pluginType: 'contributed',
    summary,
    usage: `${name} ${escapeControls(description.usage ?? '[FLAGS] [ARGS...]')}`,
    examples: (description.examples ?? []).map(escapeControls),
    args: {},
    flags: shownFlags(flags),
    hidden: false,
    strict: false,
    aliases: [],
    hiddenAliases: [],
  };
  return { ...cached, load: () => Promise.resolve(toClass(contributed, cached, flags)) } as unknown as Loadable;
}

type Definition = NonNullable<ContributedCommand['description']['flags']>[string];

function toFlags(definitions: Readonly<Record<string, Definition>>): Interfaces.FlagInput {
  const flags: Interfaces.FlagInput = {};
  for (const [name, definition] of Object.entries(definitions)) flags[name] = toFlag(definition);
  return flags;
}

function toFlag({ type, summary, short, required, default: otherwise }: Definition): Interfaces.FlagInput[string] {
  const common = {
    summary: escapeControls(summary ?? ''),
    ...(short === undefined ? {} : { char: short as 'a' }),
    required: required ?? false,
  };
  if (type === 'boolean') return Flags.boolean({ ...common, default: otherwise === true });
  if (type === 'integer') return Flags.integer({ ...common, ...(typeof otherwise === 'number' ? { default: otherwise } : {}) });
  return Flags.string({ ...common, ...(typeof otherwise === 'string' ? { default: otherwise } : {}) });
}

/** The flags as help prints them: their defaults too are text of the plugin. */
function shownFlags(flags: Interfaces.FlagInput): Interfaces.FlagInput {
  const shown: Interfaces.FlagInput = {};
  for (const [name, flag] of Object.entries(flags)) {
    const otherwise: unknown = flag.default;
    shown[name] = typeof otherwise === 'string' ? ({ ...flag, default: escapeControls(otherwise) } as typeof flag) : flag;
  }
  return shown;
}

/** The class that oclif runs: parses by the manifest, asks the plugin, exits with its code. */
function toClass(
  { name, plugin, description }: ContributedCommand,
  cached: { id: string; summary: string; usage: string },
  ownFlags: Interfaces.FlagInput,
): Command.Class {
  class Contributed extends BulkheadCommand {
    static override id = cached.id;
    static override summary = cached.summary;
    static override usage = cached.usage;
    static override strict = false;
    static override flags = ownFlags;

    async run(): Promise<void> {
      const { flags, raw } = await this.parse(Contributed);
      const args = argumentsOf(raw);
      checkCount(name, args.length, description.args ?? { max: 0 });
      const own = Object.fromEntries(Object.entries(flags).filter(([flag, value]) => flag in ownFlags && value !== undefined));
      process.exitCode = await this.open(flags as unknown as CommonFlags).runCommand(plugin, { name, args, flags: own });
    }
  }
  return Contributed;
}

function checkCount(
  name: string,
  count: number,
  { min = 0, max = Infinity }: { min?: number | undefined; max?: number | undefined },
): void {
  if (count < min) throw new Errors.CLIError(`${name} takes at least ${min} argument${min === 1 ? '' : 's'}, and got ${count}`);
  if (count > max) throw new Errors.CLIError(`${name} takes at most ${max} argument${max === 1 ? '' : 's'}, and got ${count}`);
}
