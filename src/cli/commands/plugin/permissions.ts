import { Args } from '@oclif/core';
import { BulkheadCommand } from '../../base-command.js';
import { sayPermissions } from '../../output/permissions.js';
import { within } from '../../output/report.js';

export default class PluginPermissions extends BulkheadCommand {
  static override summary = 'Show what a plugin asks for, what it was granted, and what the policy denies';
  static override description =
    'One line per permission, as "plugin grant" and "plugin revoke" take them. What the policy of this host denies has no effect, granted or not; the rule is shown. No code of the plugin runs.';
  static override examples = ['bulkhead plugin permissions example.com/plugin'];
  static override enableJsonFlag = true;
  static override hiddenAliases = ['plugins:permissions'];
  static override args = { name: Args.string({ required: true, ignoreStdin: true, description: 'name of the plugin' }) };

  async run(): Promise<unknown> {
    const { args, flags } = await this.parse(PluginPermissions);
    const product = this.open(flags);
    try {
      const report = await product.permissions(args.name);
      if (report.denied !== undefined) product.log.write('warning', `The policy of this host denies the plugin: ${report.denied.rule}`);
      if (report.permissions.length === 0) this.say(`Plugin ${JSON.stringify(args.name)} asks for no permissions.`);
      else this.say(sayPermissions(report.permissions));
      return report;
    } catch (error) {
      throw within(`Failed to show the permissions of plugin ${JSON.stringify(args.name)}: `, error);
    }
  }
}
