import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { CatalogPlace, PluginDirectory } from '#catalog/catalog.js';
import type { Paths } from '#base/paths.js';
import { wiringErrors } from './errors.js';

/** Where plugins are looked for, first wins: `--plugin-dir`, `BULKHEAD_PLUGIN_DIR`, the caller's own, the system's. */
export function placeOf(paths: Paths, given: readonly string[], uid: number): CatalogPlace {
  return {
    uid,
    directories: [
      ...[...given, ...paths.extraPlugins].map((path): PluginDirectory => ({ path, scope: 'given' })),
      { path: paths.userPlugins, scope: 'user' },
      { path: paths.systemPlugins, scope: 'system' },
    ],
  };
}

export function systemDirectory(paths: Paths): PluginDirectory {
  return { path: paths.systemPlugins, scope: 'system' };
}

export function userDirectory(paths: Paths): PluginDirectory {
  return { path: paths.userPlugins, scope: 'user' };
}

/**
 * The system's plugins belong to root, or to whoever owns their directory (the nearest one above that exists): Apptainer's
 * rule of "root privileges or an unprivileged installation". The kernel has the last word; this says it in words.
 */
export function requireSystemRights(paths: Paths, uid: number, command: string): void {
  if (uid !== 0 && ownerOfNearest(paths.systemPlugins) !== uid) throw wiringErrors.needsRoot(command);
}

function ownerOfNearest(path: string): number {
  for (let directory = path; ; directory = dirname(directory)) {
    const owner = findOwner(directory);
    if (owner !== undefined) return owner;
    if (directory === dirname(directory)) return 0;
  }
}

/** Undefined where there is nothing; what cannot even be looked at belongs to somebody else. */
function findOwner(path: string): number | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false })?.uid;
  } catch {
    return 0;
  }
}
