import { Args } from '@oclif/core';
import { BulkheadCommand } from '../../base-command.js';

export default class NetworkDisconnect extends BulkheadCommand {
  static override summary = 'Take a container that runs out of a network';
  static override description = 'Its interface, its address and the rules for it go; the container goes on. Needs root.';
  static override examples = ['bulkhead network disconnect web server'];
  static override usage = 'network disconnect [FLAGS] NETWORK CONTAINER';
  static override args = {
    network: Args.string({ required: true, ignoreStdin: true, description: 'name of the network' }),
    container: Args.string({ required: true, ignoreStdin: true, description: 'name or id of the container' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(NetworkDisconnect);
    const { network, container } = args;
    await (await this.open(flags).networks()).disconnect({ network, container });
    this.say(container);
  }
}
