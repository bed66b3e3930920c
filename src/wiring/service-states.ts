import type { Scene } from './scene.js';

/** What the services of plugins do, by the plugin's name, for `plugin list --long`. Nothing is kept running yet, so nothing is told. */
export function readServiceStates(_scene: Scene): Promise<ReadonlyMap<string, string>> {
  return Promise.resolve(new Map());
}
