import { dirname, join } from 'node:path';
import type { Log } from '#base/log.js';
import type { Paths } from '#base/paths.js';
import { hashName } from '#base/hash-name.js';
import type { Catalog, CatalogPlace, Outline } from '#catalog/catalog.js';
import type { Settings } from './settings.js';
import type { StoredKey } from './trust/store.js';

/** The flags of built-in commands, as the command line knows them: `{ run: ['--bind', '-B', …] }`. */
export type BuiltinFlags = Readonly<Record<string, readonly string[]>>;

/** What every function of the wiring is given: who asks, where things are, where words go. */
export interface Scene {
  readonly log: Log;
  readonly print: (text: string) => void;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly uid: number;
  readonly paths: Paths;
  readonly place: CatalogPlace;
  /** Reads the outlines of what is installed at the first call. */
  readonly outlines: () => Promise<Catalog<Outline>>;
  /** Which flags belong to built-in commands, so that no plugin takes one. */
  readonly builtinFlags: BuiltinFlags;
  /** Reads the operator's configuration at the first call. */
  readonly settings: () => Promise<Settings>;
  /** Reads the keys that may sign plugins, at the first call; throws where one of them cannot be trusted. */
  readonly trust: () => Promise<readonly StoredKey[]>;
}

/** Directories that decide what plugins may do, or hold what is of others: no plugin reads or writes in them, whatever it was granted. */
export function sealedDirectories({ paths, place }: Scene): string[] {
  const plugins = [paths.systemPlugins, paths.userPlugins, ...place.directories.map(({ path }) => path)];
  return [...new Set([...plugins, dirname(paths.configFile), paths.systemKeys, paths.userKeys, paths.state, paths.run])];
}

/** Where plugins of this uid keep what is theirs. */
export function stateRoot(paths: Paths): string {
  return join(paths.state, 'plugin');
}

/** Where it is recorded what plugins of this uid did with their powers, e.g. `/var/lib/bulkhead/audit`. */
export function auditDirectory(paths: Paths): string {
  return join(paths.state, 'audit');
}

/** A plugin's own state, e.g. `/var/lib/bulkhead/plugin/<sha256 of the name>`. */
export function pluginStateDirectory(paths: Paths, plugin: string): string {
  return join(stateRoot(paths), hashName(plugin));
}
