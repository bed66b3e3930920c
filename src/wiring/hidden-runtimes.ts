/** Runtimes of bundles that nobody can name, because the name is somebody else's. Runs none of their programs. */
import { BulkheadError } from '#base/errors.js';
import type { CatalogProblem, FoundBundle } from '#catalog/catalog.js';
import { isHosts, providesRuntime } from './runtimes.js';
import type { Scene } from './scene.js';
import type { Settings } from './settings.js';

/** In the order in which names are looked up: the host's and the operator's, installed plugins', bundles'. */
export async function listHiddenRuntimes(scene: Scene, bundles: readonly FoundBundle[]): Promise<CatalogProblem[]> {
  const runtimes = bundles.filter(({ bundle, enabled }) => enabled && bundle.services?.types.includes('runtime') === true);
  if (runtimes.length === 0) return [];
  const settings = await readRuntimes(scene);
  const { installations } = await scene.outlines();
  return runtimes.flatMap(({ bundle: { name, directory: path } }): CatalogProblem[] => {
    const rival = installations.find((outline) => outline.enabled && providesRuntime(outline, name));
    if (!isHosts(name, settings) && rival === undefined) return [];
    const whose = isHosts(name, settings) ? 'one that bulkhead or its operator has named so' : `one of the plugin "${rival?.name}"`;
    const reason = `bundle "${name}" cannot be used as a runtime: "--runtime ${name}" means ${whose}`;
    return [{ kind: 'conflict', path, name, reason, hint: `rename it, and the program in it: ${path}`, skippable: true }];
  });
}

/** A configuration that cannot be read is told of elsewhere. */
async function readRuntimes({ settings }: Scene): Promise<Pick<Settings, 'runtimes'>> {
  try {
    return await settings();
  } catch (error) {
    if (error instanceof BulkheadError) return {};
    throw error;
  }
}
