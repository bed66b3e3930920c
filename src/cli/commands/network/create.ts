import { Args, Flags } from '@oclif/core';
import { BulkheadCommand } from '../../base-command.js';

const several = { multiple: true, multipleNonGreedy: true } as const;

export default class NetworkCreate extends BulkheadCommand {
  static override summary = 'Make a network that containers can be in';
  static override description =
    'For "run --network NAME": containers of one network reach each other, each under an address of its own. Needs root. Without --subnet a range is chosen that nothing else has.';
  static override examples = [
    'bulkhead network create web',
    'bulkhead network create --subnet 10.89.7.0/24 --internal --option mtu=1450 backend',
    'bulkhead run --network web ./rootfs',
  ];
  static override usage = 'network create [FLAGS] NAME';
  static override args = { name: Args.string({ required: true, ignoreStdin: true, description: 'name of the network' }) };
  static override enableJsonFlag = true;
  static override flags = {
    plugin: Flags.string({ summary: 'What stands behind it; cni where absent', helpValue: 'NAME' }),
    subnet: Flags.string({ summary: 'Addresses of the network', helpValue: 'ADDRESS/BITS' }),
    gateway: Flags.string({ summary: 'Address of the host in it; the first where absent', helpValue: 'ADDRESS' }),
    internal: Flags.boolean({ summary: 'Its members reach each other and nobody else' }),
    label: Flags.string({ ...several, summary: 'Kept with it, for you', helpValue: 'K=V' }),
    option: Flags.string({ ...several, summary: 'For the plugin; of cni: mtu=BYTES, masquerade=false', helpValue: 'K=V' }),
  };

  async run(): Promise<unknown> {
    const { args, flags } = await this.parse(NetworkCreate);
    const { plugin, subnet, gateway, label: labels = [], option: options = [] } = flags;
    // oclif gives nothing for a flag that was not given, whatever its types say.
    const internal = Boolean(flags.internal);
    const networks = await this.open(flags).networks();
    const network = await networks.create({ name: args.name, plugin, subnet, gateway, internal, labels, options });
    this.say(network.name);
    return network;
  }
}
