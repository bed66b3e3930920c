import { BulkheadCommand } from '../../base-command.js';

export default class VolumePrune extends BulkheadCommand {
  static override summary = 'Remove all named volumes that no container names';
  static override description = 'Says what it removed, one name a line. What is in them is gone.';
  static override examples = ['bulkhead volume prune'];
  static override enableJsonFlag = true;

  async run(): Promise<unknown> {
    const { flags } = await this.parse(VolumePrune);
    const removed = await (await this.open(flags).volumes()).prune();
    for (const name of removed) this.say(name);
    return { removed };
  }
}
