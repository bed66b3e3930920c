import { Args, Flags } from '@oclif/core';
import { argumentsOf } from '../../arguments.js';
import { BulkheadCommand } from '../../base-command.js';
import { within } from '../../output/report.js';

export default class PluginRevoke extends BulkheadCommand {
  static override summary = 'Take permissions away from an installed Bulkhead plugin';
  static override description =
    'Each PERMISSION is one that the plugin asks for, as "plugin permissions" shows it. What the plugin has running now keeps what it has; the next command starts without.';
  static override examples = ['bulkhead plugin revoke example.com/plugin config:mounts env:SLURM_JOB_ID'];
  static override usage = 'plugin revoke [FLAGS] NAME PERMISSION...';
  static override enableJsonFlag = true;
  static override hiddenAliases = ['plugins:revoke'];
  static override strict = false;
  static override args = {
    name: Args.string({ required: true, ignoreStdin: true, description: 'name of the plugin' }),
    permission: Args.string({ required: true, ignoreStdin: true, description: 'such as config:mounts; there may be several' }),
  };
  static override flags = { user: Flags.boolean({ summary: 'Only among your own plugins' }) };

  async run(): Promise<unknown> {
    const { args, flags, raw } = await this.parse(PluginRevoke);
    const permissions = argumentsOf(raw).slice(1);
    const product = this.open(flags);
    try {
      const result = await product.revoke(args.name, permissions, { command: 'bulkhead plugin revoke', user: flags.user });
      if (!result.changed) product.log.write('info', `Plugin ${JSON.stringify(args.name)} has not been granted ${permissions.join(', ')}`);
      return result;
    } catch (error) {
      throw within(`Failed to revoke permissions of plugin ${JSON.stringify(args.name)}: `, error);
    }
  }
}
