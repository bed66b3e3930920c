import { Flags } from '@oclif/core';
import { BulkheadCommand } from '../base-command.js';
import { describeContainers } from '../output/containers.js';

export default class List extends BulkheadCommand {
  static override summary = 'List containers';
  static override description =
    'Lists your containers that run, the youngest first. What is shown is read from disk and held against the processes of this machine, each time. No code of a plugin runs.';
  static override examples = [
    'bulkhead list',
    'bulkhead ps --all',
    'bulkhead list --all --quiet',
    'bulkhead list --json',
    'bulkhead list --filter label=job=4711',
  ];
  static override aliases = ['ps'];
  static override enableJsonFlag = true;
  static override flags = {
    all: Flags.boolean({ char: 'a', summary: 'Also those that were only created, and those that have stopped' }),
    quiet: Flags.boolean({ char: 'q', summary: 'Print only ids' }),
    filter: Flags.string({
      char: 'f',
      summary: 'Only those with this label, with this in their name, or in this state',
      multiple: true,
      multipleNonGreedy: true,
      helpValue: 'label=KEY[=VALUE]|name=PART|status=STATUS',
    }),
  };

  async run(): Promise<unknown> {
    const { flags } = await this.parse(List);
    const product = this.open(flags);
    const report = await (await product.containers()).list({ filters: flags.filter ?? [], all: flags.all });
    for (const { id, why } of report.problems) product.log.write('warning', `${why}; to remove it: bulkhead remove --force ${id}`);
    const lines = flags.quiet ? report.containers.map(({ id }) => id) : describeContainers(report.containers, Date.now());
    for (const line of lines) this.say(line);
    return report;
  }
}
