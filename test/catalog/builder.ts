/** A plugin directory of its own for each test, and shorthand for what is done to it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CONTRACT } from '@bulkhead/plugin-sdk/contract';
import {
  installPackage,
  openCatalog,
  type Catalog,
  type Installation,
  type InstallOptions,
  type PluginDirectory,
} from '#catalog/catalog.js';
import { readPackage } from '#package/package.js';
import { buildPackage, type PackageChanges } from '../package/builder.js';

export const uid = process.getuid?.() ?? 0;

export interface TestPlace {
  readonly user: PluginDirectory;
  readonly system: PluginDirectory;
  readonly remove: () => Promise<void>;
}

/** Neither of the two directories exists yet. */
export async function openPlace(): Promise<TestPlace> {
  const root = await mkdtemp(join(tmpdir(), 'bulkhead-catalog-'));
  return {
    user: { path: join(root, 'user/plugin'), scope: 'user' },
    system: { path: join(root, 'system/libexec/plugin'), scope: 'system' },
    remove: () => rm(root, { recursive: true, force: true }),
  };
}

export function openBoth({ user, system }: TestPlace): Promise<Catalog> {
  return openCatalog({ directories: [user, system], uid });
}

/** Into the user's directory, granting what is asked for, unless `changes` say otherwise. */
export function optionsFor(place: TestPlace, changes: Partial<InstallOptions> = {}): InstallOptions {
  return {
    place: { directories: [place.user, place.system], uid },
    directory: place.user,
    offered: CONTRACT,
    lock: 'range',
    grants: {},
    onFailure: 'default',
    isolation: 'default',
    reservedCommands: ['run', 'plugin list'],
    ...changes,
  };
}

export function install(place: TestPlace, plugin: PackageChanges = {}, changes: Partial<InstallOptions> = {}): Promise<Installation> {
  return installPackage(readPackage(buildPackage(plugin), 'sample.sif'), optionsFor(place, changes));
}
