import { findInstallation, openCatalog, readInstalled, type PluginScope } from '#catalog/catalog.js';
import { readPackageFile, type PluginPackage } from '#package/package.js';
import { wiringErrors } from './errors.js';
import { isThere } from './is-there.js';
import type { Scene } from './scene.js';

/**
 * Reads a package for whoever looks at it. As Apptainer does: a file of that name is meant before a plugin of that name. A file is
 * judged as if it were installed for the caller.
 */
export async function openPackage(scene: Scene, nameOrFile: string): Promise<PluginPackage & { readonly scope: PluginScope }> {
  if (await isThere(nameOrFile)) return { ...(await readPackageFile(nameOrFile)), scope: 'user' };
  const installation = findInstallation(await openCatalog(scene.place), nameOrFile);
  if (installation === undefined) throw wiringErrors.notFound(nameOrFile);
  return { ...(await readInstalled(installation, { uid: scene.uid })), scope: installation.directory.scope };
}
