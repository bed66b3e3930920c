import { Args, Flags } from '@oclif/core';
import { describeSignature } from '#wiring/wiring.js';
import { BulkheadCommand } from '../../base-command.js';
import { exitFatal, within } from '../../output/report.js';

export default class PluginVerify extends BulkheadCommand {
  static override summary = 'Say whether a Bulkhead plugin is signed, and by whom';
  static override description =
    'Exits with 0 only if the plugin is signed by a trusted key and holds nothing that the signature does not cover. States: signed, unsigned, untrusted (by a key that is not known), revoked (by a key that is trusted no more), modified (the file is not what was signed). No code of the plugin runs.';
  static override examples = ['bulkhead plugin verify example.com/plugin', 'bulkhead plugin verify --key author.pem ./my-plugin.sif'];
  static override enableJsonFlag = true;
  static override hiddenAliases = ['plugins:verify'];
  static override args = {
    plugin: Args.string({ required: true, ignoreStdin: true, description: 'name of an installed plugin, or a file' }),
  };
  static override flags = {
    key: Flags.string({
      char: 'k',
      summary: 'Trust this public key, and not those of this host',
      multiple: true,
      multipleNonGreedy: true,
      helpValue: 'FILE',
    }),
  };

  async run(): Promise<unknown> {
    const { args, flags } = await this.parse(PluginVerify);
    try {
      const result = await this.open(flags).verify(args.plugin, flags.key ?? []);
      this.say(`${result.name} ${result.version}: ${describeSignature(result)}`);
      for (const { id, format, problem } of result.signatures) if (problem !== undefined) this.say(`  object ${id}, ${format}: ${problem}`);
      if (result.state !== 'signed') process.exitCode = exitFatal;
      return result;
    } catch (error) {
      throw within(`Failed to verify plugin ${JSON.stringify(args.plugin)}: `, error);
    }
  }
}
