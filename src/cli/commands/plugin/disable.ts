import { Args, Flags } from '@oclif/core';
import { BulkheadCommand } from '../../base-command.js';
import { within } from '../../output/report.js';

export default class PluginDisable extends BulkheadCommand {
  static override summary = 'Disable an installed Bulkhead plugin';
  static override examples = ['bulkhead plugin disable example.com/plugin'];
  static override enableJsonFlag = true;
  static override hiddenAliases = ['plugins:disable'];
  static override args = { name: Args.string({ required: true, ignoreStdin: true, description: 'name of the plugin' }) };
  static override flags = { user: Flags.boolean({ summary: 'Only among your own plugins' }) };

  async run(): Promise<unknown> {
    const { args, flags } = await this.parse(PluginDisable);
    const product = this.open(flags);
    try {
      const result = await product.setEnabled(args.name, { command: 'bulkhead plugin disable', user: flags.user, enabled: false });
      if (!result.changed) product.log.write('info', `Plugin ${JSON.stringify(args.name)} is already disabled`);
      return result;
    } catch (error) {
      throw within(`Failed to disable plugin ${JSON.stringify(args.name)}: `, error);
    }
  }
}
