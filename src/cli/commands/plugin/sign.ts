import { Args, Flags } from '@oclif/core';
import { BulkheadCommand } from '../../base-command.js';
import { within } from '../../output/report.js';

export default class PluginSign extends BulkheadCommand {
  static override summary = 'Sign a compiled Bulkhead plugin';
  static override description =
    'Adds a signature to the file, as "apptainer sign --key" does and "apptainer verify --key" accepts. The key is a private key in PEM, best Ed25519, such as "plugin keys generate" makes; ECDSA and RSA keys are taken, too. Give your users the public key.';
  static override examples = ['bulkhead plugin sign --key site.key my-plugin.sif'];
  static override enableJsonFlag = true;
  static override hiddenAliases = ['plugins:sign'];
  static override args = { file: Args.string({ required: true, ignoreStdin: true, description: 'file that "plugin compile" has built' }) };
  static override flags = {
    key: Flags.string({ char: 'k', required: true, summary: 'The private key, in PEM', helpValue: 'FILE' }),
    'passphrase-file': Flags.string({ summary: 'A file whose first line is the passphrase of the key', helpValue: 'FILE' }),
  };

  async run(): Promise<unknown> {
    const { args, flags } = await this.parse(PluginSign);
    const product = this.open(flags);
    try {
      const result = await product.sign(args.file, { key: flags.key, passphraseFile: flags['passphrase-file'] });
      product.log.write('info', `Signed ${result.path} with ${result.fingerprint}`);
      return result;
    } catch (error) {
      throw within(`Failed to sign plugin ${JSON.stringify(args.file)}: `, error);
    }
  }
}
