/** The moment `attach` of a run in the foreground; a monitor has its own. */
import { namesNetworks, type Moments, type RunRequest } from '#engine/engine.js';
import type { NetworkPlace } from '#networks/networks.js';
import type { Scene } from './scene.js';

export function networkPlace({ paths }: Pick<Scene, 'paths'>): NetworkPlace {
  return { directory: paths.networks, cni: paths.cni };
}

/** Nothing where no network is named; the room of networks is not even loaded then. Throws where it cannot be done. */
export async function joinNetworks(scene: Scene, { options = {} }: RunRequest, name: string | undefined): Promise<Pick<Moments, 'attach'>> {
  const { networks, publish = [] } = options;
  if (!namesNetworks(options) && publish.length === 0) return {};
  const { builtinProviders, prepareJoin } = await import('#networks/networks.js');
  const place = networkPlace(scene);
  const warn = (line: string): void => scene.log.write('warning', line);
  return { attach: await prepareJoin(place, { networks, publish, uid: scene.uid, name, findProvider: builtinProviders(place), warn }) };
}
