import { Args, Flags } from '@oclif/core';
import { BulkheadCommand } from '../../base-command.js';
import { within } from '../../output/report.js';

export default class PluginUninstall extends BulkheadCommand {
  static override summary = 'Uninstall removes the named plugin from the system';
  static override description = 'Removes the package, its receipt and what you let it keep in its store, and nothing else.';
  static override examples = ['bulkhead plugin uninstall example.com/plugin'];
  static override enableJsonFlag = true;
  static override hiddenAliases = ['plugins:uninstall'];
  static override args = { name: Args.string({ required: true, ignoreStdin: true, description: 'name of the plugin' }) };
  static override flags = { user: Flags.boolean({ summary: 'Only among your own plugins' }) };

  async run(): Promise<unknown> {
    const { args, flags } = await this.parse(PluginUninstall);
    try {
      const result = await this.open(flags).uninstall(args.name, { command: 'bulkhead plugin uninstall', user: flags.user });
      this.say(`Uninstalled plugin ${JSON.stringify(args.name)}.`);
      return result;
    } catch (error) {
      throw within(`Failed to uninstall plugin ${JSON.stringify(args.name)}: `, error);
    }
  }
}
