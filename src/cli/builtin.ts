/**
 * The built-in commands as one oclif plugin. What there is to know of them, for help and to parse, is in oclif.manifest.json, which the
 * build writes; the class of a command is loaded when it runs. oclif would look for it in a file of its own: here all of them are in one.
 */
import type { Command, Interfaces } from '@oclif/core';
import { readShippedJson } from '#base/shipped.js';
import { toPlugin } from './oclif-plugin.js';

interface Manifest {
  readonly commands: Readonly<Record<string, Command.Cached & { readonly id: string }>>;
}

/** `root` is the directory of package.json. */
export function readBuiltin(root: string): Interfaces.Plugin {
  const pjson = readShippedJson(`${root}/package.json`) as Interfaces.PJSON;
  const { commands } = readManifest(root);
  const plugin: Interfaces.Plugin = toPlugin({
    name: pjson.name,
    root,
    type: 'core',
    pjson,
    topics: Object.entries(pjson.oclif.topics ?? {}).map(([name, topic]) => ({ name, ...topic })),
    commands: Object.values(commands).map((command) => ({
      ...command,
      pluginAlias: pjson.name,
      pluginType: 'core',
      load: async () => Object.assign(await loadCommand(command.id), { id: command.id, plugin }),
    })),
  });
  return plugin;
}

function readManifest(root: string): Manifest {
  return readShippedJson(`${root}/oclif.manifest.json`) as Manifest;
}

/** `id` is `plugin:list`. */
export async function loadCommand(id: string): Promise<Command.Class> {
  const { default: command } = (await import(`./commands/${id.replaceAll(':', '/')}.ts`)) as { default: Command.Class };
  return command;
}
