import { Args, Flags } from '@oclif/core';
import { argumentsOf } from '../../arguments.js';
import { BulkheadCommand } from '../../base-command.js';
import { within } from '../../output/report.js';

export default class PluginGrant extends BulkheadCommand {
  static override summary = 'Grant permissions to an installed Bulkhead plugin';
  static override description =
    'Each PERMISSION is one that the plugin asks for, as "plugin permissions" shows it; the policy of this host must not deny it. It counts from the next command on.';
  static override examples = ['bulkhead plugin grant example.com/plugin config:mounts env:SLURM_JOB_ID'];
  static override usage = 'plugin grant [FLAGS] NAME PERMISSION...';
  static override enableJsonFlag = true;
  static override hiddenAliases = ['plugins:grant'];
  static override strict = false;
  static override args = {
    name: Args.string({ required: true, ignoreStdin: true, description: 'name of the plugin' }),
    permission: Args.string({ required: true, ignoreStdin: true, description: 'such as config:mounts; there may be several' }),
  };
  static override flags = { user: Flags.boolean({ summary: 'Only among your own plugins' }) };

  async run(): Promise<unknown> {
    const { args, flags, raw } = await this.parse(PluginGrant);
    const permissions = argumentsOf(raw).slice(1);
    const product = this.open(flags);
    try {
      const result = await product.grant(args.name, permissions, { command: 'bulkhead plugin grant', user: flags.user });
      if (!result.changed) product.log.write('info', `Plugin ${JSON.stringify(args.name)} already has ${permissions.join(', ')}`);
      return result;
    } catch (error) {
      throw within(`Failed to grant permissions to plugin ${JSON.stringify(args.name)}: `, error);
    }
  }
}
