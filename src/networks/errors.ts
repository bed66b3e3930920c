/** All errors of networks. What a program said passes `cleanSaid` before it gets here. */
import { pluginError, userError, type BulkheadError } from '#base/errors.js';
import { escapeControls, shorten } from '#base/text.js';

export const networkErrors = {
  nameInvalid: (name: string, why: string): BulkheadError =>
    userError('NETWORK_NAME_INVALID', `Cannot call a network "${shorten(name, 100)}": invalid network name; it ${why}`, {
      hint: 'bulkhead network create web',
      data: { name: shorten(name, 100) },
    }),

  nameTaken: (name: string): BulkheadError =>
    userError('NETWORK_EXISTS', `Cannot create network ${name}: there is one of this name already`, {
      hint: `bulkhead network inspect ${name}`,
      data: { name },
    }),

  builtin: (name: string, verb: string): BulkheadError =>
    userError('NETWORK_BUILTIN', `Cannot ${verb} network ${name}: it is built in`, { hint: 'bulkhead network list', data: { name } }),

  notFound: (name: string): BulkheadError =>
    userError('NETWORK_NOT_FOUND', `network not found: ${name}`, {
      hint: `bulkhead network list; bulkhead network create ${name}`,
      data: { name },
    }),

  inUse: (name: string, users: readonly string[]): BulkheadError =>
    userError('NETWORK_IN_USE', `Cannot remove network ${name}: delete failed, it is in use by ${users.join(', ')}: ["${name}"]`, {
      hint: `bulkhead remove ${users[0] ?? 'CONTAINER'}`,
      data: { name, users },
    }),

  damaged: (name: string, why: string): BulkheadError =>
    userError('NETWORK_DAMAGED', `Cannot read network ${name}: ${why}`, {
      hint: 'look at it; bulkhead network list',
      data: { name, why },
    }),

  unsafe: (path: string, why: string): BulkheadError =>
    userError('NETWORKS_UNSAFE', `Cannot keep networks in ${path}: ${why}`, { hint: `ls -ld ${path}`, data: { path, why } }),

  busy: (waitMs: number): BulkheadError =>
    userError('NETWORKS_BUSY', `Cannot change networks: another command has been at it for ${Math.round(waitMs / 1000)} s`, {
      hint: 'wait for it, and try again',
    }),

  lockLost: (): BulkheadError =>
    userError('NETWORKS_LOCK_LOST', 'Cannot go on with networks: this command stood still for so long that another took over', {
      hint: 'try again',
    }),

  subnetInvalid: (subnet: string, why: string): BulkheadError =>
    userError('NETWORK_SUBNET_INVALID', `Cannot use subnet ${shorten(subnet, 100)}: ${why}`, {
      hint: 'bulkhead network create --subnet 10.89.7.0/24 web',
      data: { subnet: shorten(subnet, 100), why },
    }),

  subnetTaken: (subnet: string, by: string): BulkheadError =>
    userError('NETWORK_SUBNET_TAKEN', `Cannot use subnet ${subnet}: it overlaps that of ${by}`, {
      hint: 'bulkhead network list',
      data: { subnet, by },
    }),

  noSubnet: (pool: string): BulkheadError =>
    userError('NETWORK_NO_SUBNET', `Cannot choose a subnet: nothing of ${pool} is free`, {
      hint: 'bulkhead network create --subnet 10.200.0.0/24 web',
      data: { pool },
    }),

  optionInvalid: (flag: string, typed: string, why: string, example: string): BulkheadError =>
    userError('NETWORK_OPTION_INVALID', `Cannot read ${flag} "${shorten(typed, 100)}": ${why}`, {
      hint: example,
      data: { flag, typed: shorten(typed, 100) },
    }),

  needsRoot: (what: string): BulkheadError =>
    userError(
      'NETWORK_NEEDS_ROOT',
      `Cannot ${what}: only root can make interfaces of the host; a container of yours has the networks none and host`,
      {
        hint: 'bulkhead run --network none IMAGE   (a loopback alone), or --network host, which is what it has without the flag',
      },
    ),

  pluginMissing: (plugin: string): BulkheadError =>
    userError(
      'NETWORK_PLUGIN_MISSING',
      `unable to locate network plugin ${shorten(plugin, 100)}: none of this name is installed and enabled`,
      {
        hint: 'bulkhead network list --plugins',
        data: { plugin: shorten(plugin, 100) },
      },
    ),

  programMissing: (program: string, directories: readonly string[]): BulkheadError =>
    userError('CNI_PLUGIN_MISSING', `Cannot find the CNI plugin ${program} in ${directories.join(', ')}`, {
      hint: 'apt-get install containernetworking-plugins',
      data: { program, directories },
    }),

  programUnsafe: (path: string, why: string): BulkheadError =>
    userError('CNI_PLUGIN_UNSAFE', `Cannot run ${path}: ${why}`, { hint: `ls -l ${path}`, data: { path, why } }),

  /** `command`: ADD, CHECK or DEL. */
  cniFailed: (network: string, { program, command, why }: { program: string; command: string; why: string }): BulkheadError =>
    userError('CNI_FAILED', `Cannot use network ${network}: the CNI plugin ${program} failed at ${command}: ${why}`, {
      hint: `bulkhead network inspect ${network}`,
      data: { network, program, command, why },
    }),

  rulesFailed: (network: string, why: string): BulkheadError =>
    userError('NETWORK_RULES_FAILED', `Cannot set the packet filter for network ${network}: ${why}`, {
      hint: 'iptables --wait 5 --list-rules',
      data: { network, why },
    }),

  portTaken: (port: string, container: string): BulkheadError =>
    userError('NETWORK_PORT_TAKEN', `Cannot publish ${port}: container ${container} has it`, {
      hint: `bulkhead stop ${container}`,
      data: { port, container },
    }),

  notOwn: (networks: readonly string[]): BulkheadError =>
    userError('NETWORK_NOT_OWN', `Cannot join network ${networks.join(', ')}: the container was given the host's network`, {
      hint: 'bulkhead run --network none …   (a network namespace of its own, to which networks can be connected)',
      data: { networks },
    }),

  containerGone: (container: string): BulkheadError =>
    userError('NETWORK_CONTAINER_GONE', `Cannot attach container ${container}: it has ended`, {
      hint: 'bulkhead list --all',
      data: { container },
    }),

  pluginDisabled: (plugin: string, installed: string): BulkheadError =>
    userError('NETWORK_PLUGIN_DISABLED', `Cannot use network plugin ${plugin}: plugin "${installed}" provides it, and is disabled`, {
      hint: `bulkhead plugin enable ${installed}`,
      data: { plugin, installed },
    }),

  /** The plugin's own words; its name stands before them. */
  declined: (plugin: string, network: string, why: string): BulkheadError =>
    pluginError(
      'NETWORK_DECLINED',
      `Network plugin ${plugin} does not do this for network ${network}: ${escapeControls(shorten(why, 500))}`,
      {
        hint: `bulkhead network inspect ${network}`,
        data: { plugin, network },
      },
    ),

  /** What it wants CNI to do is more than it may, or cannot be done. */
  planRefused: (plugin: string, why: string): BulkheadError =>
    pluginError('NETWORK_PLAN_REFUSED', `Cannot attach the container as network plugin ${plugin} says: ${why}`, {
      hint: 'bulkhead network list --plugins; bulkhead plugin permissions NAME',
      data: { plugin, why },
    }),

  wishIgnored: (network: string, wish: string): BulkheadError =>
    userError('NETWORK_WISH_IGNORED', `Cannot join network ${network} with ${wish}: what stands behind it gave the container another one`, {
      hint: `bulkhead run --network ${network} …`,
      data: { network, wish },
    }),

  addressTaken: (network: string, address: string, container: string): BulkheadError =>
    userError('NETWORK_ADDRESS_TAKEN', `Cannot join network ${network} as ${address}: container ${container} has this address`, {
      hint: `bulkhead network inspect ${network}`,
      data: { network, address, container },
    }),

  pluginAmbiguous: (plugin: string, networks: readonly string[]): BulkheadError =>
    userError('NETWORK_PLUGIN_AMBIGUOUS', `Cannot tell which network of plugin ${plugin} is meant: there are ${networks.join(', ')}`, {
      hint: `bulkhead network connect ${networks[0] ?? 'NETWORK'} CONTAINER`,
      data: { plugin, networks },
    }),

  otherPlugin: (network: string, plugin: string, wanted: string): BulkheadError =>
    userError('NETWORK_PLUGIN_DIFFERS', `Cannot connect to network ${network} of plugin ${wanted}: plugin ${plugin} stands behind it`, {
      hint: `bulkhead network connect ${network} CONTAINER`,
      data: { network, plugin, wanted },
    }),

  notAttached: (network: string, container: string): BulkheadError =>
    userError('NETWORK_NOT_ATTACHED', `Cannot disconnect container ${container}: it is not in network ${network}`, {
      hint: `bulkhead network inspect ${network}`,
      data: { network, container },
    }),

  stays: (network: string, container: string, why: string): BulkheadError =>
    userError('NETWORK_STAYS_ATTACHED', `Cannot take container ${container} out of network ${network}: ${why}`, {
      hint: `bulkhead network inspect ${network}`,
      data: { network, container },
    }),

  attachedAlready: (network: string, container: string): BulkheadError =>
    userError('NETWORK_ATTACHED', `Cannot attach container ${container}: it is in network ${network} already`, {
      hint: `bulkhead network inspect ${network}`,
      data: { network, container },
    }),
};

/** What a program said of itself, as one line that no terminal acts on. */
export function cleanSaid(said: string): string {
  return shorten(escapeControls(said.trim().replaceAll(/\s+/g, ' ')), 500);
}
