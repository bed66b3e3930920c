import { Args, Flags } from '@oclif/core';
import { BulkheadCommand } from '../../../base-command.js';
import { within } from '../../../output/report.js';

export default class PluginKeysRemove extends BulkheadCommand {
  static override summary = 'Forget a key that was trusted or revoked';
  static override description =
    'What it has signed is untrusted from now on, as if the key had never been there. Where plugins of that key are to be refused, revoke it.';
  static override examples = ['bulkhead plugin keys remove site'];
  static override enableJsonFlag = true;
  static override hiddenAliases = ['plugins:keys:remove'];
  static override args = { key: Args.string({ required: true, ignoreStdin: true, description: 'its name or its fingerprint' }) };
  static override flags = { user: Flags.boolean({ summary: 'Among your own keys' }) };

  async run(): Promise<unknown> {
    const { args, flags } = await this.parse(PluginKeysRemove);
    const product = this.open(flags);
    try {
      return await product.keys.remove(args.key, { command: 'bulkhead plugin keys remove', user: flags.user });
    } catch (error) {
      throw within(`Failed to remove key ${JSON.stringify(args.key)}: `, error);
    }
  }
}
