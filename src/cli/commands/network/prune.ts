import { BulkheadCommand } from '../../base-command.js';

export default class NetworkPrune extends BulkheadCommand {
  static override summary = 'Remove all networks that no container names, and what killed containers left in networks';
  static override description = 'Says what it removed, one name a line. Needs root.';
  static override examples = ['bulkhead network prune'];
  static override enableJsonFlag = true;

  async run(): Promise<unknown> {
    const { flags } = await this.parse(NetworkPrune);
    const pruned = await (await this.open(flags).networks()).prune();
    for (const name of pruned.networks) this.say(name);
    return pruned;
  }
}
