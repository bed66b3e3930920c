import type { CommandDescription, FlagDefinition } from '@bulkhead/plugin-sdk/contract';
import {
  openClaims,
  readDetails,
  splitClaim,
  splitFlag,
  type Claim,
  type Details,
  type Outline,
  type ReservedWords,
} from '#catalog/catalog.js';
import type { BuiltinFlags, Scene } from './scene.js';

/** First words of command lines that belong to Bulkhead, now or by what its users know from elsewhere; no plugin may take one. */
const reservedCommands: readonly string[] = [
  ...['run', 'plugin', 'plugins', 'help', 'version', 'completion', 'autocomplete'],
  ...[
    'exec',
    'shell',
    'test',
    'build',
    'pull',
    'push',
    'image',
    'images',
    'instance',
    'inspect',
    'create',
    'start',
    'stop',
    'kill',
    'list',
    'ps',
  ],
  ...[
    'attach',
    'logs',
    'stats',
    'wait',
    'remove',
    'rm',
    'prune',
    'copy',
    'cp',
    'volume',
    'network',
    'system',
    'service',
    'config',
    'doctor',
  ],
];

/** Environment variables of bulkhead itself, without `BULKHEAD_`, now or soon. */
const reservedEnvironment: readonly string[] = [
  'ROOT',
  'PLUGIN_DIR',
  'DEBUG',
  'QUIET',
  'CONFIG',
  'CI',
  'HOME',
  'STATE',
  'RUNTIME',
  'CACHE',
];

/** Schemes of images that the engine opens itself (BUILTIN_SCHEMES, which is not worth loading it): a plugin would never be asked. */
export const reservedSchemes: readonly string[] = ['docker', 'oci', 'oci-archive', 'docker-archive'];

/** Names of runtimes that the engine knows itself. */
export const reservedRuntimes: readonly string[] = ['embedded', 'crun', 'runc'];

/** Names of what stands behind networks, and of networks, that are built in. */
const reservedNetworks: readonly string[] = ['cni', 'none', 'host'];

/** Built-in commands to which plugins may add flags, and around which they may be asked. Never `plugin`: it is how one gets rid of them. */
export const extendableCommands: readonly string[] = ['run'];

export function reservedWords(builtinFlags: BuiltinFlags): ReservedWords {
  const flags = extendableCommands.map((command) => [command, builtinFlags[command] ?? []]);
  return {
    reservedCommands,
    reservedFlags: Object.fromEntries(flags) as BuiltinFlags,
    reservedEnvironment,
    reservedSchemes,
    reservedRuntimes,
    reservedNetworks,
  };
}

/** Whether a word at the beginning of a command line is bulkhead's own, now or later. */
export function isReserved(word: string): boolean {
  return reservedCommands.includes(word);
}

/** The first words of what enabled plugins add to the command line. */
export async function listFirstWords({ outlines }: Scene): Promise<ReadonlyMap<string, string>> {
  const words = new Map<string, string>();
  for (const { name, enabled, claims } of (await outlines()).installations) {
    for (const claim of enabled ? claims : []) {
      const { kind, word } = splitClaim(claim);
      const first = word.split(' ')[0] ?? '';
      if (kind === 'command' && !words.has(first)) words.set(first, name);
    }
  }
  return words;
}

export interface ContributedCommand {
  /** `scratch list`. */
  readonly name: string;
  readonly plugin: string;
  readonly description: CommandDescription;
}

/** A flag that a plugin adds to a built-in command. */
export interface AddedFlag {
  readonly command: string;
  readonly name: string;
  readonly plugin: string;
  readonly definition: FlagDefinition;
}

export interface Contributions {
  readonly commands: readonly ContributedCommand[];
  readonly flags: readonly AddedFlag[];
}

/** A command line that was typed: only what it can mean is looked for. */
export interface TypedLine {
  /** The command's first word; none where all commands are to be shown. */
  readonly first: string | undefined;
  /** What follows it. */
  readonly words: readonly string[];
}

/**
 * What enabled plugins add to this command line, from the index of their receipts; to all command lines where none is given. Where
 * two claim the same, the first in the catalog's order has it.
 */
export async function listContributions({ outlines, env, uid }: Scene, line?: TypedLine): Promise<Contributions> {
  const { installations } = await outlines();
  const commands: ContributedCommand[] = [];
  const flags: AddedFlag[] = [];
  for (const { outline, free } of claimInTurn(installations)) {
    if (line !== undefined && !isTouched(outline, line, env)) continue;
    const found = chooseFree(outline.name, await readDetails(outline, uid), free);
    commands.push(...found.commands);
    flags.push(...found.flags);
  }
  return { commands, flags };
}

export interface CommandSummary {
  readonly name: string;
  readonly plugin: string;
  readonly summary: string;
}

/** The commands of all enabled plugins by name, without the hidden ones: what can be shown of them without reading more than the index. */
export async function listSummaries({ outlines }: Scene): Promise<CommandSummary[]> {
  const { installations } = await outlines();
  const found: CommandSummary[] = [];
  for (const { outline, free } of claimInTurn(installations)) {
    for (const [name, summary] of outline.overview) if (isOpen(name, free)) found.push({ name, plugin: outline.name, summary });
  }
  return found.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** The enabled ones, each with what no plugin before it has claimed. */
function* claimInTurn(installations: readonly Outline[]): Generator<{ outline: Outline; free: ReadonlySet<Claim> }> {
  const claims = openClaims();
  for (const outline of installations) {
    if (!outline.enabled) continue;
    const free = new Set(outline.claims.filter((claim) => claims.find(claim) === undefined));
    for (const claim of free) claims.add(outline.name, claim);
    yield { outline, free };
  }
}

/** Whether no plugin before it has it, nor bulkhead itself. */
function isOpen(command: string, free: ReadonlySet<Claim>): boolean {
  return free.has(`command ${command}`) && !reservedCommands.includes(command.split(' ')[0] ?? '');
}

/** The names of all installed plugins, sorted. */
export async function listNames({ outlines }: Scene): Promise<string[]> {
  const { installations } = await outlines();
  return installations.map(({ name }) => name).toSorted();
}

/** Whether the line can mean one of the plugin's commands, gives one of its flags, or lacks one. A word too many is no harm. */
function isTouched({ claims, demands }: Outline, { first, words }: TypedLine, env: Scene['env']): boolean {
  const shows = first === undefined || words.some((word) => word === '--help' || word === '-h');
  return (
    (first !== undefined && demands.includes(first)) ||
    claims.some((claim) => {
      const { kind, word } = splitClaim(claim);
      if (kind === 'command') return first === undefined || word.split(' ')[0] === first;
      if (kind === 'environment') return env[`BULKHEAD_${word}`] !== undefined;
      if (kind === 'scheme' || kind === 'feature' || kind === 'runtime' || kind === 'network' || kind === 'role') return false;
      const { command, flag } = splitFlag(word);
      if (command.split(' ')[0] !== first) return false;
      return shows || words.some((one) => (kind === 'flag' ? one === flag || one.startsWith(`${flag}=`) : hasLetter(one, flag)));
    })
  );
}

/** `-x` alone, with its value, or among others: `-axb`. */
function hasLetter(word: string, flag: string): boolean {
  return word.startsWith('-') && !word.startsWith('--') && word.includes(flag.slice(1));
}

/** Of what the plugin declares, what no plugin before it has. */
function chooseFree(plugin: string, details: Details | undefined, free: ReadonlySet<Claim>): Contributions {
  if (details === undefined) return { commands: [], flags: [] };
  const commands = Object.entries(details.commands)
    .filter(([name]) => isOpen(name, free))
    .map(([name, description]) => ({
      name,
      plugin,
      description: { ...description, aliases: (description.aliases ?? []).filter((alias) => isOpen(alias, free)) },
    }));
  const flags = Object.entries(details.flags)
    .filter(([command]) => extendableCommands.includes(command))
    .flatMap(([command, own]) =>
      Object.entries(own)
        .filter(([name]) => free.has(`flag ${command} --${name}`))
        .map(([name, { short, ...rest }]) => {
          const isFree = short !== undefined && free.has(`letter ${command} -${short}`);
          return { command, name, plugin, definition: { ...rest, ...(isFree && { short }) } };
        }),
    );
  return { commands, flags };
}
