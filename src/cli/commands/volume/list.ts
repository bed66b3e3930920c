import { Flags } from '@oclif/core';
import { BulkheadCommand } from '../../base-command.js';

export default class VolumeList extends BulkheadCommand {
  static override summary = 'List named volumes';
  static override examples = ['bulkhead volume list', 'bulkhead volume list --json'];
  static override aliases = ['volume:ls'];
  static override enableJsonFlag = true;
  static override flags = { names: Flags.boolean({ summary: 'Print only names' }) };

  async run(): Promise<unknown> {
    const { flags } = await this.parse(VolumeList);
    const product = this.open(flags);
    const report = await (await product.volumes()).list();
    for (const { why } of report.problems) product.log.write('warning', why);
    const width = Math.max(4, ...report.volumes.map(({ name }) => name.length));
    if (!flags.names) this.say(`${'NAME'.padEnd(width)}  CREATED               USED BY`);
    for (const { name, createdAt, containers, users } of report.volumes) {
      const used = containers.join(', ') || (users > 0 ? 'a container that runs' : '');
      this.say(flags.names ? name : `${name.padEnd(width)}  ${createdAt.slice(0, 19)}Z  ${used}`.trimEnd());
    }
    return report;
  }
}
