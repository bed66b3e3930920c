/** Bundles as the commands see them: listed, looked up, enabled, disabled. Runs none of their programs. */
import { stat } from 'node:fs/promises';
import { BulkheadError } from '#base/errors.js';
import {
  endpointName,
  findBundle,
  labelOf,
  openBundles,
  setBundleEnabled,
  withSettings,
  type Bundle,
  type CatalogPlace,
  type CatalogProblem,
  type FoundBundle,
  type PluginDirectory,
} from '#catalog/catalog.js';
import { bundleUseErrors } from './bundle-errors.js';
import type { ChangeRequest } from './choose-directory.js';
import { isReserved, listFirstWords } from './contributions.js';
import { wiringErrors } from './errors.js';
import { listHiddenRuntimes } from './hidden-runtimes.js';
import { requireSystemRights, userDirectory } from './places.js';
import { findPluginDenial, type Policy } from './policy.js';
import { findRealPath } from './real-path.js';
import type { Scene } from './scene.js';
import { readServiceStates } from './service-states.js';
import { trustErrors } from './trust/errors.js';

/** A bundle as it is told of; not its settings, among which there may be secrets. */
export interface ListedBundle extends Omit<Bundle, 'settings' | 'services'> {
  readonly kind: 'bundle';
  readonly enabled: boolean;
  /** The plugin directory that it is in. */
  readonly from: PluginDirectory;
  /** The file that says what it is. */
  readonly configuration: string;
  readonly services?: NonNullable<Bundle['services']> & { readonly label: string; readonly endpoints: readonly string[] };
  /** Of its service, where it offers one and the services are running. */
  readonly state?: string;
}

export interface BundleList {
  readonly bundles: readonly ListedBundle[];
  readonly problems: readonly CatalogProblem[];
}

/** Of all bundles, in the order in which they answer. Never throws because of what it finds. */
export async function listBundles(scene: Scene): Promise<BundleList> {
  const { bundles, problems } = await openBundles(scene.place);
  if (bundles.length === 0) return { bundles: [], problems };
  const states = await readServiceStates(scene);
  const policy = await readPolicy(scene);
  const rivals = await listFirstWords(scene);
  const { installations } = await scene.outlines();
  const told = bundles.flatMap((found): (CatalogProblem | undefined)[] => [
    describeDenial(policy, found),
    describeTaken(found, rivals),
    describeNamesake(
      scene.place,
      found,
      installations.find(({ name }) => name === found.bundle.name),
    ),
  ]);
  return {
    bundles: bundles.map((found) => toListed(found, states.get(found.bundle.name))),
    problems: [...problems, ...told.filter((problem) => problem !== undefined), ...(await listHidden(scene, bundles))],
  };
}

/** The room of networks is not even loaded where no bundle is one. */
async function listHidden(scene: Scene, bundles: readonly FoundBundle[]): Promise<CatalogProblem[]> {
  const runtimes = await listHiddenRuntimes(scene, bundles);
  if (!bundles.some(({ bundle }) => bundle.services?.types.includes('network') === true)) return runtimes;
  const { listHiddenNetworks } = await import('./hidden-networks.js');
  return [...runtimes, ...(await listHiddenNetworks(scene, bundles))];
}

/** What the policy cannot tell is told by whoever lists the plugins. */
async function readPolicy({ settings }: Scene): Promise<Policy | undefined> {
  try {
    return (await settings()).policy;
  } catch (error) {
    if (error instanceof BulkheadError) return undefined;
    throw error;
  }
}

function toListed({ bundle, enabled, directory: from, configuration }: FoundBundle, state: string | undefined): ListedBundle {
  const { settings: _, services, ...rest } = bundle;
  const { name } = bundle;
  return {
    kind: 'bundle',
    ...rest,
    enabled,
    from,
    configuration,
    ...(services !== undefined && {
      services: { ...services, label: labelOf(name), endpoints: services.types.map((type) => endpointName(type, name)) },
    }),
    ...(state !== undefined && { state }),
  };
}

function describeDenial(policy: Policy | undefined, { bundle: { name, directory: path } }: FoundBundle): CatalogProblem | undefined {
  const refusal = policy && findBundleRefusal(policy, name, path);
  if (refusal === undefined) return undefined;
  return { kind: 'denied', path, name, reason: refusal.message, ...(refusal.hint && { hint: refusal.hint }), skippable: true };
}

/** Why the policy keeps it from being used. Nobody signs a bundle. */
function findBundleRefusal(policy: Policy, name: string, path: string): BulkheadError | undefined {
  const denial = findPluginDenial(policy, name);
  if (denial !== undefined) return wiringErrors.pluginDenied(name, denial);
  return policy['require-signature'] ? trustErrors.required(name, path, 'a bundle has none') : undefined;
}

/** Built-in commands win, then those of installed plugins. */
function describeTaken({ bundle, enabled }: FoundBundle, rivals: ReadonlyMap<string, string>): CatalogProblem | undefined {
  const { name, directory: path, services } = bundle;
  if (services !== undefined || !enabled) return undefined;
  const rival = rivals.get(name);
  if (!isReserved(name) && rival === undefined) return undefined;
  const whose = isReserved(name) ? 'belongs to bulkhead itself' : `is a command of the plugin "${rival}"`;
  const reason = `bundle "${name}" cannot be run as a command: "bulkhead ${name}" ${whose}`;
  const hint = `rename it, and the program in it: ${path}`;
  return { kind: 'conflict', path, name, reason, hint, skippable: true };
}

function describeNamesake(
  place: CatalogPlace,
  found: FoundBundle,
  installed: { readonly name: string; readonly directory: PluginDirectory } | undefined,
): CatalogProblem | undefined {
  if (installed === undefined) return undefined;
  const { name, directory: path } = found.bundle;
  const means = isMeant(place, found, installed) ? `the bundle in ${path}` : `the plugin that is installed in ${installed.directory.path}`;
  const reason = `"${name}" is the name of a bundle in ${path} and of a plugin that is installed in ${installed.directory.path}; it means ${means}`;
  return { kind: 'conflict', path, name, reason, hint: `rename or remove the bundle: ${path}`, skippable: true };
}

/** By directory, as always; in one and the same an installed plugin, for which somebody has answered. */
function isMeant(
  { directories }: CatalogPlace,
  found: Pick<FoundBundle, 'directory'>,
  installed: { readonly directory: PluginDirectory } | undefined,
): boolean {
  const rank = ({ path }: PluginDirectory): number => {
    const index = directories.findIndex((one) => findRealPath(one.path) === findRealPath(path));
    return index < 0 ? directories.length : index;
  };
  return installed === undefined || rank(found.directory) < rank(installed.directory);
}

/** The bundle that a name means, or that is at a path; nothing where that is an installed plugin, a file, or nothing. */
export async function inspectBundle(
  scene: Scene,
  nameOrPath: string,
): Promise<{ readonly bundle: ListedBundle; readonly notes: readonly string[] } | undefined> {
  const { bundles, problems } = await listBundles(scene);
  const placed = await findByPath(bundles, nameOrPath);
  if (placed === undefined && (await isFile(nameOrPath))) return undefined;
  const bundle = placed ?? bundles.find(({ name }) => name === nameOrPath);
  const installed = (await scene.outlines()).installations.find(({ name }) => name === nameOrPath);
  if (bundle === undefined) {
    const broken = installed === undefined && problems.find(({ kind, name }) => kind === 'invalid' && name === nameOrPath);
    if (broken) throw bundleUseErrors.unusable(nameOrPath, broken.reason, broken.hint);
    return undefined;
  }
  if (placed === undefined && !isMeant(scene.place, { directory: bundle.from }, installed)) return undefined;
  return { bundle, notes: problems.filter(({ name }) => name === bundle.name).map(({ reason }) => reason) };
}

/** By the path of its directory or its program, links followed: so a program can find out which bundle it is of. */
async function findByPath(bundles: readonly ListedBundle[], path: string): Promise<ListedBundle | undefined> {
  const asked = await stat(path).catch(() => undefined);
  if (asked === undefined) return undefined;
  for (const bundle of bundles) {
    for (const own of [bundle.directory, bundle.executable]) {
      const found = await stat(own).catch(() => undefined);
      if (found?.ino === asked.ino && found.dev === asked.dev) return bundle;
    }
  }
  return undefined;
}

async function isFile(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isFile() === true;
}

/** The bundle that this name means, if it means one; throws why it cannot be used. Of nothing else than its name is read. */
export async function findMeantBundle(scene: Scene, name: string): Promise<FoundBundle | undefined> {
  const { found } = await lookUp(scene, name);
  if (found === undefined) return undefined;
  const installed = (await scene.outlines()).installations.find((one) => one.name === name);
  return isMeant(scene.place, found, installed) ? found : undefined;
}

/** Of a name that may be anything: those of installed plugins have more segments, and words of a command line are what was typed. */
async function lookUp({ place }: Scene, name: string): ReturnType<typeof findBundle> {
  return findBundle(place, name).catch((error: unknown) => {
    if (error instanceof BulkheadError && error.code === 'BUNDLE_NAME_INVALID') return { found: undefined, problems: [] };
    throw error;
  });
}

/** Nothing where the name means no bundle. */
export async function changeBundleEnabled(
  scene: Scene,
  name: string,
  { enabled, user, command }: ChangeRequest & { enabled: boolean },
): Promise<{ name: string; enabled: boolean; changed: boolean; lifted: boolean } | undefined> {
  const { paths, uid, place } = scene;
  const found = await findMeantBundle(user ? { ...scene, place: { ...place, directories: [userDirectory(paths)] } } : scene, name);
  if (found === undefined) return undefined;
  if (found.directory.scope === 'system') requireSystemRights(paths, uid, command);
  if (enabled) {
    const refusal = findBundleRefusal((await scene.settings()).policy, name, found.bundle.directory);
    if (refusal !== undefined) throw refusal;
  }
  const changed = await setBundleEnabled(name, enabled, { directory: found.directory.path, uid });
  if (changed && !enabled && found.bundle.services !== undefined && (await readServiceStates(scene)).has(name))
    scene.log.write('info', 'Its services go on until the next: bulkhead system start');
  return { name, enabled, changed, lifted: false };
}

/** Says of what is done to installed plugins that it cannot be done to a bundle, where the name means one. */
export async function refuseBundle(scene: Scene, name: string, command: string): Promise<void> {
  const found = await findMeantBundle(scene, name);
  const { installations } = await scene.outlines();
  if (found === undefined || installations.some((one) => one.name === name)) return;
  throw command === 'uninstall' ? bundleUseErrors.notInstalled(found.bundle) : bundleUseErrors.hasNone(name, `"plugin ${command}"`);
}

/** What a service is started from, with the operator's section for it; throws why it is not. */
export async function requireUsableBundle(scene: Scene, name: string): Promise<Bundle | undefined> {
  const { found, problems } = await lookUp(scene, name);
  const broken = problems.find(({ kind }) => kind === 'invalid' || kind === 'refused');
  if (found === undefined && broken !== undefined) throw bundleUseErrors.unusable(name, broken.reason, broken.hint);
  if (found === undefined) return undefined;
  const { policy, plugin: sections = {} } = await scene.settings();
  const refusal = findBundleRefusal(policy, name, found.bundle.directory);
  if (refusal !== undefined) throw refusal;
  if (!found.enabled) throw bundleUseErrors.disabled(name);
  return withSettings(found.bundle, sections);
}

export interface BundleCommand {
  readonly name: string;
  readonly abstract: string;
  readonly directory: string;
}

/** The bundles that can be typed as commands, by name: enabled, without services, and of a name that nobody before them has. */
export async function listBundleCommands(scene: Scene): Promise<BundleCommand[]> {
  const { bundles } = await openBundles(scene.place);
  if (bundles.length === 0) return [];
  const rivals = await listFirstWords(scene);
  return bundles
    .filter(({ bundle, enabled }) => enabled && bundle.services === undefined && !isReserved(bundle.name) && !rivals.has(bundle.name))
    .map(({ bundle: { name, abstract, directory } }) => ({ name, abstract, directory }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** The names of all that are good, for completion. */
export async function listBundleNames({ place }: Scene): Promise<string[]> {
  return (await openBundles(place)).bundles.map(({ bundle }) => bundle.name);
}
