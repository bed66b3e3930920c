/** What `plugin order` does. None of this runs plugin code. */
import { changeOrder, findReplacing, openCatalog, readOrders, sortPlugins, type Installation } from '#catalog/catalog.js';
import type { ChangeRequest } from './choose-directory.js';
import { requireSystemRights, systemDirectory, userDirectory } from './places.js';
import type { Scene } from './scene.js';

export interface OrderReport {
  /** What the operator said, the weightiest list first. */
  readonly orders: readonly { readonly directory: string; readonly names: readonly string[] }[];
  /** The enabled plugins, as they are asked. */
  readonly plugins: readonly string[];
}

export async function reportOrder(scene: Scene): Promise<OrderReport> {
  const { installations } = await openCatalog(scene.place);
  const orders = await readOrders(scene.place);
  const enabled = installations.filter((installation) => installation.enabled);
  return {
    orders: orders.map(({ directory, names }) => ({ directory: directory.path, names })),
    plugins: sortPlugins(enabled, orders).map(({ name }) => name),
  };
}

/** No names: no order. */
export async function setOrder(scene: Scene, names: readonly string[], { user, command }: ChangeRequest): Promise<OrderReport> {
  if (!user) requireSystemRights(scene.paths, scene.uid, command);
  const directory = user ? userDirectory(scene.paths) : systemDirectory(scene.paths);
  await changeOrder(names, { place: scene.place, directory });
  return reportOrder(scene);
}

/** Whose values a plugin replaces, and whose replace its own, in words for `inspect`. */
export async function describeOrder(scene: Scene, installations: readonly Installation[], name: string): Promise<string[]> {
  const orders = await readOrders(scene.place);
  const replaces = findReplacing(installations, orders);
  const others = installations.filter((other) => other.enabled && other.name !== name).map((other) => other.name);
  const quote = (names: readonly string[]): string => names.map((one) => `"${one}"`).join(', ');
  const below = others.filter((other) => replaces(other, name) !== undefined);
  const above = others.filter((other) => replaces(name, other) !== undefined);
  return [
    ...(below.length === 0 ? [] : [`By "plugin order", what it sets in a container's configuration replaces what ${quote(below)} set`]),
    ...(above.length === 0
      ? []
      : [`By "plugin order", what it sets in a container's configuration is replaced by what ${quote(above)} set`]),
  ];
}
