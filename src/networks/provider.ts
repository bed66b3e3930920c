/**
 * What stands behind a network: one that is built in, or a plugin. It says with which CNI plugins a container is attached; they are
 * run, written down and undone in one place (attach.ts), so that nothing of a provider is needed to undo it.
 */
import { bridgeName, checkBridgeOptions, composeBridgeList, removeBridge } from './cni/bridge.js';
import { ensureRules, removeRules } from './cni/rules.js';
import type { NetworkWish } from './request.js';
import type { CniConfig, NetworkPlace, NetworkRecord, PublishedPort } from './shapes.js';

export interface PlanRequest {
  readonly network: NetworkRecord;
  readonly container: { readonly id: string; readonly name?: string | undefined };
  readonly wish: NetworkWish;
  readonly ports: readonly PublishedPort[];
}

export interface NetworkProvider {
  readonly name: string;
  /** Whether a network of it has a subnet that Bulkhead chooses and watches over. */
  readonly hasSubnet: boolean;
  /** Before a network is made. Throws where it cannot be. */
  readonly create: (network: NetworkRecord) => Promise<void>;
  /** After its last container, before its files are removed. */
  readonly remove: (network: NetworkRecord) => Promise<void>;
  readonly plan: (request: PlanRequest) => Promise<readonly CniConfig[]>;
  /** Somebody is in it now. Answers with what the operator should know. */
  readonly attached: (network: NetworkRecord) => Promise<string | undefined>;
  /** Nobody is in it any more. Idempotent. */
  readonly emptied: (network: NetworkRecord) => Promise<void>;
}

export const BRIDGE_PROVIDER = 'cni';

/** Which provider has this name; throws where there is none. */
export type FindProvider = (name: string) => Promise<NetworkProvider>;

export function bridgeProvider(place: NetworkPlace): NetworkProvider {
  return {
    name: BRIDGE_PROVIDER,
    hasSubnet: true,
    create: ({ options }) => Promise.resolve(checkBridgeOptions(options)),
    remove: () => Promise.resolve(),
    plan: ({ network, wish, ports }) => Promise.resolve(composeBridgeList(place, network, { mtu: wish.mtu, ports })),
    attached: (network) => ensureRules(network, bridgeName(place, network.name)),
    emptied: ({ name }) => emptyBridge(place, name),
  };
}

/** Needs no more than the name, so that it can be done whatever has become of the rest. */
async function emptyBridge(place: NetworkPlace, network: string): Promise<void> {
  const bridge = bridgeName(place, network);
  await removeRules(network, bridge);
  await removeBridge(bridge);
}
