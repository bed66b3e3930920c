/**
 * What stands behind a network: one that is built in, or a plugin. It says with which CNI plugins a container is attached; they are
 * run, written down and undone in one place (attach.ts), so that nothing of a provider is needed to undo it.
 */
import { checkBridgeOptions, composeBridgeList } from './cni/bridge.js';
import { composePlan, type PlannedPlugin } from './cni/plan.js';
import { networkErrors } from './errors.js';
import type { NetworkWish } from './request.js';
import type { CniConfig, NetworkPlace, NetworkRecord, PublishedPort } from './shapes.js';

export interface Member {
  readonly id: string;
  readonly name?: string | undefined;
}

export interface PlanRequest {
  readonly network: NetworkRecord;
  readonly container: Member;
  readonly wish: NetworkWish;
  readonly ports: readonly PublishedPort[];
}

/** Holds no lock while it is asked: it may take its time. */
export interface NetworkProvider {
  readonly name: string;
  /** Before a network is made; of a subnet there is only what was typed. Answers with whether it needs one. Throws where it cannot be made. */
  readonly create: (network: NetworkRecord) => Promise<{ readonly needsSubnet: boolean }>;
  /** It is gone. */
  readonly removed: (network: NetworkRecord) => Promise<void>;
  readonly plan: (request: PlanRequest) => Promise<readonly CniConfig[]>;
  /** What was planned is undone. Not told where whoever ran the container was killed. */
  readonly detached: (network: NetworkRecord, container: Member) => Promise<void>;
}

export const BRIDGE_PROVIDER = 'cni';

/** Which provider has this name; throws where there is none. */
export type FindProvider = (name: string) => Promise<NetworkProvider>;

export function bridgeProvider(place: NetworkPlace): NetworkProvider {
  return {
    name: BRIDGE_PROVIDER,
    create: ({ options }) => {
      checkBridgeOptions(options);
      return Promise.resolve({ needsSubnet: true });
    },
    removed: () => Promise.resolve(),
    plan: ({ network, wish, ports }) => Promise.resolve(composeBridgeList(place, network, { mtu: wish.mtu, ports })),
    detached: () => Promise.resolve(),
  };
}

type NetworkSubject = Pick<NetworkRecord, 'name' | 'subnet' | 'gateway' | 'internal' | 'labels' | 'options'>;

/** What a plugin is asked. Structurally the contract's, as are the answers. */
export type NetworkQuestion = { readonly provider: string; readonly network: NetworkSubject } & (
  | { readonly operation: 'create' | 'delete' }
  | {
      readonly operation: 'attach';
      readonly container: Member;
      readonly wish: Omit<NetworkWish, 'name'>;
      readonly ports: readonly PublishedPort[];
    }
  | { readonly operation: 'detach'; readonly container: Member }
);

export type NetworkAnswer =
  { readonly cni: readonly PlannedPlugin[] } | { readonly addresses: 'own' } | { readonly refuse: string } | undefined;

/** Asks a plugin; what it answers is bounded, and within what was granted. Throws where there is none. */
export type AskNetwork = (question: NetworkQuestion) => Promise<NetworkAnswer>;

function pluginProvider(place: NetworkPlace, name: string, ask: AskNetwork): NetworkProvider {
  const askAbout = async (record: NetworkRecord, question: Operation): Promise<NetworkAnswer> => {
    const { subnet, gateway, internal, labels, options } = record;
    const network = { name: record.name, ...(subnet && { subnet }), ...(gateway && { gateway }), internal, labels, options };
    const answer = await ask({ provider: name, network, ...question });
    if (answer !== undefined && 'refuse' in answer) throw networkErrors.declined(name, record.name, answer.refuse);
    return answer;
  };
  const requireNothing = (answer: NetworkAnswer, operation: string): void => {
    if (answer !== undefined) throw networkErrors.planRefused(name, `it has nothing to answer to ${operation}`);
  };
  return {
    name,
    async create(network) {
      const answer = await askAbout(network, { operation: 'create' });
      if (answer === undefined) return { needsSubnet: true };
      if ('addresses' in answer) return { needsSubnet: false };
      throw networkErrors.planRefused(name, 'a plan is no answer to create');
    },
    removed: async (network) => requireNothing(await askAbout(network, { operation: 'delete' }), 'delete'),
    async plan({ network, container, wish: { name: _name, ...wish }, ports }) {
      const answer = await askAbout(network, { operation: 'attach', container, wish, ports });
      if (answer === undefined || !('cni' in answer)) throw networkErrors.planRefused(name, 'it answered to attach without a plan');
      const refuse = (why: string) => networkErrors.planRefused(name, why);
      return composePlan(place, answer.cni, { network, wish: { name: network.name, ...wish }, ports, refuse });
    },
    detached: async (network, container) => requireNothing(await askAbout(network, { operation: 'detach', container }), 'detach'),
  };
}

type Operation = NetworkQuestion extends infer Question
  ? Question extends NetworkQuestion
    ? Omit<Question, 'provider' | 'network'>
    : never
  : never;

/** The built-in one, and those of plugins where there is somebody who asks them. */
export function findProviders(place: NetworkPlace, ask?: AskNetwork): FindProvider {
  return (name) => {
    if (name === BRIDGE_PROVIDER) return Promise.resolve(bridgeProvider(place));
    return ask === undefined ? Promise.reject(networkErrors.pluginMissing(name)) : Promise.resolve(pluginProvider(place, name, ask));
  };
}
