/**
 * What somebody else than Bulkhead wants CNI plugins to do, as a list that may be run as root: paths, names of bridges and addresses of
 * the host are not theirs to say. A bridge of the network's own has addresses of the network's subnet and no others.
 *
 *      bridge                  the network's own bridge, with the host in it (unless internal), and rules of the packet filter
 *      bridge on br-lan,       what the operator made and granted: any addresses, nothing of the host's is changed
 *      macvlan, ipvlan
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { NetworkWish } from '../request.js';
import type { CniConfig, NetworkPlace, NetworkRecord, PublishedPort } from '../shapes.js';
import { networkPath } from '../store.js';
import { holdsHost, parseSubnet } from '../subnet.js';
import { bridgeName, composePortmap } from './bridge.js';

interface Route {
  readonly dst: string;
  readonly gw?: string | undefined;
}

type Addresses =
  | {
      readonly type: 'host-local';
      readonly ranges?:
        | readonly (readonly {
            readonly subnet: string;
            readonly rangeStart?: string | undefined;
            readonly rangeEnd?: string | undefined;
            readonly gateway?: string | undefined;
          }[])[]
        | undefined;
      readonly routes?: readonly Route[] | undefined;
    }
  | {
      readonly type: 'static';
      readonly addresses: readonly { readonly address: string; readonly gateway?: string | undefined }[];
      readonly routes?: readonly Route[] | undefined;
    };

interface Shared {
  readonly mtu?: number | undefined;
  readonly ipam?: Addresses | undefined;
}

type Bridge = { readonly type: 'bridge'; readonly bridge?: string | undefined; readonly vlan?: number | undefined } & Shared;
type Branch = { readonly type: 'macvlan' | 'ipvlan'; readonly master: string; readonly mode?: string | undefined } & Shared;
type Maker = Bridge | Branch;

/** Structurally the contract's: keys of CNI plugins that mean something here. */
export type PlannedPlugin =
  | Maker
  | { readonly type: 'portmap'; readonly snat?: boolean | undefined }
  | {
      readonly type: 'bandwidth';
      readonly ingressRate?: number | undefined;
      readonly ingressBurst?: number | undefined;
      readonly egressRate?: number | undefined;
      readonly egressBurst?: number | undefined;
    };

export interface PlanSubject {
  readonly network: NetworkRecord;
  readonly wish: NetworkWish;
  readonly ports: readonly PublishedPort[];
  /** Why the plan cannot be carried out; the error of whoever wanted it. */
  readonly refuse: (why: string) => Error;
}

/** Throws `refuse` where it must not, or could not, be run. */
export function composePlan(place: NetworkPlace, planned: readonly PlannedPlugin[], subject: PlanSubject): CniConfig[] {
  const { ports, refuse } = subject;
  const [first, ...others] = planned;
  if (first === undefined || !isMaker(first)) throw refuse('the first CNI plugin must be bridge, macvlan or ipvlan');
  const list = [first.type === 'bridge' ? composeBridge(place, first, subject) : composeBranch(place, first, subject)];
  for (const plugin of others) {
    if (isMaker(plugin)) throw refuse(`${plugin.type} can only be the first CNI plugin`);
    if (list.some(({ type }) => type === plugin.type)) throw refuse(`it names ${plugin.type} twice`);
    if (plugin.type === 'bandwidth') list.push({ ...plugin });
    else if (ports.length > 0) list.push(composePortmap(ports, plugin.snat));
  }
  if (ports.length > 0 && !others.some(({ type }) => type === 'portmap')) throw refuse('it publishes no ports');
  return list;
}

/** What of it must have been granted: `bridge`, `bridge:br-lan`, `macvlan:eth0`, `portmap`, `host-local`, … */
export function namesOfPlan(planned: readonly PlannedPlugin[]): string[] {
  return [
    ...new Set(
      planned.flatMap((plugin) => {
        if (!isMaker(plugin)) return [plugin.type];
        const on = plugin.type === 'bridge' ? plugin.bridge : plugin.master;
        return [on === undefined ? plugin.type : `${plugin.type}:${on}`, ...(plugin.ipam === undefined ? [] : [plugin.ipam.type])];
      }),
    ),
  ];
}

function isMaker(plugin: PlannedPlugin): plugin is Maker {
  return plugin.type === 'bridge' || plugin.type === 'macvlan' || plugin.type === 'ipvlan';
}

function composeBridge(place: NetworkPlace, { bridge, vlan, mtu, ipam }: Bridge, subject: PlanSubject): CniConfig {
  const { network, refuse } = subject;
  if (bridge !== undefined) {
    // CNI's bridge makes one that is missing, and nobody would remove it.
    if (!existsSync(`/sys/class/net/${bridge}/bridge`)) throw refuse(`${bridge} is no bridge of this machine`);
    requireOutside(network, refuse);
    return { type: 'bridge', bridge, isGateway: false, ...given({ vlan }), ...shared(place, { mtu, ipam }, subject) };
  }
  if (vlan !== undefined) throw refuse("a VLAN needs a bridge that is there; the network's own has none");
  const addresses = ipam ?? { type: 'host-local' };
  requireOwnAddresses(addresses, network, refuse);
  return {
    ...{ type: 'bridge', bridge: bridgeName(place, network.name), isGateway: !network.internal, hairpinMode: true },
    ...shared(place, { mtu, ipam: withWayOut(withGateway(addresses, network), network) }, subject),
  };
}

function composeBranch(place: NetworkPlace, { type, master, mode, ...rest }: Branch, subject: PlanSubject): CniConfig {
  const { network, refuse } = subject;
  if (!existsSync(`/sys/class/net/${master}`)) throw refuse(`this machine has no interface ${master}`);
  requireOutside(network, refuse);
  return { type, master, ...given({ mode }), ...shared(place, rest, subject) };
}

function shared(place: NetworkPlace, { mtu, ipam }: Shared, { network, wish }: PlanSubject): Record<string, unknown> {
  const files = ipam?.type === 'host-local' ? { dataDir: join(networkPath(place, network.name), 'ipam') } : {};
  const own = ipam?.type === 'host-local' && ipam.ranges === undefined ? { ranges: [[rangeOf(network)]] } : {};
  return { ...given({ mtu: mtu ?? wish.mtu }), ipam: ipam === undefined ? {} : { ...ipam, ...own, ...files } };
}

/** The host can keep nobody from leaving by an interface of its own. */
function requireOutside({ internal }: NetworkRecord, refuse: PlanSubject['refuse']): void {
  if (internal) throw refuse('the network is internal, and an interface of the host leads out of it');
}

/** The host gets an address on the bridge, and with it a route: to the network's own subnet, and nowhere else. */
function requireOwnAddresses(ipam: Addresses, network: NetworkRecord, refuse: PlanSubject['refuse']): void {
  const { subnet, gateway } = network;
  if (subnet === undefined) throw refuse("a bridge of the network's own needs a subnet, and the network has none");
  const requireGateway = (own: string | undefined): void => {
    if (own !== undefined && own !== gateway) throw refuse(`${own} is not the gateway of the network, which is ${gateway ?? 'missing'}`);
  };
  if (ipam.type === 'host-local') {
    for (const range of ipam.ranges?.flat() ?? []) {
      if (range.subnet !== subnet) throw refuse(`${range.subnet} is not the subnet of the network, which is ${subnet}`);
      requireGateway(range.gateway);
    }
    return;
  }
  const { prefix } = parseSubnet(subnet);
  for (const { address, gateway: own } of ipam.addresses) {
    const [ip = '', bits] = address.split('/');
    if (bits !== String(prefix) || ip === gateway || !holdsHost(parseSubnet(subnet), ip))
      throw refuse(`${address} is no address that a container can have in ${subnet}`);
    requireGateway(own);
  }
}

/** Without one bridge would take the first address of the subnet, whatever the network's is. */
function withGateway(ipam: Addresses, { gateway }: NetworkRecord): Addresses {
  if (ipam.type === 'host-local') return { ...ipam, ranges: ipam.ranges?.map((set) => set.map((range) => ({ ...range, gateway }))) };
  return { ...ipam, addresses: ipam.addresses.map(({ address }) => ({ address, gateway })) };
}

function withWayOut(ipam: Addresses, { internal, gateway }: NetworkRecord): Addresses {
  if (internal) return { ...ipam, routes: [] };
  if (ipam.routes !== undefined) return ipam;
  // host-local's ranges say by which gateway; what is static does not have to.
  return { ...ipam, routes: [ipam.type === 'static' ? { dst: '0.0.0.0/0', gw: gateway } : { dst: '0.0.0.0/0' }] };
}

function rangeOf({ subnet, gateway }: NetworkRecord): Record<string, unknown> {
  return given({ subnet, gateway });
}

function given(values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}
