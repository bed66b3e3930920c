import { Args, Flags } from '@oclif/core';
import { BulkheadCommand } from '../../../base-command.js';
import { within } from '../../../output/report.js';

export default class PluginKeysGenerate extends BulkheadCommand {
  static override summary = 'Make a pair of keys to sign plugins with';
  static override description =
    'Writes PATH.key, the private key, for you alone (mode 0600), and PATH.pem, the public key, for those who are to trust you. Ed25519, in PEM. Never overwrites a file. Nobody trusts the new key before "plugin keys add".';
  static override examples = ['bulkhead plugin keys generate site'];
  static override enableJsonFlag = true;
  static override hiddenAliases = ['plugins:keys:generate'];
  static override args = { path: Args.string({ required: true, ignoreStdin: true, description: 'where to write, without an ending' }) };
  static override flags = {
    'passphrase-file': Flags.string({ summary: 'Encrypt the private key with the first line of this file', helpValue: 'FILE' }),
  };

  async run(): Promise<unknown> {
    const { args, flags } = await this.parse(PluginKeysGenerate);
    const product = this.open(flags);
    try {
      const result = await product.keys.generate(args.path, flags['passphrase-file']);
      product.log.write('info', `Private key: ${result.privateFile}; public key: ${result.publicFile}; ${result.fingerprint}`);
      return result;
    } catch (error) {
      throw within('Failed to make keys: ', error);
    }
  }
}
