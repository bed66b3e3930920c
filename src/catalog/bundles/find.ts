/**
 * Finds bundles. One algorithm, for the list of all and for a look-up by name, so that what is listed can be used: directories in
 * order, in each the entries by name, and the first good one of a name wins. A broken one is a problem and hides nothing.
 */
import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { systemCodeOf } from '#base/errors.js';
import { checkDirectory, describeInvalid, describeRefused } from '../directory.js';
import { catalogErrors } from '../errors.js';
import type { CatalogPlace, CatalogProblem, PluginDirectory } from '../installation.js';
import { isOwnDirectory } from '../layout.js';
import { labelOf, namePattern, type Bundle } from './bundle.js';
import { readConfiguration } from './configuration.js';
import { bundleErrors } from './errors.js';
import { judgeDirectories, judgeProgram, judgeResources } from './judge.js';
import { entriesOf, findLayout, type Layout } from './layouts.js';
import { readDisabled } from './switches.js';

const ENTRIES_MAX = 4096;

export interface FoundBundle {
  readonly bundle: Bundle;
  readonly enabled: boolean;
  /** The plugin directory that it is in. */
  readonly directory: PluginDirectory;
  /** The file that says what it is. */
  readonly configuration: string;
}

export interface BundleCatalog {
  /** One per name, in the order in which they answer: by directory, then by name. */
  readonly bundles: readonly FoundBundle[];
  readonly problems: readonly CatalogProblem[];
}

export interface BundleOptions {
  /** The operator's sections for plugins, by name. */
  readonly settings?: Readonly<Record<string, Readonly<Record<string, unknown>>>> | undefined;
}

/** Never throws because of what it finds; that is a problem, and hides nothing else. Runs nothing. */
export function openBundles(place: CatalogPlace, options: BundleOptions = {}): Promise<BundleCatalog> {
  return collect(place, options, undefined);
}

/** The same of one name. Throws where it cannot be the name of a bundle; the problems are those of this name. */
export async function findBundle(
  place: CatalogPlace,
  name: string,
  options: BundleOptions = {},
): Promise<{ readonly found: FoundBundle | undefined; readonly problems: readonly CatalogProblem[] }> {
  if (!namePattern.test(name)) throw bundleErrors.nameInvalid(name);
  const { bundles, problems } = await collect(place, options, name);
  return { found: bundles.find(({ bundle }) => bundle.name === name), problems };
}

async function collect(
  { directories, uid }: CatalogPlace,
  { settings = {} }: BundleOptions,
  only: string | undefined,
): Promise<BundleCatalog> {
  const bundles = new Map<string, FoundBundle>();
  const problems: CatalogProblem[] = [];
  const seen = new Set<string>();
  for (const { path, scope } of directories) {
    const directory = { path: resolve(path), scope };
    if (seen.has(directory.path)) continue;
    seen.add(directory.path);
    for (const found of await readBundles(directory, uid, only)) {
      if ('kind' in found) {
        problems.push(found);
        continue;
      }
      const { name } = found.bundle;
      const winner = bundles.get(name);
      if (winner !== undefined) problems.push(describeShadow(found.bundle, winner.bundle));
      else bundles.set(name, { ...found, bundle: withSettings(found.bundle, settings) });
    }
  }
  const all = [...bundles.values()];
  return { bundles: all, problems: [...problems, ...describeSharedLabels(all)] };
}

/** A directory that is not there is empty; one that is not to be trusted is refused whole. */
async function readBundles(directory: PluginDirectory, uid: number, only: string | undefined): Promise<(FoundBundle | CatalogProblem)[]> {
  const answers: (FoundBundle | CatalogProblem)[] = [];
  try {
    const entries = await listEntries(directory.path, only);
    if (entries.length === 0 || !(await checkDirectory(directory.path, uid))) return answers;
    const disabled = await readDisabled(directory.path, uid);
    for (const entry of entries) {
      try {
        answers.push(...(await readEntry(directory, entry, uid, disabled)));
      } catch (error) {
        const path = join(directory.path, entry.name);
        // No run depends on a bundle of the catalog: one that needs it says so itself.
        answers.push({ ...describeInvalid(path, error), skippable: true });
      }
    }
  } catch (error) {
    answers.push(describeRefused(directory.path, error));
  }
  return answers;
}

/** What can be a bundle, by name. Where there is none, all this costs is one reading of the directory. */
async function listEntries(directory: string, only: string | undefined): Promise<Dirent[]> {
  const entries = await readdir(directory, { withFileTypes: true }).catch((error: unknown) => {
    if (systemCodeOf(error) !== 'ENOENT') throw error;
    return [];
  });
  if (entries.length > ENTRIES_MAX) throw catalogErrors.pathUnsafe(directory, `it holds more than ${ENTRIES_MAX} entries`);
  const wanted = only === undefined ? undefined : entriesOf(only);
  return entries
    .filter((entry) => (entry.isDirectory() || entry.isSymbolicLink()) && !entry.name.startsWith('.') && !isOwnDirectory(entry.name))
    .filter(({ name }) => wanted === undefined || wanted.includes(name))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** Nothing where the entry is a link to something that is no directory. Throws why it cannot be used. */
async function readEntry(
  directory: PluginDirectory,
  entry: Dirent,
  uid: number,
  disabled: ReadonlySet<string>,
): Promise<(FoundBundle | CatalogProblem)[]> {
  const path = join(directory.path, entry.name);
  if (entry.isSymbolicLink() && !(await leadsToDirectory(entry.name, path))) return [];
  const layout = await findLayout(directory.path, entry.name);
  if (!namePattern.test(layout.name)) throw bundleErrors.nameInvalid(layout.name, path);
  const { bundle, configuration, notes } = await readBundle(layout, uid);
  const told = notes.map((note) => describeNote(bundle, note));
  return [{ bundle, configuration, enabled: !disabled.has(bundle.name), directory }, ...told];
}

async function readBundle(
  layout: Layout,
  uid: number,
): Promise<{ readonly bundle: Bundle; readonly configuration: string; readonly notes: readonly string[] }> {
  const { name, directory, executable, resources } = layout;
  await judgeDirectories(layout, uid);
  const { file, description, notes } = await readConfiguration(layout, uid);
  await judgeProgram(layout, uid);
  const hasResources = await judgeResources(layout, uid);
  const bundle = { name, directory, executable, ...(hasResources && { resources }), ...description, settings: {} };
  return { bundle, configuration: file, notes };
}

async function leadsToDirectory(name: string, path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    const code = systemCodeOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP') throw bundleErrors.linkBroken(name, path);
    throw bundleErrors.unreadable(name, path, error);
  }
}

/** With its own section of the operator's, and nobody else's. */
export function withSettings(bundle: Bundle, sections: NonNullable<BundleOptions['settings']>): Bundle {
  return { ...bundle, settings: Object.hasOwn(sections, bundle.name) ? (sections[bundle.name] ?? {}) : {} };
}

function describeShadow({ name, directory: path }: Bundle, winner: Bundle): CatalogProblem {
  const reason = `bundle "${name}" in ${path} is hidden by the one in ${winner.directory}`;
  return { kind: 'shadowed', path, name, reason, skippable: true };
}

function describeNote({ name, directory: path }: Bundle, note: string): CatalogProblem {
  return { kind: 'noted', path, name, reason: `bundle "${name}": ${note}`, skippable: true };
}

/** An instance "b" of "a" is labelled as the plugin "a.b" is. */
function describeSharedLabels(all: readonly FoundBundle[]): CatalogProblem[] {
  const services = all.map(({ bundle }) => bundle).filter(({ services: offered }) => offered !== undefined);
  return services.flatMap(({ name, directory: path }): CatalogProblem[] => {
    const other = services.find((one) => name.startsWith(`${one.name}.`));
    if (other === undefined) return [];
    const instance = name.slice(other.name.length + 1);
    const reason = `bundle "${name}" has the label ${labelOf(name)}, which an instance "${instance}" of bundle "${other.name}" would have`;
    return [{ kind: 'conflict', path, name, reason, hint: `rename it, without the dot: mv ${path} …`, skippable: true }];
  });
}
