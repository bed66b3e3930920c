/**
 * What a plugin that stands behind networks is asked, and what it answers. It touches no network itself: it says with which CNI plugins
 * of the host a container is to be attached, and the host runs them, writes down what was done, and undoes it.
 */
import * as v from 'valibot';
import { text } from './shapes.js';

/** As in `network create --plugin NAME`; can be the name of a network too. */
export const networkProvider = v.pipe(
  v.string(),
  v.regex(
    /^[a-z](?:[a-z0-9._-]{0,61}[a-z0-9])?$/,
    'must have 1 to 63 of a-z, 0-9, "_", "." and "-", begin with a letter and end with a letter or digit',
  ),
);

const interfaceName = '[A-Za-z0-9][A-Za-z0-9_.-]{0,14}';
const hostInterface = v.pipe(v.string(), v.regex(new RegExp(`^${interfaceName}$`), 'must be the name of an interface'));

/**
 * A CNI plugin that its answers may name: `bridge` means the bridge that the host makes for the network, `bridge:br-lan` one that is
 * there; `macvlan:eth0` and `ipvlan:eth0` an interface that containers share with the host.
 */
export const networkProgram = v.pipe(
  v.string(),
  v.regex(
    new RegExp(`^(?:bridge|portmap|bandwidth|host-local|static|(?:bridge|macvlan|ipvlan):${interfaceName})$`),
    'must be bridge, portmap, bandwidth, host-local, static, bridge:INTERFACE, macvlan:INTERFACE or ipvlan:INTERFACE',
  ),
);

const networkName = v.pipe(v.string(), v.regex(/^[a-z0-9](?:[a-z0-9._-]{0,61}[a-z0-9])?$/));
const address = v.pipe(v.string(), v.maxLength(45), v.regex(/^[0-9a-fA-F:.]+$/, 'must be an IP address'));
const range = v.pipe(v.string(), v.maxLength(49), v.regex(/^[0-9a-fA-F:.]+\/\d{1,3}$/, 'must be an IP address and a prefix length'));
const macAddress = v.pipe(v.string(), v.regex(/^[0-9a-fA-F]{2}(?::[0-9a-fA-F]{2}){5}$/, 'must be six bytes, as in 02:42:0a:59:00:02'));
const mtu = v.pipe(v.number(), v.safeInteger(), v.minValue(576), v.maxValue(65_535));
const port = v.pipe(v.number(), v.safeInteger(), v.minValue(1), v.maxValue(65_535));
const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const key = v.pipe(v.string(), v.minLength(1), v.maxLength(128));
const pairs = v.pipe(v.record(key, v.pipe(v.string(), v.maxLength(1024))), v.maxEntries(64));

const network = v.strictObject({
  name: networkName,
  /** `10.89.0.0/24`: typed, or chosen so that it overlaps nothing. Before the network is made only what was typed. */
  subnet: v.optional(range),
  /** The host's own address in it. */
  gateway: v.optional(address),
  /** Nothing may lead out of it. */
  internal: v.boolean(),
  labels: pairs,
  /** Each `--option K=V`, as it was typed. */
  options: pairs,
});

const member = v.strictObject({
  id: v.pipe(v.string(), v.regex(/^[a-z0-9]{12}$/)),
  name: v.optional(v.pipe(v.string(), v.maxLength(64))),
});

const subject = { provider: networkProvider, network };

export const networkQuestion = v.variant('operation', [
  /** `network create`: the network is about to be made. */
  v.strictObject({ operation: v.literal('create'), ...subject }),
  /** A container is about to be attached; nothing of it has run, unless it is connected while it runs. */
  v.strictObject({
    operation: v.literal('attach'),
    ...subject,
    container: member,
    /** What the user wants of it: the host passes it to the CNI plugins, except for the mtu. */
    wish: v.strictObject({ ip: v.optional(address), mac: v.optional(macAddress), mtu: v.optional(mtu) }),
    /** To be published; the host passes them to portmap. */
    ports: v.pipe(
      v.array(
        v.strictObject({ hostAddress: v.optional(address), hostPort: port, containerPort: port, protocol: v.picklist(['tcp', 'udp']) }),
      ),
      v.maxLength(256),
    ),
  }),
  /** It is out of the network. Not said where whoever ran the container was killed. */
  v.strictObject({ operation: v.literal('detach'), ...subject, container: member }),
  /** `network delete`: it is gone. */
  v.strictObject({ operation: v.literal('delete'), ...subject }),
]);
export type NetworkQuestion = v.InferOutput<typeof networkQuestion>;

const routes = v.optional(v.pipe(v.array(v.strictObject({ dst: range, gw: v.optional(address) })), v.maxLength(64)));

/** Who gives addresses. Those of a bridge of the host's own are of the network's subnet. */
export const cniAddresses = v.variant('type', [
  v.strictObject({
    type: v.literal('host-local'),
    /** The network's subnet where absent. */
    ranges: v.optional(
      v.pipe(
        v.array(
          v.pipe(
            v.array(
              v.strictObject({
                subnet: range,
                rangeStart: v.optional(address),
                rangeEnd: v.optional(address),
                gateway: v.optional(address),
              }),
            ),
            v.minLength(1),
            v.maxLength(8),
          ),
        ),
        v.minLength(1),
        v.maxLength(4),
      ),
    ),
    /** A way out by the gateway where absent, unless the network is internal. */
    routes,
  }),
  v.strictObject({
    type: v.literal('static'),
    addresses: v.pipe(v.array(v.strictObject({ address: range, gateway: v.optional(address) })), v.minLength(1), v.maxLength(8)),
    routes,
  }),
]);

export type CniAddresses = v.InferOutput<typeof cniAddresses>;

const shared = { mtu: v.optional(mtu), ipam: v.optional(cniAddresses) };

/** The keys of the CNI plugin of that name which mean something here; paths, names and wishes of the user are the host's to add. */
export const cniPlugin = v.variant('type', [
  v.strictObject({
    type: v.literal('bridge'),
    /** One that is there; one of the network's own where absent, of which the host takes care. */
    bridge: v.optional(hostInterface),
    vlan: v.optional(v.pipe(v.number(), v.safeInteger(), v.minValue(1), v.maxValue(4094))),
    ...shared,
  }),
  v.strictObject({
    type: v.literal('macvlan'),
    master: hostInterface,
    mode: v.optional(v.picklist(['bridge', 'private', 'vepa', 'passthru'])),
    ...shared,
  }),
  v.strictObject({ type: v.literal('ipvlan'), master: hostInterface, mode: v.optional(v.picklist(['l2', 'l3', 'l3s'])), ...shared }),
  v.strictObject({ type: v.literal('portmap'), snat: v.optional(v.boolean()) }),
  v.strictObject({
    type: v.literal('bandwidth'),
    /** To the container, and from it: bits per second, and bits. */
    ingressRate: v.optional(count),
    ingressBurst: v.optional(count),
    egressRate: v.optional(count),
    egressBurst: v.optional(count),
  }),
]);
export type CniPlugin = v.InferOutput<typeof cniPlugin>;

/** To `attach`: bridge, macvlan or ipvlan, and after it any of the others. `permissions.network` must name all of them. */
export const networkPlan = v.strictObject({ cni: v.pipe(v.array(cniPlugin), v.minLength(1), v.maxLength(8)) });

/** To `create`: addresses are the plugin's own affair; otherwise the network has a subnet. */
const ownAddresses = v.strictObject({ addresses: v.literal('own') });

/** To `create` or `attach`: why not. */
export const networkRefusal = v.strictObject({ refuse: v.pipe(text, v.minLength(1)) });

/** Nothing where there is nothing to say. */
export const networkAnswer = v.optional(v.union([networkPlan, ownAddresses, networkRefusal]));
export type NetworkAnswer = v.InferOutput<typeof networkAnswer>;
