/**
 * What stands behind networks, as `network create --plugin NAME` and records of networks on disk mean it: `cni`, which is built in,
 * plugins whose manifest has the name in `networks`, and bundles of that name (bundle-networks.ts). A plugin is asked what CNI shall do, and
 * what it was granted is let pass.
 */
import type { NetworkQuestion } from '@bulkhead/plugin-sdk/contract';
import { openCatalogFor, type Bundle, type Installation, type Outline } from '#catalog/catalog.js';
import { askOne, openHost, type Audit, type Host, type RunnablePlugin } from '#host/host.js';
import { BRIDGE_PROVIDER, namesOfPlan, networkErrors, parseNetworks, readNetwork, type AskNetwork } from '#networks/networks.js';
import type { Invocation } from './around-command.js';
import { auditOf, recordUse } from './audit.js';
import { askBundle, endUnneeded, findNetworkBundle } from './bundle-networks.js';
import { requireServices } from './bundle-runtimes.js';
import { networkPlace, providesNetwork } from './join-networks.js';
import { openQuarantine } from './quarantine.js';
import { toRunnable } from './runnable.js';
import { sealedDirectories, stateRoot, type Scene } from './scene.js';

/** The plugins behind the networks that were typed, by the names under which they provide them. What cannot be read is found out later. */
export async function findTypedProviders(
  scene: Scene,
  { commandFlags: { network } }: Pick<Invocation<unknown>, 'commandFlags'>,
): Promise<string[]> {
  const typed = (Array.isArray(network) ? network : [network ?? '']).map(String).filter((one) => one !== '');
  const names = typed.map((one) => one.split(',')[0] ?? '').filter((name) => name !== 'host' && name !== 'none');
  const found = await Promise.all(names.map((name) => readNetwork(networkPlace(scene), name).catch(() => undefined)));
  return [...new Set(found.flatMap((one) => (one === undefined || one.plugin === BRIDGE_PROVIDER ? [] : [one.plugin])))];
}

/** Throws where one of the networks is not there, or what stands behind it is not. Starts nothing. */
export async function requireNetworks(scene: Scene, typed: readonly string[]): Promise<void> {
  const wishes = parseNetworks(typed);
  if (wishes.length > 0 && scene.uid !== 0) throw networkErrors.needsRoot(`join network ${wishes.map(({ name }) => name).join(', ')}`);
  for (const { name } of wishes) await requireProvider(scene, (await readNetwork(networkPlace(scene), name)).plugin);
}

/** The bundle that provides it, or nothing where an installed plugin does; throws where neither can, also for the built-in one. */
async function findBehind(scene: Scene, provider: string): Promise<Bundle | undefined> {
  const { installations } = await scene.outlines();
  const having = installations.filter((outline) => providesNetwork(outline, provider));
  if (having.some(({ enabled }) => enabled)) return undefined;
  const bundle = await findNetworkBundle(scene, provider);
  if (bundle !== undefined) return bundle;
  throw having[0] === undefined ? networkErrors.pluginMissing(provider) : networkErrors.pluginDisabled(provider, having[0].name);
}

async function requireProvider(scene: Scene, provider: string): Promise<void> {
  if (provider !== BRIDGE_PROVIDER && (await findBehind(scene, provider)) !== undefined) await requireServices(scene);
}

/** Asks the one of these plugins that provides it, or the bundle. */
export function askAmong(
  plugins: readonly { readonly installation: Installation; readonly runnable: RunnablePlugin }[],
  { scene, host, audit }: { readonly scene: Scene; readonly host: Host; readonly audit: Audit },
): AskNetwork {
  return async (question) => {
    const found = plugins.find(({ installation }) => installation.manifest.networks.includes(question.provider));
    if (found === undefined) {
      const bundle = await findBehind(scene, question.provider);
      if (bundle === undefined) throw networkErrors.pluginMissing(question.provider);
      return askBundle(scene, { bundle, audit }, question);
    }
    // The grants are known once it has been loaded.
    const { name } = found.runnable;
    const answer = await askOne(host.respondent(found.runnable), 'network', question as NetworkQuestion);
    if (answer === undefined || !('cni' in answer)) return answer;
    const cni = namesOfPlan(answer.cni);
    const argument = { network: question.network.name, cni };
    return recordUse(audit, { plugin: name, callback: 'network', power: 'network', argument }, () => {
      const [missing] = cni.filter((one) => !(found.runnable.grants.network ?? []).includes(one));
      if (missing !== undefined) throw networkErrors.planRefused(question.provider, `plugin "${name}" was not granted network:${missing}`);
      return answer;
    });
  };
}

export interface NetworkAsker {
  readonly ask: AskNetwork;
  /** Of networks that are not there, or not any more, no instance of a bundle is left. */
  readonly close: () => Promise<void>;
}

/** For commands about networks: a plugin is started when it is asked, and not before. */
export function openNetworkAsker(scene: Scene): NetworkAsker {
  const subjects = new Map<string, { name: string; instance: string }>();
  let opened: Promise<{ host: Host; plugins: Parameters<typeof askAmong>[0]; audit: Audit; save: () => Promise<void> }> | undefined;
  const open = async () => {
    const { 'version-lock': lock, budgets, policy } = await scene.settings();
    const offers = (outline: Outline): boolean => outline.enabled && providesNetwork(outline);
    const { installations } = await openCatalogFor(scene.place, await scene.outlines(), offers);
    const quarantine = await openQuarantine({ file: scene.paths.quarantineFile, log: scene.log });
    const audit = auditOf(scene, policy);
    const host = openHost({ ...scene, audit, sealed: sealedDirectories(scene), stateDirectory: stateRoot(scene.paths) });
    const rules = { uid: scene.uid, lock, policy, budgets, quarantine, state: stateRoot(scene.paths), trust: scene.trust };
    const enabled = installations.filter((installation) => installation.enabled);
    const plugins = enabled.map((installation) => ({ installation, runnable: toRunnable(installation, rules) }));
    return { host, audit, plugins, save: () => quarantine.save() };
  };
  return {
    async ask(question) {
      const { name: instance } = question.network;
      subjects.set(instance, { name: question.provider, instance });
      // An installed plugin has no instances.
      if ((await findBehind(scene, question.provider)) === undefined) subjects.delete(instance);
      const { host, audit, plugins } = await (opened ??= open());
      return askAmong(plugins, { scene, host, audit })(question);
    },
    async close() {
      for (const subject of subjects.values()) await endUnneeded(scene, subject);
      if (opened === undefined) return;
      const { host, save } = await opened;
      await host.close();
      await save();
    },
  };
}
