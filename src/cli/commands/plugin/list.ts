import { BulkheadCommand } from '../../base-command.js';

export default class PluginList extends BulkheadCommand {
  static override summary = 'List installed Bulkhead plugins';
  static override description =
    'Lists the plugins that are installed on this host, for all users and for yourself. What cannot be used is said on standard error. No code of a plugin runs.';
  static override examples = ['bulkhead plugin list', 'bulkhead plugin list --json'];
  static override enableJsonFlag = true;
  static override hiddenAliases = ['plugins:list'];

  async run(): Promise<unknown> {
    const { flags } = await this.parse(PluginList);
    const product = this.open(flags);
    const { plugins, problems } = await product.list();
    for (const { reason, hint } of problems) product.log.write('warning', hint === undefined ? reason : `${reason}; to mend it: ${hint}`);
    if (plugins.length === 0) this.log('There are no plugins installed.');
    else this.log('ENABLED  NAME');
    for (const { name, enabled } of plugins) this.say(`${(enabled ? 'yes' : 'no').padStart(7)}  ${name}`);
    return { plugins, problems };
  }
}
