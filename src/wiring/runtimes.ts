/**
 * Runtimes, as `run --runtime NAME` means them; the first that has the name:
 *
 *      the host's own      embedded, crun, runc, an absolute path, what `[runtimes]` of bulkhead.toml names      the engine looks them up
 *      a plugin's          `runtimes` of its manifest                                       asked what is to be run, when all else is known
 *      a bundle's          its own, where it offers a runtime; bundle-runtimes.ts            the same, over its socket
 */
import { isAbsolute } from 'node:path';
import type { Outline } from '#catalog/catalog.js';
import type { Invocation } from './around-command.js';
import { reservedRuntimes } from './contributions.js';
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
