import { Args, Flags } from '@oclif/core';
import { BulkheadCommand } from '../../base-command.js';
import { isInteractive } from '../../output/ask.js';
import { askConsent } from '../../output/consent.js';
import { within } from '../../output/report.js';

export default class PluginInstall extends BulkheadCommand {
  static override summary = 'Install a compiled Bulkhead plugin';
  static override description =
    'Checks the file and its contract, asks for the permissions that the plugin names, and installs it for all users (as root) or, with --user, for yourself. No code of the plugin runs, unless it has an install callback: that is asked before the plugin counts, and where it fails nothing is installed. Another version of a plugin that is there already is for "plugin upgrade"; the same file again mends an installation.';
  static override examples = [
    'bulkhead plugin install $HOME/my-plugin/my-plugin.sif',
    'bulkhead plugin install --user --grant config:mounts --grant env:SLURM_JOB_ID scratch.sif',
  ];
  static override enableJsonFlag = true;
  static override hiddenAliases = ['plugins:install'];
  static override args = { file: Args.string({ required: true, ignoreStdin: true, description: 'file that "plugin compile" has built' }) };
  static override flags = {
    user: Flags.boolean({ summary: 'Install for yourself only' }),
    grant: Flags.string({
      summary: 'Grant this permission, and of the others that are new none',
      multiple: true,
      multipleNonGreedy: true,
      helpValue: 'PERMISSION',
      exclusive: ['grant-all'],
    }),
    set: Flags.string({ summary: 'Set what can be set of the plugin', multiple: true, multipleNonGreedy: true, helpValue: 'KEY=VALUE' }),
    'grant-all': Flags.boolean({ summary: 'Grant every permission that the plugin names and the policy of this host allows' }),
    required: Flags.boolean({ summary: 'A run stops whenever this plugin fails, is late or is refused', exclusive: ['optional'] }),
    isolation: Flags.option({
      summary: 'What it runs in. Without this: a process if it asks for env, files or the like, otherwise a thread',
      options: ['thread', 'process'] as const,
    })(),
    optional: Flags.boolean({ summary: 'A run goes on without this plugin when it fails, is late or is refused' }),
  };

  async run(): Promise<unknown> {
    const { args, flags } = await this.parse(PluginInstall);
    const product = this.open(flags);
    try {
      return await product.install(args.file, {
        command: 'bulkhead plugin install',
        user: flags.user,
        grants: flags['grant-all'] ? 'all' : flags.grant,
        onFailure: flags.required ? 'required' : flags.optional ? 'optional' : 'default',
        isolation: flags.isolation ?? 'default',
        set: flags.set ?? [],
        consent: isInteractive() ? askConsent : undefined,
      });
    } catch (error) {
      throw within(`Failed to install plugin ${JSON.stringify(args.file)}: `, error);
    }
  }
}
