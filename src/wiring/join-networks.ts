/** The moment `attach` of a run in the foreground; a monitor has its own. Loads little: the room of networks comes where one is named. */
import { existsSync } from 'node:fs';
import type { Outline } from '#catalog/catalog.js';
import { namesNetworks, type Moments, type RunRequest } from '#engine/engine.js';
import type { AskNetwork, NetworkPlace } from '#networks/networks.js';
import type { Scene } from './scene.js';

export function networkPlace({ paths }: Pick<Scene, 'paths'>): NetworkPlace {
  return { directory: paths.networks, cni: paths.cni };
}

/** Whether the plugin stands behind networks under this name; without a name, whether under any. */
export function providesNetwork({ claims }: Pick<Outline, 'claims'>, name?: string): boolean {
  return claims.some((claim) => (name === undefined ? claim.startsWith('network ') : claim === `network ${name}`));
}

interface Joining {
  readonly name: string | undefined;
  /** Absent where no plugin stands behind any of its networks. */
  readonly ask: AskNetwork | undefined;
}

/** The room of networks is not even loaded where no network is named. Throws where it cannot be done. */
export async function joinNetworks(scene: Scene, { options = {} }: RunRequest, { name, ask }: Joining): Promise<Pick<Moments, 'attach'>> {
  const { networks, publish = [] } = options;
  const place = networkPlace(scene);
  const warn = (line: string): void => scene.log.write('warning', line);
  if (!namesNetworks(options) && publish.length === 0) return networks?.includes('none') && scene.uid === 0 ? leaving(place, warn) : {};
  const { findProviders, prepareJoin } = await import('#networks/networks.js');
  return { attach: await prepareJoin(place, { networks, publish, uid: scene.uid, name, findProvider: findProviders(place, ask), warn }) };
}

/** It can be connected to networks while it runs; at its end it leaves them. */
function leaving(place: NetworkPlace, warn: (line: string) => void): Pick<Moments, 'attach'> {
  const detach = async (id: string): Promise<void> => {
    if (!existsSync(place.directory)) return;
    const { findProviders, leave } = await import('#networks/networks.js');
    await leave(place, id, { findProvider: findProviders(place), warn });
  };
  return { attach: ({ id }) => Promise.resolve({ detach: () => detach(id) }) };
}
