import { Args, Flags } from '@oclif/core';
import { BulkheadCommand } from '../../base-command.js';
import { askConsent } from '../../output/consent.js';
import { isInteractive } from '../../output/ask.js';
import { within } from '../../output/report.js';

export default class PluginUpgrade extends BulkheadCommand {
  static override summary = 'Put another version of an installed Bulkhead plugin in its place';
  static override description =
    'PLUGIN is a file that "plugin compile" has built or, by name, an installed plugin whose file is read again from where it was installed. The plugin stays enabled or disabled and keeps the permissions that it has and still asks for; only new ones are asked. Its upgrade callback, where it has one, is asked before the new version counts, and where that fails the old one stays.';
  static override examples = ['bulkhead plugin upgrade ./my-plugin-2.0.0.sif', 'bulkhead plugin upgrade example.com/plugin'];
  static override enableJsonFlag = true;
  static override hiddenAliases = ['plugins:upgrade'];
  static override args = {
    plugin: Args.string({ required: true, ignoreStdin: true, description: 'file, or name of an installed plugin' }),
  };
  static override flags = {
    user: Flags.boolean({ summary: 'Only among your own plugins' }),
    force: Flags.boolean({ summary: 'Also to an older version' }),
    grant: Flags.string({
      summary: 'Grant this permission, and of the others that are new none',
      multiple: true,
      multipleNonGreedy: true,
      helpValue: 'PERMISSION',
      exclusive: ['grant-all'],
    }),
    set: Flags.string({ summary: 'Set what can be set of the plugin', multiple: true, multipleNonGreedy: true, helpValue: 'KEY=VALUE' }),
    'grant-all': Flags.boolean({ summary: 'Grant every permission that the plugin names and the policy of this host allows' }),
    required: Flags.boolean({
      summary: 'From now on a run stops whenever this plugin fails, is late or is refused',
      exclusive: ['optional'],
    }),
    optional: Flags.boolean({ summary: 'From now on a run goes on without this plugin when it fails, is late or is refused' }),
    isolation: Flags.option({ summary: 'What it runs in from now on', options: ['thread', 'process'] as const })(),
  };

  async run(): Promise<unknown> {
    const { args, flags } = await this.parse(PluginUpgrade);
    const product = this.open(flags);
    try {
      const result = await product.upgrade(args.plugin, {
        command: 'bulkhead plugin upgrade',
        user: flags.user,
        force: flags.force,
        grants: flags['grant-all'] ? 'all' : flags.grant,
        onFailure: flags.required ? 'required' : flags.optional ? 'optional' : undefined,
        isolation: flags.isolation,
        set: flags.set ?? [],
        consent: isInteractive() ? askConsent : undefined,
      });
      const { name, from, to, changed } = result;
      product.log.write(
        'info',
        changed ? `Plugin "${name}" upgraded from ${from} to ${to}` : `Plugin "${name}" is already at this file, ${to}`,
      );
      return result;
    } catch (error) {
      throw within(`Failed to upgrade plugin ${JSON.stringify(args.plugin)}: `, error);
    }
  }
}
