/**
 * Runtimes, as `run --runtime NAME` means them; the first that has the name:
 *
 *      the host's own      embedded, crun, runc, an absolute path, what `[runtimes]` of bulkhead.toml names      the engine looks them up
 *      a plugin's          `runtimes` of its manifest                                       asked what is to be run, when all else is known
 *      a bundle's          its own, where it offers a runtime; bundle-runtimes.ts            the same, over its socket
 */
import { isAbsolute } from 'node:path';
import { findNearest } from '#base/nearest.js';
import type { Outline } from '#catalog/catalog.js';
import type { Invocation } from './around-command.js';
import { reservedRuntimes } from './contributions.js';
import { wiringErrors } from './errors.js';
import type { Scene } from './scene.js';
import type { Settings } from './settings.js';

/** As it was typed; a plugin that is asked before the command may want another one. */
export function typedRuntime({ commandFlags: { runtime } }: Pick<Invocation<unknown>, 'commandFlags'>): string | undefined {
  return typeof runtime === 'string' ? runtime : undefined;
}

/** Whether the plugin has a runtime of this name; without a name, whether it has any. */
export function providesRuntime({ claims }: Pick<Outline, 'claims'>, name?: string): boolean {
  return claims.some((claim) => (name === undefined ? claim.startsWith('runtime ') : claim === `runtime ${name}`));
}

/** Whether the engine is to look it up, whatever plugins there are. */
export function isHosts(name: string, { runtimes = {} }: Pick<Settings, 'runtimes'>): boolean {
  return isAbsolute(name) || reservedRuntimes.includes(name) || Object.hasOwn(runtimes, name);
}

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
