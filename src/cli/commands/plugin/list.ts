import { Flags } from '@oclif/core';
import { BulkheadCommand } from '../../base-command.js';
import { describePlugins, describePluginsAtLength } from '../../output/plugins.js';

export default class PluginList extends BulkheadCommand {
  static override summary = 'List installed Bulkhead plugins';
  static override description =
    'Lists the plugins that are installed on this host, for all users and for yourself, and the bundles that are placed there. What cannot be used is said on standard error. No code of a plugin runs.';
  static override examples = ['bulkhead plugin list', 'bulkhead plugin list --long', 'bulkhead plugin list --json'];
  static override enableJsonFlag = true;
  static override hiddenAliases = ['plugins:list'];
  static override flags = {
    long: Flags.boolean({ char: 'l', summary: 'Also version, kind, what it offers, whose it is, and what its service does' }),
  };

  async run(): Promise<unknown> {
    const { flags } = await this.parse(PluginList);
    const product = this.open(flags);
    const { plugins, bundles, problems } = await product.list();
    for (const { reason, hint } of problems) product.log.write('warning', hint === undefined ? reason : `${reason}; to mend it: ${hint}`);
    const describe = flags.long ? describePluginsAtLength : describePlugins;
    if (plugins.length + bundles.length === 0) this.log('There are no plugins installed.');
    else this.log(describe(plugins, bundles).join('\n'));
    return { plugins, bundles, problems };
  }
}
