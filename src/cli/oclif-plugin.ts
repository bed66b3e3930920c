import type { Command, Interfaces } from '@oclif/core';

export interface PluginParts {
  readonly name: string;
  readonly root: string;
  /** `core` for what is built in. */
  readonly type: string;
  readonly pjson: Interfaces.PJSON;
  readonly topics: Interfaces.Topic[];
  /** All that help and the parser need to know of them; `load` gives the class that runs. */
  readonly commands: readonly Command.Loadable[];
}

/** Commands as oclif takes them. Its own class looks for files of each and reads them, which we know before. */
export function toPlugin({ name, root, type, pjson, topics, commands }: PluginParts): Interfaces.Plugin {
  return {
    _base: '',
    alias: name,
    commands,
    commandIDs: commands.map(({ id }) => id),
    commandsDir: undefined,
    customErrorCode: undefined,
    findCommand: (id: string) => Promise.resolve(commands.find((command) => command.id === id)?.load()),
    hasManifest: true,
    hooks: {},
    isRoot: type === 'core',
    load: () => Promise.resolve(),
    moduleType: 'module',
    name,
    options: { root },
    pjson,
    root,
    tag: undefined,
    topics,
    type,
    valid: true,
    version: pjson.version,
  } as unknown as Interfaces.Plugin;
}
