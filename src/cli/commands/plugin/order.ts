import { Flags } from '@oclif/core';
import { argumentsOf } from '../../arguments.js';
import { BulkheadCommand } from '../../base-command.js';
import { within } from '../../output/report.js';

export default class PluginOrder extends BulkheadCommand {
  static override summary = 'Show or set the order in which plugins are asked';
  static override description =
    'Without names it shows the order in which the enabled plugins are asked. With names it sets their order, which stands above the wishes of their manifests; where two of them set the same field of a container to different values, the later one has it, which is an error otherwise. Plugins that are not named keep their place. No code of a plugin runs.';
  static override examples = [
    'bulkhead plugin order',
    'bulkhead plugin order example.com/defaults example.com/site',
    'bulkhead plugin order --clear',
  ];
  static override usage = 'plugin order [NAME...] [FLAGS]';
  static override enableJsonFlag = true;
  static override hiddenAliases = ['plugins:order'];
  static override strict = false;
  static override flags = {
    user: Flags.boolean({ summary: 'Only among your own plugins' }),
    clear: Flags.boolean({ summary: 'Forget the order' }),
  };

  async run(): Promise<unknown> {
    const { flags, raw } = await this.parse(PluginOrder);
    const names = argumentsOf(raw);
    if (flags.clear && names.length > 0) this.error('--clear forgets the order: it takes no names', { exit: 1 });
    const product = this.open(flags);
    try {
      const isChange = flags.clear || names.length > 0;
      const report = isChange
        ? await product.setOrder(names, { command: 'bulkhead plugin order', user: flags.user })
        : await product.order();
      if (report.plugins.length === 0) this.log('There are no enabled plugins.');
      for (const name of report.plugins) this.say(name);
      return report;
    } catch (error) {
      throw within('Failed to order plugins: ', error);
    }
  }
}
