/**
 * The built-in commands as one oclif plugin. What there is to know of them, for help and to parse, is in oclif.manifest.json, which the
 * build writes; the class of a command is loaded when it runs. oclif would look for it in a file of its own: here all of them are in one.
 */
import { Plugin, type Command } from '@oclif/core';

export class Builtin extends Plugin {
  constructor(root: string) {
    super({ root, isRoot: true, type: 'core', name: 'bulkhead' });
  }

  override async findCommand(id: string, options: { must: true }): Promise<Command.Class>;
  override async findCommand(id: string, options?: { must: boolean }): Promise<Command.Class | undefined>;
  override async findCommand(id: string): Promise<Command.Class> {
    return Object.assign(await loadCommand(id), { id, plugin: this });
  }
}

/** `id` is `plugin:list`. */
async function loadCommand(id: string): Promise<Command.Class> {
  const { default: command } = (await import(`./commands/${id.replaceAll(':', '/')}.ts`)) as { default: Command.Class };
  return command;
}
