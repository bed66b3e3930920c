import { Args, Flags } from '@oclif/core';
import { BulkheadCommand } from '../../base-command.js';
import { within } from '../../output/report.js';

export default class PluginUninstall extends BulkheadCommand {
  static override summary = 'Uninstall removes the named plugin from the system';
  static override description =
    'Removes the package, its receipt and what you let it keep in its store, and nothing else. A plugin with an uninstall callback is asked first, to remove what it made by its permissions; where that fails it stays, unless you say --force.';
  static override examples = ['bulkhead plugin uninstall example.com/plugin'];
  static override enableJsonFlag = true;
  static override hiddenAliases = ['plugins:uninstall'];
  static override args = { name: Args.string({ required: true, ignoreStdin: true, description: 'name of the plugin' }) };
  static override flags = {
    user: Flags.boolean({ summary: 'Only among your own plugins' }),
    force: Flags.boolean({ summary: 'Also where the plugin fails when it is asked to clean up' }),
  };

  async run(): Promise<unknown> {
    const { args, flags } = await this.parse(PluginUninstall);
    try {
      const request = { command: 'bulkhead plugin uninstall', user: flags.user, force: flags.force };
      const result = await this.open(flags).uninstall(args.name, request);
      this.say(`Uninstalled plugin ${JSON.stringify(args.name)}.`);
      return result;
    } catch (error) {
      throw within(`Failed to uninstall plugin ${JSON.stringify(args.name)}: `, error);
    }
  }
}
