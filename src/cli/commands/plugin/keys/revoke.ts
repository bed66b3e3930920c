import { Args, Flags } from '@oclif/core';
import { BulkheadCommand } from '../../../base-command.js';
import { within } from '../../../output/report.js';

export default class PluginKeysRevoke extends BulkheadCommand {
  static override summary = 'Trust a key no more, and refuse what it has signed';
  static override description =
    'The key stays in the list as revoked. A plugin that only revoked keys have signed is refused at install and at each load.';
  static override examples = ['bulkhead plugin keys revoke site'];
  static override enableJsonFlag = true;
  static override hiddenAliases = ['plugins:keys:revoke'];
  static override args = { key: Args.string({ required: true, ignoreStdin: true, description: 'its name or its fingerprint' }) };
  static override flags = { user: Flags.boolean({ summary: 'Among your own keys' }) };

  async run(): Promise<unknown> {
    const { args, flags } = await this.parse(PluginKeysRevoke);
    const product = this.open(flags);
    try {
      const result = await product.keys.revoke(args.key, { command: 'bulkhead plugin keys revoke', user: flags.user });
      if (!result.changed) product.log.write('info', `Key ${JSON.stringify(args.key)} is already revoked`);
      return result;
    } catch (error) {
      throw within(`Failed to revoke key ${JSON.stringify(args.key)}: `, error);
    }
  }
}
