/** Networks of bundles that nobody can name, because the name is somebody else's. Runs none of their programs. */
import type { CatalogProblem, FoundBundle } from '#catalog/catalog.js';
import { BRIDGE_PROVIDER } from '#networks/networks.js';
import { providesNetwork } from './join-networks.js';
import type { Scene } from './scene.js';

/** In the order in which names are looked up: the built-in one, installed plugins', bundles'. */
export async function listHiddenNetworks(scene: Scene, bundles: readonly FoundBundle[]): Promise<CatalogProblem[]> {
  const networks = bundles.filter(({ bundle, enabled }) => enabled && bundle.services?.types.includes('network') === true);
  if (networks.length === 0) return [];
  const { installations } = await scene.outlines();
  return networks.flatMap(({ bundle: { name, directory: path } }): CatalogProblem[] => {
    const rival = installations.find((outline) => outline.enabled && providesNetwork(outline, name));
    if (name !== BRIDGE_PROVIDER && rival === undefined) return [];
    const whose = rival === undefined ? 'the one that is built in' : `one of the plugin "${rival.name}"`;
    const reason = `bundle "${name}" cannot be used as a network: "--plugin ${name}" means ${whose}`;
    return [{ kind: 'conflict', path, name, reason, hint: `rename it, and the program in it: ${path}`, skippable: true }];
  });
}
