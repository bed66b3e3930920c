import { Flags } from '@oclif/core';
import { BulkheadCommand } from '../base-command.js';

export default class Prune extends BulkheadCommand {
  static override summary = 'Remove all containers that do not run, and what killed ones left';
  static override description =
    'Also those that were only created. Says what it removed, one id a line. Images are not touched, nor anything of a container that runs; volumes only where that is said.';
  static override examples = ['bulkhead prune', 'bulkhead prune --volumes'];
  static override enableJsonFlag = true;
  static override flags = {
    volumes: Flags.boolean({ summary: 'Also named volumes that no container is left to name, with all that is in them' }),
  };

  async run(): Promise<unknown> {
    const { flags } = await this.parse(Prune);
    const product = this.open(flags);
    const report = await (await product.containers()).prune();
    for (const { id, why } of report.problems) product.log.write('warning', `${why}; to remove it: bulkhead remove --force ${id}`);
    for (const id of report.containers) this.say(`container ${id}`);
    for (const id of report.sessions) this.say(`session ${id}`);
    for (const directory of report.controlGroups) this.say(`control group ${directory}`);
    const volumes = flags.volumes ? await (await product.volumes()).prune() : [];
    for (const name of volumes) this.say(`volume ${name}`);
    return { ...report, volumes };
  }
}
