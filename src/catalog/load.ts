import { systemCodeOf } from '#base/errors.js';
import { readRegularFile, type RegularFile } from '#base/regular-file.js';
import { digestPackage, PACKAGE_BYTES_MAX, readPackage, sameManifest, type PluginPackage } from '#package/package.js';
import { readInstallationOf } from './directory.js';
import { catalogErrors } from './errors.js';
import type { Installation } from './installation.js';
import { findDistrust } from './trust.js';

/**
 * Reads an installed plugin for running it: the file once, into memory; that memory is what is hashed, compared with the receipt,
 * taken apart and handed on. What happens to the file afterwards does not matter.
 */
export async function readInstalled(installation: Installation, { uid }: { readonly uid: number }): Promise<PluginPackage> {
  const { name, packageFile: path, digest, manifest } = installation;
  const { bytes, ...owner } = await readPackageBytes(installation, uid);
  const distrust = findDistrust(owner, uid);
  if (distrust !== undefined) throw catalogErrors.pathUnsafe(path, distrust);
  const found = digestPackage(bytes);
  if (found !== digest) throw catalogErrors.packageModified(name, path, `its digest is ${found}, the receipt says ${digest}`);
  const plugin = readPackage(bytes, path, found);
  if (!sameManifest(plugin.manifest, manifest))
    throw catalogErrors.packageModified(name, path, 'its manifest is not the one in the receipt');
  return plugin;
}

async function readPackageBytes(installation: Installation, uid: number): Promise<RegularFile> {
  const { name, packageFile: path } = installation;
  try {
    return await readRegularFile(path, { bytesMax: PACKAGE_BYTES_MAX, noFollow: true });
  } catch (error) {
    if (systemCodeOf(error) !== 'ENOENT') throw catalogErrors.packageUnreadable(name, path, error);
    // Throws where the package is missing; else the plugin was upgraded or removed since the catalog was read.
    await readInstallationOf(installation.directory, name, uid);
    throw catalogErrors.changedMeanwhile(name);
  }
}
