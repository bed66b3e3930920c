/**
 * `bulkhead __complete WORDS…`, which the scripts of `bulkhead completion` call: what the last word can become, one candidate per
 * line, a tab, and what it means. Nothing where the shell should offer files. Loads neither oclif nor any room that runs plugins.
 */
import { createRequire } from 'node:module';
import { escapeControls, shorten } from '#base/text.js';
import { openProduct, type Contributions, type FlagDefinition, type Product } from '#wiring/wiring.js';
import { pluginDirectoriesOf } from './arguments.js';

/** As oclif's manifest says it, and the manifest of a plugin. */
interface Flag {
  readonly name: string;
  readonly short: string | undefined;
  readonly isBoolean: boolean;
  readonly options: readonly string[];
  readonly summary: string;
}

export interface CompletableCommand {
  /** `plugin list`. */
  readonly name: string;
  readonly summary: string;
  readonly flags: readonly Flag[];
  /** By place, what an argument may be; the last one for all that follow. */
  readonly args: readonly (readonly string[])[];
}

export interface Candidate {
  readonly value: string;
  readonly summary: string;
}

/** Verbs on containers, and in which status these may be. */
const containerVerbs: Readonly<Record<string, readonly string[]>> = {
  ...Object.fromEntries(['attach', 'exec', 'kill', 'stats', 'stop'].map((verb) => [verb, ['starting', 'running']])),
  ...Object.fromEntries(['inspect', 'logs', 'remove', 'rm', 'wait'].map((verb) => [verb, ['created', 'starting', 'running', 'stopped']])),
  start: ['created', 'stopped'],
};

/** What names images of the store, and volumes. To run or to make a container of one, it must be told from a file first. */
const imageVerbs = ['image inspect', 'image pull', 'image remove'];
const imageUsers = ['run', 'create'];
const IMAGE_SCHEME = 'docker:';
const volumeVerbs = ['volume inspect', 'volume remove'];
/** Verbs on networks, and how many of their first arguments are networks; after these comes a container that runs. */
const networkVerbs: Readonly<Record<string, number>> = {
  inspect: Infinity,
  delete: Infinity,
  rm: Infinity,
  remove: Infinity,
  connect: 1,
  disconnect: 1,
};

const pluginVerbs = ['disable', 'enable', 'grant', 'inspect', 'permissions', 'revoke', 'uninstall', 'configure', 'upgrade', 'verify'];

/** Prints the candidates. Never fails: a shell that waits for a completion can do nothing with an error. */
export async function complete(words: readonly string[]): Promise<void> {
  try {
    const product = openProduct({
      log: { isDebug: false, write: () => undefined },
      print: () => undefined,
      env: process.env,
      uid: process.geteuid?.() ?? -1,
      builtinFlags: {},
      pluginDirectories: pluginDirectoriesOf(words),
    });
    const commands = [...addContributed(readBuiltin(), await product.contributions()), ...(await findBundleCommands(product))];
    const plugins = words[0]?.startsWith('plugin') === true ? await findPlugins(product, words[1] ?? '') : [];
    const containers = await findContainers(product, words[0] === 'network' ? 'exec' : (words[0] ?? ''));
    const networks = words[0] === 'network' ? (await (await product.networks()).names()).map(bare) : [];
    const named = { plugins, containers, networks, images: await findImages(product, words), volumes: await findVolumes(product, words) };
    for (const { value, summary } of findCandidates(words, commands, named)) {
      const text = shorten(escapeControls(summary.split('\n')[0] ?? '').replaceAll('\t', ' '), 80);
      process.stdout.write(`${escapeControls(value)}\t${text}\n`);
    }
  } catch {
    // As said above.
  }
}

/** What is there on this machine, by what it is. */
type Named = Readonly<Record<'plugins' | 'containers' | 'networks' | 'images' | 'volumes', readonly Candidate[]>>;

/** What the last of the words, which may be empty, can become. Pure. */
export function findCandidates(words: readonly string[], commands: readonly CompletableCommand[], named: Named): Candidate[] {
  const typed = joinValues(words);
  const current = typed.at(-1) ?? '';
  const candidates = findWhole(typed, { words, commands, named });
  // A shell that breaks words at ":" wants what follows the last one alone.
  const known = words.at(-1) === current ? 0 : current.lastIndexOf(':') + 1;
  return candidates.map(({ value, summary }) => ({ value: value.slice(known), summary }));
}

interface Question {
  /** As the shell broke them. */
  readonly words: readonly string[];
  readonly commands: readonly CompletableCommand[];
  readonly named: Named;
}

function findWhole(typed: readonly string[], { words, commands, named }: Question): Candidate[] {
  const current = typed.at(-1) ?? '';
  const before = typed.slice(0, -1);
  const plain = before.filter((word) => !word.startsWith('-'));
  const command = findCommand(plain, commands);
  const flags = command?.flags ?? commands.find(({ name }) => name === 'run')?.flags.filter(({ name }) => globalFlags.includes(name)) ?? [];
  const open = flags.find((flag) => !flag.isBoolean && (before.at(-1) === `--${flag.name}` || before.at(-1) === `-${flag.short}`));
  if (open !== undefined) return matching(open.options.map(bare), current);
  if (current.startsWith('--') && current.includes('=')) {
    const [name = '', start = ''] = current.split('=');
    const values = flags.find((flag) => `--${flag.name}` === name)?.options ?? [];
    // A shell that breaks words at "=" wants the value alone.
    const isBroken = words.at(-1) !== current;
    return values.filter((value) => value.startsWith(start)).map((value) => bare(isBroken ? value : `${name}=${value}`));
  }
  if (current.startsWith('-'))
    return matching(
      flags.map(({ name, summary }) => ({ value: `--${name}`, summary })),
      current,
    );
  if (command === undefined) return matching(nextWords(plain, commands), current);
  const place = plain.length - command.name.split(' ').length;
  const [topic = '', verb = ''] = command.name.split(' ');
  if (topic === 'plugin' && pluginVerbs.includes(verb) && place === 0) return matching(named.plugins, current);
  const count = topic === 'network' && Object.hasOwn(networkVerbs, verb) ? networkVerbs[verb] : undefined;
  if (count !== undefined) return matching(place < count ? named.networks : named.containers, current);
  if (Object.hasOwn(containerVerbs, command.name) && command.args.length > 0 && (place === 0 || command.name !== 'exec'))
    return matching(named.containers, current);
  if (imageVerbs.includes(command.name) || (imageUsers.includes(command.name) && place === 0)) return matching(named.images, current);
  if (volumeVerbs.includes(command.name)) return matching(named.volumes, current);
  return matching((command.args[place] ?? command.args.at(-1) ?? []).map(bare), current);
}

/** What follows the name of one is the program's own: files are offered. */
async function findBundleCommands(product: Product): Promise<CompletableCommand[]> {
  return (await product.bundles.commands()).map(({ name, abstract }) => ({ name, summary: abstract, flags: [], args: [[]] }));
}

const bundleVerbs = ['disable', 'enable', 'inspect'];

async function findPlugins(product: Product, verb: string): Promise<Candidate[]> {
  const bundles = bundleVerbs.includes(verb) ? await product.bundles.names() : [];
  return [...new Set([...(await product.names()), ...bundles])].toSorted().map((value) => ({ value, summary: '' }));
}

/** Those that the verb can be used on, by name where they have one. */
async function findContainers(product: Product, verb: string): Promise<Candidate[]> {
  const statuses = Object.hasOwn(containerVerbs, verb) ? (containerVerbs[verb] ?? []) : [];
  if (statuses.length === 0) return [];
  const { containers } = await (await product.containers()).list();
  return containers
    .filter(({ status }) => statuses.includes(status))
    .map(({ id, name, image, status }) => ({ value: name ?? id, summary: `${status}, ${image}` }));
}

async function findImages(product: Product, words: readonly string[]): Promise<Candidate[]> {
  const typed = joinValues(words);
  const isNamed = imageUsers.includes(words[0] ?? '') && typed.at(-1)?.startsWith(IMAGE_SCHEME) === true;
  if (!isNamed && !imageVerbs.includes(words.slice(0, 2).join(' '))) return [];
  const { images } = await product.images.list();
  return images.map(({ name, digest }) => ({ value: name, summary: digest.slice('sha256:'.length, 'sha256:'.length + 12) }));
}

async function findVolumes(product: Product, words: readonly string[]): Promise<Candidate[]> {
  if (!volumeVerbs.includes(words.slice(0, 2).join(' '))) return [];
  const { volumes } = await (await product.volumes()).list();
  return volumes.map(({ name }) => ({ value: name, summary: '' }));
}

const globalFlags = ['debug', 'quiet', 'plugin-dir', 'help'];

/** bash breaks `--format=json` and `docker://debian` into three words each. */
function joinValues(words: readonly string[]): string[] {
  const joined: string[] = [];
  for (const [index, word] of words.entries()) {
    const isValue = (word === '=' || words[index - 1] === '=') && joined.at(-1)?.startsWith('--') === true;
    const isPart = isValue || word === ':' || words[index - 1] === ':';
    joined.push(isPart ? `${joined.pop() ?? ''}${word}` : word);
  }
  return joined;
}

function findCommand(words: readonly string[], commands: readonly CompletableCommand[]): CompletableCommand | undefined {
  const fitting = commands.filter(({ name }) => name.split(' ').every((word, index) => words[index] === word));
  return fitting.toSorted((a, b) => b.name.length - a.name.length)[0];
}

/** The words that can follow in the name of a command, with what the command does where the name ends there. */
function nextWords(words: readonly string[], commands: readonly CompletableCommand[]): Candidate[] {
  const next = new Map<string, string>();
  for (const { name, summary } of commands) {
    const parts = name.split(' ');
    const word = parts[words.length];
    if (word === undefined || !words.every((one, index) => parts[index] === one)) continue;
    if (!next.has(word) || parts.length === words.length + 1) next.set(word, parts.length === words.length + 1 ? summary : '');
  }
  return [...next].map(([value, summary]) => ({ value, summary })).toSorted((a, b) => (a.value < b.value ? -1 : 1));
}

function matching(candidates: readonly Candidate[], start: string): Candidate[] {
  return candidates.filter(({ value }) => value.startsWith(start));
}

function bare(value: string): Candidate {
  return { value, summary: '' };
}

interface OclifManifest {
  readonly commands: Readonly<
    Record<
      string,
      {
        readonly id: string;
        readonly summary?: string;
        readonly hidden?: boolean;
        readonly flags: Readonly<
          Record<string, { name: string; char?: string; type: string; options?: string[]; summary?: string; hidden?: boolean }>
        >;
        readonly args: Readonly<Record<string, { options?: string[] }>>;
      }
    >
  >;
}

/** The file that the build writes beside `bin/`. */
function readBuiltin(): CompletableCommand[] {
  const { commands } = createRequire(import.meta.url)('../../oclif.manifest.json') as OclifManifest;
  return Object.values(commands)
    .filter(({ hidden }) => hidden !== true)
    .map(({ id, summary = '', flags, args }) => ({
      name: id.replaceAll(':', ' '),
      summary,
      flags: Object.values(flags)
        .filter((flag) => flag.hidden !== true)
        .map((flag): Flag => {
          return {
            name: flag.name,
            short: flag.char,
            isBoolean: flag.type === 'boolean',
            options: flag.options ?? [],
            summary: flag.summary ?? '',
          };
        })
        .concat([help]),
      args: Object.values(args).map(({ options = [] }) => options),
    }));
}

/** With the flags that plugins add to built-in commands among those of the commands. */
function addContributed(builtin: readonly CompletableCommand[], { commands, flags }: Contributions): CompletableCommand[] {
  const extended = builtin.map((command) => {
    const added = flags.filter((flag) => flag.command === command.name).flatMap(({ name, definition }) => toFlags(name, definition));
    return { ...command, flags: [...command.flags, ...added] };
  });
  const contributed = commands
    .filter(({ description }) => description.hidden !== true)
    .flatMap(({ name, description: { summary, aliases = [], args = [], flags: own = {} } }) => {
      const shown = Object.entries(own).flatMap(([flag, definition]) => toFlags(flag, definition));
      return [name, ...aliases].map((one) => ({
        name: one,
        summary,
        flags: [...shown, help],
        args: args.map(({ options = [] }) => options),
      }));
    });
  return [...extended, ...contributed];
}

const help: Flag = { name: 'help', short: undefined, isBoolean: true, options: [], summary: 'Show help' };

/** None where it is hidden. */
function toFlags(name: string, { type, short, options = [], summary = '', hidden }: FlagDefinition): Flag[] {
  return hidden === true ? [] : [{ name, short, isBoolean: type === 'boolean', options, summary }];
}
