import { Flags } from '@oclif/core';
import { BulkheadCommand } from '../../base-command.js';
import { describeTable } from '../../output/table.js';
import type { NetworkPlugin } from '#wiring/wiring.js';

export default class NetworkList extends BulkheadCommand {
  static override summary = 'List networks';
  static override description = 'With --quiet only their names.';
  static override examples = ['bulkhead network list', 'bulkhead network list --json', 'bulkhead network list --plugins'];
  static override aliases = ['network:ls'];
  static override enableJsonFlag = true;
  static override flags = { plugins: Flags.boolean({ summary: 'List what can stand behind a network instead' }) };

  async run(): Promise<unknown> {
    const { flags } = await this.parse(NetworkList);
    const product = this.open(flags);
    if (flags.plugins) return this.listPlugins(await (await product.networks()).plugins(), flags.quiet);
    const report = await (await product.networks()).list();
    for (const { why } of report.problems) product.log.write('warning', why);
    const rows = report.networks.map(({ name, plugin = 'built in', subnet = '', internal, builtin, containers, attachments }) => {
      const users = new Set([...containers, ...attachments.map((one) => one.name ?? one.container)]);
      return flags.quiet ? [name] : [name, plugin, internal && !builtin ? `${subnet} (internal)`.trim() : subnet, [...users].join(', ')];
    });
    for (const line of describeTable(flags.quiet ? rows : [['NETWORK', 'PLUGIN', 'SUBNET', 'USED BY'], ...rows])) this.log(line.trimEnd());
    return report;
  }

  private listPlugins(plugins: readonly NetworkPlugin[], quiet: boolean): unknown {
    const rows = plugins.map(({ name, kind, installed, enabled, networks }) => {
      const described = [kind, installed, enabled ? undefined : '(disabled)'].filter((part) => part !== undefined).join(' ');
      return quiet ? [name] : [name, described, networks.join(', ')];
    });
    for (const line of describeTable(quiet ? rows : [['NETWORK PLUGIN', 'KIND', 'NETWORKS'], ...rows])) this.log(line.trimEnd());
    return { plugins };
  }
}
