import { Args, Flags } from '@oclif/core';
import { BulkheadCommand } from '../../base-command.js';
import { within } from '../../output/report.js';

export default class PluginEnable extends BulkheadCommand {
  static override summary = 'Enable an installed Bulkhead plugin';
  static override description =
    'Also lets a plugin out of quarantine, into which one comes whose compartment keeps ending by its own fault; that is for you alone and needs no rights over the plugin.';
  static override examples = ['bulkhead plugin enable example.com/plugin'];
  static override enableJsonFlag = true;
  static override hiddenAliases = ['plugins:enable'];
  static override args = { name: Args.string({ required: true, ignoreStdin: true, description: 'name of the plugin' }) };
  static override flags = { user: Flags.boolean({ summary: 'Only among your own plugins' }) };

  async run(): Promise<unknown> {
    const { args, flags } = await this.parse(PluginEnable);
    const product = this.open(flags);
    try {
      const result = await product.setEnabled(args.name, { command: 'bulkhead plugin enable', user: flags.user, enabled: true });
      if (result.lifted) product.log.write('info', `Plugin ${JSON.stringify(args.name)} is no longer in quarantine for you`);
      else if (!result.changed) product.log.write('info', `Plugin ${JSON.stringify(args.name)} is already enabled`);
      return result;
    } catch (error) {
      throw within(`Failed to enable plugin ${JSON.stringify(args.name)}: `, error);
    }
  }
}
