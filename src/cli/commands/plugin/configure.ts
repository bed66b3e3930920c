import { Args, Flags } from '@oclif/core';
import { argumentsOf } from '../../arguments.js';
import { BulkheadCommand } from '../../base-command.js';
import { within } from '../../output/report.js';
import { saySettings } from '../../output/settings.js';

export default class PluginConfigure extends BulkheadCommand {
  static override summary = 'Set what can be set of an installed Bulkhead plugin';
  static override description =
    'Sets keys that the plugin declares, all at once or none; without any, shows them. A value must be what the plugin says that it is: a list is A,B,C, a map is K=V,K=V, and both may be JSON. It counts from the next command on and survives an upgrade where it still fits. Secrets are better given in a file: other users see command lines.';
  static override examples = [
    'bulkhead plugin configure example.com/plugin',
    'bulkhead plugin configure example.com/plugin server=https://log.example.com retries=3',
    'bulkhead plugin configure example.com/plugin --file settings.toml --unset retries',
  ];
  static override usage = 'plugin configure [FLAGS] NAME [KEY=VALUE...]';
  static override enableJsonFlag = true;
  static override hiddenAliases = ['plugins:configure'];
  static override strict = false;
  static override args = {
    name: Args.string({ required: true, ignoreStdin: true, description: 'name of the plugin' }),
    setting: Args.string({ ignoreStdin: true, description: 'KEY=VALUE; there may be several' }),
  };
  static override flags = {
    user: Flags.boolean({ summary: 'Only among your own plugins' }),
    file: Flags.string({ summary: 'Set what this file says, JSON or TOML', helpValue: 'FILE' }),
    unset: Flags.string({ summary: 'Take back what was set as KEY', multiple: true, multipleNonGreedy: true, helpValue: 'KEY' }),
    show: Flags.boolean({ summary: 'Show what is set, after all changes' }),
  };

  async run(): Promise<unknown> {
    const { args, flags, raw } = await this.parse(PluginConfigure);
    const set = argumentsOf(raw).slice(1);
    const product = this.open(flags);
    const isChange = set.length > 0 || flags.file !== undefined || flags.unset !== undefined;
    try {
      const request = { command: 'bulkhead plugin configure', user: flags.user, set, unset: flags.unset ?? [], file: flags.file };
      const result = isChange ? await product.configure(args.name, request) : await product.configuration(args.name);
      if (flags.show || !isChange)
        this.say(result.settings.length === 0 ? `Plugin "${args.name}" has nothing to configure.` : saySettings(result.settings));
      const needed = result.settings.filter(({ state }) => state === 'needed').map(({ key }) => key);
      if (isChange && needed.length > 0) product.log.write('warning', `Plugin "${args.name}" still needs ${needed.join(', ')}`);
      return result;
    } catch (error) {
      throw within(`Failed to configure plugin ${JSON.stringify(args.name)}: `, error);
    }
  }
}
