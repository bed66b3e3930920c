/**
 * In which order plugins are asked.
 *
 *      catalog's order (directory, then name)
 *        then    what manifests say: `after: ['example.com/a']`, `before: […]`     the author's; two that contradict are refused
 *        above   what the operator says: `plugin order a b`                        per plugin directory, the system's above the user's
 *
 * The operator's order also decides where two plugins set one field: the later one has it. A list can do that to plugins of its own
 * directory, and the system's list to all: what root has installed, a user's list does not overrule.
 *
 *      <directory>/order.json   0644   { "format": 1, "names": ["example.com/a", "example.com/b"] }
 */
import { pluginName } from '@bulkhead/plugin-sdk/contract';
import * as v from 'valibot';
import { parseBoundedJson } from '#base/bounded-json.js';
import { messageOf } from '#base/errors.js';
import { readRegularFile } from '#base/regular-file.js';
import { changeDirectory, explainFailure } from './change.js';
import { ignoreMissing } from './directory.js';
import { openCatalog } from './discover.js';
import { catalogErrors } from './errors.js';
import type { CatalogPlace, Installation, PluginDirectory, PluginScope } from './installation.js';
import { orderFile } from './layout.js';
import { removeIfThere, syncDirectory, writeStaged } from './staged-file.js';
import { findDistrust } from './trust.js';

const ORDER_BYTES_MAX = 65_536;
const NAMES_MAX = 256;

const orderSchema = v.strictObject({ format: v.literal(1), names: v.pipe(v.array(pluginName), v.maxLength(NAMES_MAX)) });

export interface DirectoryOrder {
  readonly directory: PluginDirectory;
  readonly names: readonly string[];
}

/** What is sorted: an installation, or one that is about to be. */
export interface Ordered {
  readonly name: string;
  readonly manifest: { readonly before?: readonly string[] | undefined; readonly after?: readonly string[] | undefined };
}

/** Those of all directories, the weightiest first. Throws where one cannot be read: nobody can tell then who has the last word. */
export async function readOrders({ directories, uid }: CatalogPlace): Promise<DirectoryOrder[]> {
  const orders = await Promise.all(directories.map(async (directory) => ({ directory, names: await readOrder(directory, uid) })));
  return orders.filter(({ names }) => names.length > 0).toSorted((one, other) => weightOf(one) - weightOf(other));
}

/** Sets the order of one directory; no names remove it. Every name must be installed, in whatever directory. */
export async function changeOrder(
  names: readonly string[],
  { place, directory }: { place: CatalogPlace; directory: PluginDirectory },
): Promise<void> {
  const repeated = names.find((name, index) => names.indexOf(name) !== index);
  if (repeated !== undefined) throw catalogErrors.orderRepeats(repeated);
  if (names.length > NAMES_MAX) throw catalogErrors.orderInvalid(orderFile(directory.path), `it has more than ${NAMES_MAX} names`);
  await explainFailure('change', () =>
    changeDirectory(directory.path, place.uid, async (lease) => {
      const { installations } = await openCatalog({ ...place, directories: [...place.directories, directory] });
      const unknown = names.find((name) => !installations.some((installation) => installation.name === name));
      if (unknown !== undefined) throw catalogErrors.orderUnknown(unknown);
      const others = (await readOrders(place).catch(() => [])).filter((order) => order.directory.path !== directory.path);
      const orders = [...others, { directory, names }].toSorted((one, other) => weightOf(one) - weightOf(other));
      sortPlugins(
        installations.filter(({ enabled }) => enabled),
        orders,
      );
      lease.requireHeld();
      const file = orderFile(directory.path);
      if (names.length > 0) await writeStaged(file, new TextEncoder().encode(`${JSON.stringify({ format: 1, names })}\n`));
      else if (await removeIfThere(file)) await syncDirectory(directory.path);
    }),
  );
}

/** Throws where plugins want to be before one another in a circle, by name. Without a wish the order stays as it is. */
export function sortPlugins<Plugin extends Ordered>(plugins: readonly Plugin[], orders: readonly DirectoryOrder[]): Plugin[] {
  const byOperator = new Graph();
  for (const { names } of orders) {
    const present = names.filter((name) => plugins.some((plugin) => plugin.name === name));
    for (const [index, name] of present.entries()) {
      const next = present[index + 1];
      // A lighter list that contradicts a weightier one has no say.
      if (next !== undefined && !byOperator.leads(next, name)) byOperator.add(name, next);
    }
  }
  const all = byOperator.copy();
  for (const { name, manifest } of plugins) {
    for (const earlier of manifest.after ?? []) if (!byOperator.leads(name, earlier)) all.add(earlier, name);
    for (const later of manifest.before ?? []) if (!byOperator.leads(later, name)) all.add(name, later);
  }
  return all.isEmpty ? [...plugins] : placeAll(plugins, all);
}

/** Refuses a plugin that would close a circle with those that are enabled. */
export function requireOrder(plugin: Ordered, installations: readonly Installation[], orders: readonly DirectoryOrder[]): void {
  const others = installations.filter(({ name, enabled }) => enabled && name !== plugin.name);
  sortPlugins<Ordered>([...others, plugin], orders);
}

/** Whether what `second` sets replaces what `first` has set: a list that may decide it has them in this order. */
export function findReplacing(
  installations: readonly Installation[],
  orders: readonly DirectoryOrder[],
): (first: string, second: string) => DirectoryOrder | undefined {
  const directoryOf = new Map(installations.map(({ name, directory }) => [name, directory.path]));
  return (first, second) => {
    const deciding = orders.find(({ names }) => names.includes(first) && names.includes(second));
    if (deciding === undefined || deciding.names.indexOf(first) > deciding.names.indexOf(second)) return undefined;
    const { scope, path } = deciding.directory;
    return scope === 'system' || directoryOf.get(first) === path ? deciding : undefined;
  };
}

class Graph {
  readonly #next = new Map<string, Set<string>>();

  get isEmpty(): boolean {
    return this.#next.size === 0;
  }

  add(from: string, to: string): void {
    this.#next.set(from, (this.#next.get(from) ?? new Set()).add(to));
  }

  copy(): Graph {
    const copy = new Graph();
    for (const [from, all] of this.#next) for (const to of all) copy.add(from, to);
    return copy;
  }

  isBefore(from: string, to: string): boolean {
    return this.#next.get(from)?.has(to) ?? false;
  }

  /** Whether a way leads from one to the other. */
  leads(from: string, to: string): boolean {
    const open = [from];
    const seen = new Set(open);
    for (let current = open.pop(); current !== undefined; current = open.pop()) {
      if (current === to) return true;
      for (const next of this.#next.get(current) ?? []) if (!seen.has(next)) open.push(seen.add(next) && next);
    }
    return false;
  }
}

/** Each as early as it may be; those of equal right stay in their order. */
function placeAll<Plugin extends Ordered>(plugins: readonly Plugin[], graph: Graph): Plugin[] {
  const placed: Plugin[] = [];
  let waiting = [...plugins];
  while (waiting.length > 0) {
    const index = waiting.findIndex(({ name }) => !waiting.some((other) => graph.isBefore(other.name, name)));
    const [next] = index < 0 ? [] : waiting.slice(index);
    if (next === undefined) throw catalogErrors.orderCycle(findCircle(waiting, graph));
    placed.push(next);
    waiting = waiting.filter((plugin) => plugin !== next);
  }
  return placed;
}

/** Each of those that wait has another before it: going back from any leads into the circle. */
function findCircle(waiting: readonly Ordered[], graph: Graph): string[] {
  const way: string[] = [];
  let current = waiting[0]?.name ?? '';
  while (!way.includes(current)) {
    way.push(current);
    const name = current;
    current = waiting.find((other) => graph.isBefore(other.name, name))?.name ?? name;
  }
  return way.slice(way.indexOf(current)).toReversed();
}

async function readOrder({ path }: PluginDirectory, uid: number): Promise<readonly string[]> {
  const file = orderFile(path);
  const read = await readRegularFile(file, { bytesMax: ORDER_BYTES_MAX, noFollow: true }).catch((error: unknown) => {
    try {
      return ignoreMissing(error);
    } catch {
      throw catalogErrors.orderInvalid(file, messageOf(error));
    }
  });
  if (read === undefined) return [];
  const distrust = findDistrust(read, uid);
  if (distrust !== undefined) throw catalogErrors.orderInvalid(file, distrust);
  const json = parseBoundedJson(read.bytes);
  if (!json.parsed) throw catalogErrors.orderInvalid(file, json.why);
  const checked = v.safeParse(orderSchema, json.value, { abortEarly: true });
  if (!checked.success) throw catalogErrors.orderInvalid(file, `${v.getDotPath(checked.issues[0]) ?? 'it'}: ${checked.issues[0].message}`);
  return checked.output.names;
}

function weightOf({ directory }: DirectoryOrder): number {
  const weights: Readonly<Record<PluginScope, number>> = { system: 0, user: 1, given: 2 };
  return weights[directory.scope];
}
