/** Networks, as the command line calls them. */
import { listContainers } from '#containers/containers.js';
import { messageOf } from '#base/errors.js';
import {
  BRIDGE_PROVIDER,
  BUILTIN_NETWORKS,
  builtinProviders,
  checkAttachment,
  createNetwork,
  isBuiltinNetwork,
  isStale,
  listAttachments,
  listNetworks,
  networkErrors,
  parsePairs,
  readNetwork,
  releaseStale,
  removeNetwork,
  type AttachmentRecord,
  type NetworkRecord,
} from '#networks/networks.js';
import { networkPlace } from './join-networks.js';
import type { Scene } from './scene.js';

/** A network as it is, for `--json`. */
export interface NetworkDescription extends Omit<NetworkRecord, 'version' | 'createdAt' | 'plugin'> {
  /** Absent where it is built in. */
  readonly plugin?: string | undefined;
  readonly createdAt?: string | undefined;
  readonly builtin: boolean;
  /** Containers that are kept and name it, whether they run or not; by name, else id. */
  readonly containers: readonly string[];
  /** Containers that are in it now. */
  readonly attachments: readonly AttachmentDescription[];
}

export interface AttachmentDescription extends Pick<AttachmentRecord, 'container' | 'name' | 'interface' | 'ports' | 'attachedAt'> {
  readonly addresses: readonly string[];
  readonly gateway?: string | undefined;
  readonly mac?: string | undefined;
  /** What of it is not as it was made; only of `inspect`. */
  readonly problem?: string | undefined;
}

export interface NetworkReport {
  /** By name, those that are built in first. */
  readonly networks: readonly NetworkDescription[];
  readonly problems: readonly { readonly name: string; readonly why: string }[];
}

/** As typed. */
export interface NetworkToCreate {
  readonly name: string;
  readonly plugin?: string | undefined;
  readonly subnet?: string | undefined;
  readonly gateway?: string | undefined;
  readonly internal: boolean;
  /** `K=V` each. */
  readonly labels: readonly string[];
  readonly options: readonly string[];
}

export interface PrunedNetworks {
  readonly networks: readonly string[];
  /** Ids of containers that were gone, and what they had left in networks. */
  readonly released: readonly string[];
}

/** What can stand behind a network. */
export interface NetworkPlugin {
  readonly name: string;
  readonly kind: 'built in';
  /** Those of it. */
  readonly networks: readonly string[];
}

export interface NetworkCommands {
  plugins(): Promise<NetworkPlugin[]>;
  create(network: NetworkToCreate): Promise<NetworkDescription>;
  list(): Promise<NetworkReport>;
  inspect(name: string): Promise<NetworkDescription>;
  /** Refuses one that a container is in, or that one which is kept names. */
  remove(name: string): Promise<void>;
  /** Removes those that no container names. */
  prune(): Promise<PrunedNetworks>;
}

export function openNetworks(scene: Scene): NetworkCommands {
  const place = networkPlace(scene);
  const findProvider = builtinProviders(place);
  const warn = (line: string): void => scene.log.write('warning', line);
  const sweep = async (): Promise<string[]> => (scene.uid === 0 ? releaseStale(place, warn) : []);
  const requireRoot = (what: string): void => {
    if (scene.uid !== 0) throw networkErrors.needsRoot(what);
  };
  const nameUsers = async (): Promise<(name: string) => string[]> => {
    const { containers } = await listContainers(scene.paths.containers);
    return (name) =>
      containers.filter(({ record }) => namesNetwork(record.invocation.words, name)).map(({ record }) => record.name ?? record.id);
  };
  const describe = async (network: NetworkRecord, usersOf: (name: string) => string[]): Promise<NetworkDescription> => {
    const { version: _version, ...told } = network;
    const attachments = (await listAttachments(place, network.name)).filter((one) => !isStale(one)).map(describeAttachment);
    return { ...told, builtin: false, containers: usersOf(network.name), attachments };
  };
  const list = async (): Promise<NetworkReport> => {
    await sweep();
    const usersOf = await nameUsers();
    const { networks, problems } = await listNetworks(place);
    const own: NetworkDescription[] = [];
    const bad = problems.map(({ name, error }) => ({ name, why: messageOf(error) }));
    for (const network of networks) {
      try {
        own.push(await describe(network, usersOf));
      } catch (thrown) {
        bad.push({ name: network.name, why: messageOf(thrown) });
      }
    }
    return { networks: [...BUILTIN_NETWORKS.map((name) => describeBuiltin(name, usersOf(name))), ...own], problems: bad };
  };
  return {
    async plugins() {
      const { networks } = await listNetworks(place);
      const own = networks.filter(({ plugin }) => plugin === BRIDGE_PROVIDER).map(({ name }) => name);
      return [{ name: BRIDGE_PROVIDER, kind: 'built in', networks: own }];
    },
    async create({ labels, options, ...wanted }) {
      requireRoot(`create network ${wanted.name}`);
      await sweep();
      const network = { ...wanted, labels: parsePairs('--label', labels), options: parsePairs('--option', options) };
      return describe(await createNetwork(place, network, findProvider), () => []);
    },
    list,
    async inspect(name) {
      const usersOf = await nameUsers();
      if (isBuiltinNetwork(name)) return describeBuiltin(name, usersOf(name));
      await sweep();
      const described = await describe(await readNetwork(place, name), usersOf);
      const records = (await listAttachments(place, name)).filter((one) => !isStale(one));
      const attachments = [];
      for (const record of records) {
        const problem = await checkAttachment(place, record);
        attachments.push({ ...describeAttachment(record), ...(problem === undefined ? {} : { problem }) });
      }
      return { ...described, attachments };
    },
    async remove(name) {
      requireRoot(`remove network ${name}`);
      await removeNetwork(place, name, { users: (await nameUsers())(name), findProvider, warn });
    },
    async prune() {
      requireRoot('remove networks');
      const released = await sweep();
      const networks: string[] = [];
      for (const { name, builtin, containers, attachments } of (await list()).networks) {
        if (builtin || containers.length > 0 || attachments.length > 0) continue;
        await removeNetwork(place, name, { users: (await nameUsers())(name), findProvider, warn });
        networks.push(name);
      }
      return { networks, released };
    },
  };
}

function describeBuiltin(name: string, containers: readonly string[]): NetworkDescription {
  return { name, builtin: true, internal: name === 'none', labels: {}, options: {}, containers, attachments: [] };
}

function describeAttachment({ container, name, interface: own, ports, attachedAt, status }: AttachmentRecord): AttachmentDescription {
  return {
    ...{ container, interface: own, ports, attachedAt },
    ...(name === undefined ? {} : { name }),
    addresses: status?.addresses ?? [],
    gateway: status?.gateway,
    mac: status?.mac,
  };
}

/** Whether the flags that were typed name the network. The command's own words may look so too: then it is kept once too often. */
function namesNetwork(words: readonly string[], name: string): boolean {
  return words.some((word, index) => {
    const value = word.startsWith('--network=') ? word.slice('--network='.length) : words[index - 1] === '--network' ? word : '';
    return value.split(',')[0] === name;
  });
}
