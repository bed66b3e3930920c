/** Flags that plugins add to built-in commands: put beside the command's own before it is parsed, and taken out again after. */
import type { Command, Config, Interfaces } from '@oclif/core';
import { Errors } from '@oclif/core';
import type { AddedFlag, AddedValues, BuiltinFlags, FlagValue, FlagValues, Invocation } from '#wiring/wiring.js';
import { argumentsOf } from './arguments.js';
import { readFlags, toOclifFlags, toShownFlags, type FlagDefinitions } from './plugin-flags.js';

/** A command class that knows which of its flags came from plugins. */
export type Extended = Command.Class & { addedFlags?: readonly AddedFlag[] };

/** Adds the flags to the commands that they name; help shows them under the plugin's name. */
export function addFlags(config: Config, flags: readonly AddedFlag[]): void {
  const commands = new Set(flags.map(({ command }) => command));
  for (const name of [...commands, ...(commands.has('run') ? ['create'] : [])]) {
    const loadable = config.findCommand(name.replaceAll(' ', ':'));
    if (loadable === undefined) continue;
    const added = flags.filter(({ command }) => command === (name === 'create' ? 'run' : name));
    for (const [plugin, definitions] of groupByPlugin(added)) Object.assign(loadable.flags, toShownFlags(definitions, plugin));
    const load = loadable.load.bind(loadable);
    loadable.load = async () => extend(await load(), added);
  }
}

function extend(Base: Command.Class, added: readonly AddedFlag[]): Command.Class {
  const flags: Interfaces.FlagInput = { ...Base.flags };
  for (const [plugin, definitions] of groupByPlugin(added)) Object.assign(flags, toOclifFlags(definitions, plugin));
  abstract class WithAddedFlags extends Base {}
  // oclif looks only at what a class has itself.
  return Object.assign(WithAddedFlags, Base, { flags, addedFlags: added }) as unknown as Command.Class;
}

function groupByPlugin(added: readonly AddedFlag[]): Map<string, FlagDefinitions> {
  const groups = new Map<string, Record<string, AddedFlag['definition']>>();
  for (const { plugin, name, definition } of added) groups.set(plugin, { ...groups.get(plugin), [name]: definition });
  return groups;
}

/** The flags of all built-in commands, letters too, as a conflict is told: `{ run: ['--bind', '-B', …] }`. */
export function listBuiltinFlags(config: Interfaces.Config): BuiltinFlags {
  const commands = config.commands.filter(({ pluginType }) => pluginType === 'core');
  return Object.fromEntries(
    commands.map(({ id, flags }) => [
      id.replaceAll(':', ' '),
      Object.entries(flags).flatMap(([name, { char, aliases = [] }]) =>
        [name, ...aliases].map((one) => `--${one}`).concat(char ? `-${char}` : []),
      ),
    ]),
  );
}

export interface ParsedCommand {
  readonly flags: Readonly<Record<string, unknown>>;
  readonly metadata: Interfaces.ParserOutput['metadata'];
  readonly raw: Interfaces.ParserOutput['raw'];
}

export interface InvocationOptions<Parsed extends ParsedCommand, Request> {
  readonly parsed: Parsed;
  /** Parses other words as this command. */
  readonly parse: (words: string[]) => Promise<Parsed>;
  readonly toRequest: (parsed: Parsed) => Request;
}

/** The command line as plugins may see and change it, and what is to be said of their deprecated flags. */
export function describeInvocation<Parsed extends ParsedCommand, Request>(
  command: Extended,
  { parsed, parse, toRequest }: InvocationOptions<Parsed, Request>,
): { invocation: Invocation<Request>; warnings: string[] } {
  const addedFlags = command.addedFlags ?? [];
  const added: Record<string, AddedValues> = {};
  const warnings: string[] = [];
  for (const [plugin, definitions] of groupByPlugin(addedFlags)) {
    const { values, given, warnings: said } = readFlags(definitions, parsed);
    added[plugin] = { values, isGiven: given.length > 0 };
    warnings.push(...said.map((line) => `${line} (${plugin})`));
  }
  const own = Object.fromEntries(Object.entries(command.flags).filter(([name]) => !addedFlags.some((flag) => flag.name === name)));
  const invocation: Invocation<Request> = {
    command: command.id.replaceAll(':', ' '),
    args: argumentsOf(parsed.raw),
    commandFlags: readTyped(parsed.raw, own),
    added,
    async toRequest(changed) {
      if (Object.keys(changed).length === 0) return toRequest(parsed);
      const booleans = Object.entries({ ...command.baseFlags, ...command.flags }).flatMap(([name, { type }]) =>
        type === 'boolean' ? [name] : [],
      );
      const kept = parsed.raw.filter((token) => token.type === 'flag' && !Object.hasOwn(changed, token.flag));
      const words = kept.flatMap((token) => (token.type === 'flag' ? spellTyped(token, booleans) : []));
      const fresh = Object.entries(changed).flatMap(([name, value]) => spellFlag(name, own[name], value));
      return toRequest(await parse([...words, ...fresh, '--', ...argumentsOf(parsed.raw)]));
    },
  };
  return { invocation, warnings };
}

/** The command's own flags as they were typed: true, a text, or a list of texts where it may be given several times. */
function readTyped(raw: ParsedCommand['raw'], own: Interfaces.FlagInput): FlagValues {
  const values: Record<string, FlagValue> = {};
  for (const token of raw) {
    if (token.type !== 'flag') continue;
    const flag = own[token.flag];
    if (flag === undefined) continue;
    if (flag.type === 'boolean') values[token.flag] = token.input !== `--no-${token.flag}`;
    else if (flag.multiple === true) values[token.flag] = [...((values[token.flag] ?? []) as string[]), token.input];
    else values[token.flag] = token.input;
  }
  return values;
}

function spellTyped({ flag, input }: { flag: string; input: string }, booleans: readonly string[]): string[] {
  return booleans.includes(flag) ? [input.startsWith('--no-') ? input : `--${flag}`] : [`--${flag}=${input}`];
}

function spellFlag(name: string, flag: Interfaces.FlagInput[string] | undefined, value: FlagValue): string[] {
  if (flag === undefined) throw new Errors.CLIError(`A plugin set --${name}, which the command does not have`);
  if (flag.type === 'boolean') return value === true ? [`--${name}`] : [];
  const values = Array.isArray(value) ? value : [value];
  if (values.some((one) => typeof one === 'object')) throw new Errors.CLIError(`A plugin set --${name} to what is no text`);
  return values.map((one) => `--${name}=${String(one)}`);
}
