import { Args, Errors, Flags } from '@oclif/core';
import { BulkheadCommand } from '../../base-command.js';

export default class NetworkConnect extends BulkheadCommand {
  static override summary = 'Put a container that runs into a network';
  static override description =
    'Until it ends, or is disconnected. The container needs a network of its own: run it with "--network none" or with another network. With --plugin NETWORK can be left out: it is the network of that plugin, which is made where there is none. Needs root.';
  static override examples = [
    'bulkhead network connect web server',
    'bulkhead network connect web,ip=10.89.0.20 server',
    'bulkhead network connect --plugin bridge-network server',
  ];
  static override usage = 'network connect [FLAGS] [NETWORK] CONTAINER';
  static override args = {
    network: Args.string({ required: true, ignoreStdin: true, description: 'name of the network, and what the container wants of it' }),
    container: Args.string({ ignoreStdin: true, description: 'name or id of the container' }),
  };
  static override enableJsonFlag = true;
  static override flags = { plugin: Flags.string({ summary: 'What stands behind the network', helpValue: 'NAME' }) };

  async run(): Promise<unknown> {
    const { args, flags } = await this.parse(NetworkConnect);
    const { plugin } = flags;
    const [network, container] = args.container === undefined ? [undefined, args.network] : [args.network, args.container];
    if (network === undefined && plugin === undefined)
      throw new Errors.CLIError('It must be said which network and which container: network connect NETWORK CONTAINER');
    const connected = await (await this.open(flags).networks()).connect({ network, container, plugin });
    this.say([connected.network, ...connected.addresses].join(' '));
    return connected;
  }
}
