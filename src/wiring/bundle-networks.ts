/**
 * Networks that bundles provide, by the bundle's name: for each network an instance of the bundle's service, from the first question about
 * the network until it is deleted. Each question has a connection of its own: commands ask at the same time, and long after each other,
 * and whichever of them ends takes nothing from the others.
 *
 *      bin/NAME start --id NETWORK --mode nat|hostOnly [its own arguments]
 *
 * Always the same for one network: to register a service with other arguments starts it anew, in the middle of what others ask.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { networkProvider, type NetworkQuestion as ContractQuestion } from '@bulkhead/plugin-sdk/contract';
import * as v from 'valibot';
import { openBundles, type Bundle } from '#catalog/catalog.js';
import type { Audit } from '#host/host.js';
import { BRIDGE_PROVIDER, namesOfPlan, type NetworkAnswer, type NetworkQuestion } from '#networks/networks.js';
import { recordUse } from './audit.js';
import { requireUsableBundle } from './bundles.js';
import { endInstance, openProvider } from './providers.js';
import type { Scene } from './scene.js';

/** Whether it would be one, where no other provider has its name. */
function isNetwork({ name, services }: Bundle): boolean {
  return services?.types.includes('network') === true && v.is(networkProvider, name);
}

/** Throws why it cannot be used where there is one. Starts nothing. */
export async function findNetworkBundle(scene: Scene, name: string): Promise<Bundle | undefined> {
  const bundle = v.is(networkProvider, name) ? await requireUsableBundle(scene, name) : undefined;
  return bundle !== undefined && isNetwork(bundle) ? bundle : undefined;
}

/** By name, and not the built-in one's. */
export async function listNetworkBundles({ place }: Scene): Promise<{ readonly name: string; readonly enabled: boolean }[]> {
  const { bundles } = await openBundles(place);
  const found = bundles.filter(({ bundle }) => isNetwork(bundle) && bundle.name !== BRIDGE_PROVIDER);
  return found.map(({ bundle: { name }, enabled }) => ({ name, enabled }));
}

/** With the rights of its user it can make whatever it wants: what it answers is bounded, and written down, and not granted. */
export async function askBundle(
  scene: Scene,
  { bundle, audit }: { readonly bundle: Bundle; readonly audit: Audit },
  question: NetworkQuestion,
): Promise<NetworkAnswer> {
  const { name: network, internal } = question.network;
  const provider = await openProvider(scene, {
    bundle,
    type: 'network',
    instance: network,
    arguments: ['start', '--id', network, '--mode', internal ? 'hostOnly' : 'nat'],
    needed: ['network'],
    lasts: true,
  });
  try {
    const answer = await provider.ask('network', question as ContractQuestion);
    if (answer === undefined || !('cni' in answer)) return answer;
    const argument = { network, cni: namesOfPlan(answer.cni) };
    return recordUse(audit, { plugin: bundle.name, callback: 'network', power: 'network', argument }, () => answer);
  } finally {
    await provider.close();
  }
}

/** Where the network is not there, or not any more. Whether the bundle is does not matter. */
export async function endUnneeded(scene: Scene, { name, instance }: { readonly name: string; readonly instance: string }): Promise<void> {
  if (existsSync(join(scene.paths.networks, instance))) return;
  await endInstance(scene, { name, instance });
}
