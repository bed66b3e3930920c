import { Flags } from '@oclif/core';
import { BulkheadCommand } from '../base-command.js';
import { describeContainers } from '../output/containers.js';

export default class List extends BulkheadCommand {
  static override summary = 'List containers';
  static override description =
    'Lists your containers that run, the youngest first. What is shown is read from disk and held against the processes of this machine, each time. No code of a plugin runs.';
  static override examples = ['bulkhead list', 'bulkhead ps --all', 'bulkhead list --all --quiet', 'bulkhead list --json'];
  static override aliases = ['ps'];
  static override enableJsonFlag = true;
  static override flags = {
    all: Flags.boolean({ char: 'a', summary: 'Also those that were only created, and those that have stopped' }),
    quiet: Flags.boolean({ char: 'q', summary: 'Print only ids' }),
  };

  async run(): Promise<unknown> {
    const { flags } = await this.parse(List);
    const product = this.open(flags);
    const report = await (await product.containers()).list();
    const isShown = (status: string): boolean => flags.all || status === 'running' || status === 'starting';
    const containers = report.containers.filter(({ status }) => isShown(status));
    for (const { id, why } of report.problems) product.log.write('warning', `${why}; to remove it: bulkhead remove --force ${id}`);
    const lines = flags.quiet ? containers.map(({ id }) => id) : describeContainers(containers, Date.now());
    for (const line of lines) this.say(line);
    return { ...report, containers };
  }
}
