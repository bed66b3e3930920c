/** Whether there is a runtime of a name: found out before anything is opened or pulled. */
import { findNearest } from '#base/nearest.js';
import type { Outline } from '#catalog/catalog.js';
import { reservedRuntimes } from './contributions.js';
import { wiringErrors } from './errors.js';
import { isHosts, providesRuntime } from './runtimes.js';
import type { Scene } from './scene.js';

/** Throws where there is no such runtime, before anything else is done. Starts nothing. */
export async function requireRuntime(scene: Scene, name: string | undefined): Promise<void> {
  if (name === undefined) return;
  const settings = await scene.settings();
  if (isHosts(name, settings)) {
    const { chooseRuntime } = await import('#engine/engine.js');
    await chooseRuntime({ runtime: name }, { runtimes: settings.runtimes ?? {} });
    return;
  }
  const { installations, problems } = await scene.outlines();
  const having = installations.filter((outline) => providesRuntime(outline, name));
  if (having.some(({ enabled }) => enabled)) return;
  const { findRuntimeBundle, listRuntimeBundles, requireServices } = await import('./bundle-runtimes.js');
  if ((await findRuntimeBundle(scene, name)) !== undefined) return requireServices(scene);
  if (having[0] !== undefined) throw wiringErrors.runtimeDisabled(name, having[0].name);
  const provided = [...listProvided(installations), ...(await listRuntimeBundles(scene))];
  const known = [...new Set([...reservedRuntimes, ...Object.keys(settings.runtimes ?? {}), ...provided])];
  throw wiringErrors.runtimeUnknown(name, { known, nearest: findNearest(name, known), isUnsure: problems.length > 0 });
}

function listProvided(installations: readonly Outline[]): string[] {
  const claims = installations.filter(({ enabled }) => enabled).flatMap((outline) => outline.claims);
  return claims.flatMap((claim) => (claim.startsWith('runtime ') ? [claim.slice('runtime '.length)] : []));
}
