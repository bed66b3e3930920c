/** Makes and removes networks. */
import { messageOf } from '#base/errors.js';
import { clearNetwork, isStale, releaseStale } from './attach.js';
import { listAttachments } from './attachments.js';
import { withLock } from './disk.js';
import { networkErrors } from './errors.js';
import { BRIDGE_PROVIDER, type FindProvider } from './provider.js';
import { isBuiltinNetwork, type NetworkPlace, type NetworkRecord } from './shapes.js';
import { findNetwork, listNetworks, networkPath, readNetwork, removeNetworkFiles, requireNetworkName, writeNetwork } from './store.js';
import { isThere } from './disk.js';
import { chooseSubnet, defaultGateway, formatSubnet, holdsHost, overlap, parseSubnet, readHostSubnets, type Subnet } from './subnet.js';

export interface NewNetwork {
  readonly name: string;
  /** `cni` where absent. */
  readonly plugin?: string | undefined;
  readonly subnet?: string | undefined;
  readonly gateway?: string | undefined;
  readonly internal: boolean;
  readonly labels: Readonly<Record<string, string>>;
  readonly options: Readonly<Record<string, string>>;
}

/** Atomic: killed at any instant, there is the whole network or none. */
export async function createNetwork(place: NetworkPlace, wanted: NewNetwork, findProvider: FindProvider): Promise<NetworkRecord> {
  const { name, plugin = BRIDGE_PROVIDER } = wanted;
  requireNetworkName(name);
  if (isBuiltinNetwork(name)) throw networkErrors.builtin(name, 'create');
  const provider = await findProvider(plugin);
  const requireFree = async (): Promise<void> => {
    if (await isThere(networkPath(place, name))) throw networkErrors.nameTaken(name);
  };
  await requireFree();
  const { subnet, gateway, internal, labels, options } = wanted;
  const typed = { ...(subnet && { subnet: formatSubnet(parseSubnet(subnet)) }), ...(gateway && { gateway }) };
  const draft = {
    version: 1 as const,
    name,
    plugin,
    createdAt: new Date().toISOString(),
    internal,
    labels: { ...labels },
    options: { ...options },
  };
  const { needsSubnet } = await provider.create({ ...draft, ...typed });
  return withLock(place, async (lease) => {
    await requireFree();
    const record: NetworkRecord = { ...draft, ...(needsSubnet || subnet !== undefined ? await chooseRange(place, wanted) : {}) };
    lease.requireHeld();
    await writeNetwork(place, record);
    return record;
  });
}

async function chooseRange(
  place: NetworkPlace,
  { subnet: typed, gateway: asked }: NewNetwork,
): Promise<Pick<NetworkRecord, 'subnet' | 'gateway'>> {
  const taken = (await listNetworks(place)).networks.flatMap((one) =>
    one.subnet === undefined ? [] : [{ by: `network ${one.name}`, range: parseSubnet(one.subnet) }],
  );
  const subnet = typed === undefined ? chooseSubnet([...taken.map(({ range }) => range), ...readHostSubnets()]) : parseSubnet(typed);
  refuseOverlap(subnet, [...taken, ...readHostSubnets().map((range) => ({ by: 'this machine', range }))]);
  if (asked !== undefined && !holdsHost(subnet, asked))
    throw networkErrors.optionInvalid(
      '--gateway',
      asked,
      `it is no address of a machine in ${formatSubnet(subnet)}`,
      '--gateway 10.89.7.1',
    );
  return { subnet: formatSubnet(subnet), gateway: asked ?? defaultGateway(subnet) };
}

function refuseOverlap(subnet: Subnet, taken: readonly { readonly by: string; readonly range: Subnet }[]): void {
  const other = taken.find(({ range }) => overlap(range, subnet));
  if (other !== undefined) throw networkErrors.subnetTaken(formatSubnet(subnet), other.by);
}

export interface RemoveRequest {
  /** Containers that are kept and name it, whether they run or not. */
  readonly users: readonly string[];
  readonly findProvider: FindProvider;
  readonly warn: (line: string) => void;
}

/** Refuses one that a container is in, or that one which is kept names. */
export async function removeNetwork(place: NetworkPlace, name: string, { users, findProvider, warn }: RemoveRequest): Promise<void> {
  requireNetworkName(name);
  if (isBuiltinNetwork(name)) throw networkErrors.builtin(name, 'remove');
  await releaseStale(place, warn);
  const found = await readNetwork(place, name);
  await withLock(place, async (lease) => {
    const network = await findNetwork(place, name);
    if (network === undefined) return;
    const members = await listAttachments(place, name);
    const all = new Set([...users, ...members.map((member) => member.name ?? `${member.container}${isStale(member) ? ' (ended)' : ''}`)]);
    if (all.size > 0) throw networkErrors.inUse(name, [...all]);
    await clearNetwork(place, name).catch((thrown: unknown) => warn(messageOf(thrown)));
    lease.requireHeld();
    await removeNetworkFiles(place, name);
  });
  await tellProvider(found, findProvider, warn);
}

/** A plugin that is missing or fails keeps nobody from removing what nobody is in. */
async function tellProvider(network: NetworkRecord, findProvider: FindProvider, warn: (line: string) => void): Promise<void> {
  try {
    await (await findProvider(network.plugin)).removed(network);
  } catch (thrown) {
    warn(messageOf(thrown));
  }
}
