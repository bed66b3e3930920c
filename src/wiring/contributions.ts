import type { CommandDescription, FlagDefinition } from '@bulkhead/plugin-sdk/contract';
import { listClaims, openClaims, openOutlines, type Claim, type ReservedWords } from '#catalog/catalog.js';
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
  ...['logs', 'stats', 'wait', 'remove', 'rm', 'prune', 'copy', 'cp', 'volume', 'network', 'system', 'service', 'config', 'doctor'],
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

/** Built-in commands to which plugins may add flags, and around which they may be asked. Never `plugin`: it is how one gets rid of them. */
export const extendableCommands: readonly string[] = ['run'];

export function reservedWords(builtinFlags: BuiltinFlags): ReservedWords {
  const flags = extendableCommands.map((command) => [command, builtinFlags[command] ?? []]);
  return { reservedCommands, reservedFlags: Object.fromEntries(flags) as BuiltinFlags, reservedEnvironment };
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

/** What all enabled plugins add to the command line, from the index of their receipts. Where two claim the same, the first in the catalog's order has it. */
export async function listContributions(scene: Scene): Promise<Contributions> {
  const { installations } = await openOutlines(scene.place);
  const claims = openClaims();
  const commands: ContributedCommand[] = [];
  const flags: AddedFlag[] = [];
  for (const { name: plugin, enabled, manifest } of installations) {
    if (!enabled) continue;
    const isFree = (claim: Claim): boolean => claims.find(claim) === undefined;
    for (const [name, description] of Object.entries(manifest.commands)) {
      const aliases = (description.aliases ?? []).filter((word) => isFree({ kind: 'command', word }));
      const isTaken = !isFree({ kind: 'command', word: name }) || reservedCommands.includes(name.split(' ')[0] ?? '');
      if (!isTaken) commands.push({ name, plugin, description: { ...description, aliases } });
    }
    for (const [command, definitions] of Object.entries(manifest.flags)) {
      for (const [name, { short, ...rest }] of Object.entries(definitions)) {
        if (!extendableCommands.includes(command) || !isFree({ kind: 'flag', word: `${command} --${name}` })) continue;
        const ownShort = short !== undefined && isFree({ kind: 'letter', word: `${command} -${short}` }) ? { short } : {};
        flags.push({ command, name, plugin, definition: { ...rest, ...ownShort } });
      }
    }
    for (const claim of listClaims(manifest)) if (isFree(claim)) claims.add(plugin, claim);
  }
  return { commands, flags };
}
