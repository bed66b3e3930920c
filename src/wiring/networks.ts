/** Networks, as the command line calls them. What is looked at starts no plugin; those that stand behind a network are asked when it is made, changed or removed. */
import { findPlace, listContainers, openContainer, requireRunning } from '#containers/containers.js';
import { messageOf } from '#base/errors.js';
import {
  BRIDGE_PROVIDER,
  BUILTIN_NETWORKS,
  checkAttachment,
  connect,
  createNetwork,
  disconnect,
  findProviders,
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
import { networkPlace, providesNetwork } from './join-networks.js';
import type { NetworkAsker } from './network-plugins.js';
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
  readonly kind: 'built in' | 'plugin' | 'bundle';
  /** Which plugin provides it; absent where none is installed that does. */
  readonly installed?: string | undefined;
  /** Whether networks can be made with it now. */
  readonly enabled: boolean;
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
  /** Puts a container that runs into a network, until it ends. */
  connect(request: NetworkToConnect): Promise<ConnectedContainer>;
  disconnect(request: { readonly network: string; readonly container: string }): Promise<void>;
  /** Of all networks; changes nothing. */
  names(): Promise<string[]>;
}

/** As typed; `network` may have wishes, as for `--network`. */
export interface NetworkToConnect {
  /** Where absent the plugin's: the only one, the one of its name, or a new one of its name. */
  readonly network?: string | undefined;
  readonly plugin?: string | undefined;
  readonly container: string;
}

export interface ConnectedContainer extends AttachmentDescription {
  readonly network: string;
}

export function openNetworks(scene: Scene): NetworkCommands {
  const place = networkPlace(scene);
  let asker: Promise<NetworkAsker> | undefined;
  // Nothing of plugins is loaded before one is asked.
  const openAsker = async (): Promise<NetworkAsker> => (await import('./network-plugins.js')).openNetworkAsker(scene);
  const findProvider = findProviders(place, async (question) => (await (asker ??= openAsker())).ask(question));
  const asking = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    try {
      return await work();
    } finally {
      await (await asker)?.close();
      asker = undefined;
    }
  };
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
  /** As the article about apple/container has it: a plugin is connected to, and its network is not named. */
  const networkOf = async (plugin = ''): Promise<string> => {
    const names = (await listNetworks(place)).networks.filter((one) => one.plugin === plugin).map(({ name }) => name);
    const [only] = names.includes(plugin) ? [plugin] : names;
    if (only !== undefined && names.length > 1 && only !== plugin) throw networkErrors.pluginAmbiguous(plugin, names);
    if (only !== undefined) return only;
    const wanted = { name: plugin, plugin, internal: false, labels: {}, options: {} };
    return (await createNetwork(place, wanted, findProvider)).name;
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
      const { listNetworkBundles } = await import('./bundle-networks.js');
      const { networks } = await listNetworks(place);
      const having = (provider: string) => networks.filter(({ plugin }) => plugin === provider).map(({ name }) => name);
      const { installations } = await scene.outlines();
      const provided = installations
        .filter((outline) => providesNetwork(outline))
        .flatMap(({ name: installed, enabled, claims }) =>
          claims.flatMap((claim): NetworkPlugin[] => {
            const name = claim.startsWith('network ') ? claim.slice('network '.length) : undefined;
            return name === undefined ? [] : [{ name, kind: 'plugin', installed, enabled, networks: having(name) }];
          }),
        );
      const own: NetworkPlugin = { name: BRIDGE_PROVIDER, kind: 'built in', enabled: true, networks: having(BRIDGE_PROVIDER) };
      // Of a name that an installed plugin has, the bundle is not what is meant.
      const free = (await listNetworkBundles(scene)).filter(({ name }) => !provided.some((one) => one.enabled && one.name === name));
      const bundled = free.map(({ name, enabled }): NetworkPlugin => ({ name, kind: 'bundle', enabled, networks: having(name) }));
      return [own, ...[...provided, ...bundled].toSorted((a, b) => a.name.localeCompare(b.name))];
    },
    async names() {
      return [...BUILTIN_NETWORKS, ...(await listNetworks(place)).networks.map(({ name }) => name)];
    },
    async create({ labels, options, ...wanted }) {
      requireRoot(`create network ${wanted.name}`);
      await sweep();
      const network = { ...wanted, labels: parsePairs('--label', labels), options: parsePairs('--option', options) };
      return describe(await asking(() => createNetwork(place, network, findProvider)), () => []);
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
      const users = (await nameUsers())(name);
      await asking(() => removeNetwork(place, name, { users, findProvider, warn }));
    },
    async prune() {
      requireRoot('remove networks');
      const released = await sweep();
      const networks: string[] = [];
      const unused = (await list()).networks.filter((one) => !one.builtin && one.containers.length === 0 && one.attachments.length === 0);
      await asking(async () => {
        for (const { name } of unused) {
          await removeNetwork(place, name, { users: (await nameUsers())(name), findProvider, warn });
          networks.push(name);
        }
      });
      return { networks, released };
    },
    async connect({ network, plugin, container }) {
      requireRoot(`connect container ${container}`);
      await sweep();
      const member = await findMember(scene, container);
      return asking(async () => {
        const wish = network ?? (await networkOf(plugin));
        const [typed = ''] = wish.split(',');
        if (isBuiltinNetwork(typed)) throw networkErrors.builtin(typed, 'connect a container to');
        const { name, plugin: behind } = await readNetwork(place, typed);
        if (plugin !== undefined && plugin !== behind) throw networkErrors.otherPlugin(name, behind, plugin);
        return { network: name, ...describeAttachment(await connect(place, member, { wish, findProvider, warn })) };
      });
    },
    async disconnect({ network, container }) {
      requireRoot(`disconnect container ${container}`);
      await sweep();
      const member = await findMember(scene, container);
      await asking(() => disconnect(place, member, { network, findProvider }));
    },
  };
}

async function findMember({ paths }: Scene, what: string) {
  const container = await openContainer(await findPlace(paths.containers, what));
  const { id, init } = requireRunning(container);
  return { id, init, name: container.record.name };
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
