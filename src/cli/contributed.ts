import type { Command } from '@oclif/core';
import type { Interfaces } from '@oclif/core';
import { openLog } from '#base/log.js';
import { escapeControls } from '#base/text.js';
import { extendableCommands, openProduct, type ContributedCommand, type Contributions, type Product } from '#wiring/wiring.js';
import { argumentsOf, arrangeArguments, pluginDirectoriesOf } from './arguments.js';
import { BulkheadCommand, type CommonFlags } from './base-command.js';
import { toPlugin } from './oclif-plugin.js';
import { checkArguments, describeArguments, readFlags, toOclifFlags, toShownFlags } from './plugin-flags.js';

type Loadable = Command.Loadable;

/** Whether it shows all commands. */
export function showsAll(argv: readonly string[]): boolean {
  const [first] = arrangeArguments(argv, {});
  return first === undefined || first === '--help' || first === '-h';
}

/** Whether this command line could mean a command or a flag of a plugin; others read at most the index. */
export function mayNeedContributed(argv: readonly string[], builtin: readonly string[]): boolean {
  const [first] = arrangeArguments(argv, {});
  if (first === undefined || showsAll(argv)) return false;
  const own = new Set([...builtin, 'plugins:'].map((id) => id.split(':')[0]));
  return !first.startsWith('-') && (!own.has(first) || extendableCommands.includes(asRun(first)));
}

/** What is made now and run later takes the flags that plugins add to `run`. */
function asRun(first: string): string {
  return first === 'create' ? 'run' : first;
}

/** What all enabled plugins add to the command line. Starts no worker; whatever is wrong with the plugins, built-in commands work. */
export async function readContributions(argv: readonly string[]): Promise<Contributions> {
  const product = openEarly(argv);
  const [first, ...words] = arrangeArguments(argv, {});
  return product.contributions({ first: first?.startsWith('-') === true ? undefined : first && asRun(first), words });
}

/**
 * What stands below the list of all commands: those of plugins, a line each. Not told to oclif, which would need all details of each
 * to show one line, and whose own work on a hundred of them is felt.
 */
export async function describeContributed(argv: readonly string[]): Promise<string> {
  const summaries = await openEarly(argv).summaries();
  if (summaries.length === 0) return '';
  const width = Math.max(...summaries.map(({ name }) => name.length));
  const lines = summaries.map(({ name, summary, plugin }) => `  ${name.padEnd(width)}  ${escapeControls(summary)} (${plugin})`);
  return ['COMMANDS OF PLUGINS', ...lines, '', ''].join('\n');
}

/** To know all commands, before it is known which one was typed. */
export function openEarly(argv: readonly string[]): Product {
  const log = openLog({ write: (line) => process.stderr.write(line) });
  const product = openProduct({
    log,
    print: () => undefined,
    env: process.env,
    uid: process.geteuid?.() ?? -1,
    builtinFlags: {},
    pluginDirectories: pluginDirectoriesOf(argv),
  });
  BulkheadCommand.early = product;
  return product;
}

/** The commands as one oclif plugin. */
export function toOclifPlugin(root: string, contributed: readonly ContributedCommand[]): Interfaces.Plugin {
  const pjson = { name: 'contributed', version: '0.0.0', oclif: {} };
  const commands = contributed.map(toLoadable);
  return toPlugin({ name: 'contributed', root: `${root}#contributed`, type: 'contributed', pjson, topics: [], commands });
}

function toLoadable(contributed: ContributedCommand): Loadable {
  const { name, plugin, description } = contributed;
  const { summary, usage, args = [], flags = {}, aliases = [], examples = [], hidden = false } = description;
  const cached = {
    id: toId(name),
    pluginName: 'contributed',
    pluginType: 'contributed',
    summary: `${escapeControls(summary)} (${plugin})`,
    ...(description.description !== undefined && { description: escapeControls(description.description) }),
    usage: [name, usage === undefined ? ['[FLAGS]', describeArguments(args)] : escapeControls(usage)].flat().join(' ').trimEnd(),
    examples: examples.map(escapeControls),
    args: toShownArguments(args),
    flags: toShownFlags(flags),
    hidden,
    // oclif reads the words that follow as arguments where there are some, or where this says so; with it, help puts dots behind each.
    strict: args.length > 0,
    aliases: aliases.map(toId),
    hiddenAliases: [],
  };
  return { ...cached, load: () => Promise.resolve(toClass(contributed, cached)) } as unknown as Loadable;
}

function toId(name: string): string {
  return name.replaceAll(' ', ':');
}

function toShownArguments(definitions: NonNullable<ContributedCommand['description']['args']>): Interfaces.ArgInput {
  const shown = definitions.map(({ name, summary = '', required = false, rest = false, options }) => [
    name,
    { name, required, multiple: rest, description: escapeControls(summary), ...(options !== undefined && { options }) },
  ]);
  return Object.fromEntries(shown) as Interfaces.ArgInput;
}

/** The class that oclif runs: parses by the manifest, asks the plugin, exits with its code. */
function toClass({ name, plugin, description }: ContributedCommand, cached: { id: string; summary: string; usage: string }): Command.Class {
  const definitions = description.flags ?? {};
  class Contributed extends BulkheadCommand {
    static override id = cached.id;
    static override summary = cached.summary;
    static override usage = cached.usage;
    static override strict = false;
    static override flags = toOclifFlags(definitions);

    async run(): Promise<void> {
      const parsed = await this.parse(Contributed);
      const args = argumentsOf(parsed.raw);
      checkArguments(name, description.args ?? [], args);
      const { values, warnings } = readFlags(definitions, parsed);
      const product = this.open(parsed.flags as unknown as CommonFlags);
      for (const warning of warnings) product.log.write('warning', warning);
      process.exitCode = await product.runCommand(plugin, { name, args, flags: values });
    }
  }
  return Contributed;
}
