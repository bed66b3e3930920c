import { Args } from '@oclif/core';
import { BulkheadCommand } from '../../base-command.js';

export default class PluginCreate extends BulkheadCommand {
  static override summary = 'Create a plugin skeleton directory';
  static override description =
    'Writes a plugin that compiles, passes its own test and runs: package.json, plugin.ts, plugin.test.ts, tsconfig.json, README.md and .gitignore. Where one of these files is there already, nothing is written.';
  static override examples = ['bulkhead plugin create $HOME/my-plugin example.com/my-plugin'];
  static override enableJsonFlag = true;
  static override hiddenAliases = ['plugins:create'];
  static override args = {
    dir: Args.string({ required: true, ignoreStdin: true, description: 'directory to write to; made where it is not there' }),
    name: Args.string({ required: true, ignoreStdin: true, description: 'name of the plugin, such as example.com/my-plugin' }),
  };

  async run(): Promise<unknown> {
    const { args, flags } = await this.parse(PluginCreate);
    return { directory: await this.open(flags).create(args.dir, args.name), name: args.name };
  }
}
