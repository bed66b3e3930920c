import type { CommandDescription } from '@bulkhead/plugin-sdk/contract';
import { openCatalog } from '#catalog/catalog.js';
import type { Scene } from './scene.js';

/** First words of command lines that belong to Bulkhead, now or by what its users know from elsewhere; no plugin may take one. */
export const reservedCommands: readonly string[] = [
  ...['run', 'plugin', 'plugins', 'help', 'version', 'completion'],
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

export interface ContributedCommand {
  /** `scratch list`. */
  readonly name: string;
  readonly plugin: string;
  readonly description: CommandDescription;
}

/** The commands of all enabled plugins, from their receipts. Where two claim one, the first in the catalog's order has it. */
export async function listCommands(scene: Scene): Promise<ContributedCommand[]> {
  const { installations } = await openCatalog(scene.place);
  const commands = new Map<string, ContributedCommand>();
  for (const { name: plugin, enabled, manifest } of installations) {
    if (!enabled) continue;
    for (const [name, description] of Object.entries(manifest.commands)) {
      const isTaken = commands.has(name) || reservedCommands.includes(name.split(' ')[0] ?? '');
      if (!isTaken) commands.set(name, { name, plugin, description });
    }
  }
  return [...commands.values()];
}
