import { Args, Flags } from '@oclif/core';
import { BulkheadCommand } from '../../../base-command.js';
import { within } from '../../../output/report.js';

export default class PluginKeysAdd extends BulkheadCommand {
  static override summary = 'Trust a public key to sign plugins';
  static override description =
    'For everybody (as root) or, with --user, for the plugins that you install for yourself. Compare the fingerprint with what its owner tells you by another way than the one by which the file came.';
  static override examples = ['bulkhead plugin keys add site.pem', 'bulkhead plugin keys add --user --name ann ann.pem'];
  static override enableJsonFlag = true;
  static override hiddenAliases = ['plugins:keys:add'];
  static override args = { file: Args.string({ required: true, ignoreStdin: true, description: 'the public key, in PEM' }) };
  static override flags = {
    user: Flags.boolean({ summary: 'For yourself only' }),
    name: Flags.string({ summary: 'What to call it; the name of the file where absent', helpValue: 'NAME' }),
  };

  async run(): Promise<unknown> {
    const { args, flags } = await this.parse(PluginKeysAdd);
    const product = this.open(flags);
    try {
      const result = await product.keys.add(args.file, { command: 'bulkhead plugin keys add', user: flags.user, name: flags.name });
      const { name, fingerprint } = result.key;
      product.log.write(
        'info',
        `${result.changed ? 'Plugins may be signed by' : 'There is already'} ${fingerprint}, ${JSON.stringify(name)}`,
      );
      return result;
    } catch (error) {
      throw within(`Failed to add key ${JSON.stringify(args.file)}: `, error);
    }
  }
}
