import { resolve } from 'node:path';
import semver from 'semver';
import { messageOf, systemCodeOf } from '#base/errors.js';
import { readRegularFile } from '#base/regular-file.js';
import { findDistrust, findInstallation, openCatalog, type Installation, type IsolationChoice, type OnFailure } from '#catalog/catalog.js';
import { PACKAGE_BYTES_MAX, readPackage, readPackageFile, type PluginPackage } from '#package/package.js';
import { chooseDirectory } from './choose-directory.js';
import { wiringErrors } from './errors.js';
import { lifeErrors } from './life-errors.js';
import { isThere } from './is-there.js';
import { placePlugin, type InstallRequest } from './plugins.js';
import type { Scene } from './scene.js';

/** Where something is absent, it stays as it is installed. */
export interface UpgradeRequest extends Omit<InstallRequest, 'onFailure' | 'isolation'> {
  readonly onFailure: OnFailure | undefined;
  readonly isolation: IsolationChoice | undefined;
  /** Also to an older version. */
  readonly force: boolean;
}

export interface Upgrade {
  readonly name: string;
  readonly from: string;
  readonly to: string;
  readonly changed: boolean;
}

/**
 * Puts another version of an installed plugin in its place: from a file, or by name from the file that it was installed from. It keeps
 * what the operator decided: enabled or not, grants, failure policy, isolation. Killed at any instant, it leaves the old one or the new.
 */
export async function upgradePlugin(scene: Scene, nameOrFile: string, request: UpgradeRequest): Promise<Upgrade> {
  const plugin = (await isThere(nameOrFile)) ? await readPackageFile(nameOrFile) : await readFromSource(scene, nameOrFile, request);
  const { name, version } = plugin.manifest;
  const directory = await chooseDirectory(scene, name, request);
  let before: Installation | undefined;
  const judge = (replaces: Installation | undefined): 'go on' | 'stop' => {
    if (replaces === undefined) throw lifeErrors.notInstalled(name, plugin.path);
    before = replaces;
    if (replaces.digest === plugin.digest) return 'stop';
    const here = replaces.manifest.version;
    if (semver.lt(version, here) && !request.force) throw lifeErrors.downgrades(name, { here, version, file: plugin.path });
    return 'go on';
  };
  const installed = await placePlugin(scene, plugin, { ...request, directory, judge, source: resolve(plugin.path) });
  return { name, from: before?.manifest.version ?? version, to: version, changed: installed !== undefined };
}

/** The path is out of the receipt, so that the operator has not seen it: it is said, and others must not be able to write there. */
async function readFromSource(scene: Scene, name: string, { user }: UpgradeRequest): Promise<PluginPackage> {
  const { place, uid } = scene;
  const directories = user ? place.directories.filter(({ scope }) => scope === 'user') : place.directories;
  const installation = findInstallation(await openCatalog({ ...place, directories }), name);
  if (installation === undefined) throw wiringErrors.notFound(name);
  const { source } = installation;
  if (source === undefined) throw lifeErrors.sourceUnknown(name, 'it was not recorded');
  scene.log.write('info', `Upgrading from ${source}`);
  const file = await readRegularFile(source, { bytesMax: PACKAGE_BYTES_MAX }).catch((error: unknown) => {
    throw lifeErrors.sourceUnknown(name, `${source}: ${systemCodeOf(error) ?? messageOf(error)}`);
  });
  const distrust = findDistrust(file, uid);
  if (distrust !== undefined) throw lifeErrors.sourceUnknown(name, `${source}: ${distrust}`);
  const plugin = readPackage(file.bytes, source);
  if (plugin.manifest.name !== name) throw lifeErrors.sourceOfAnother(name, source, plugin.manifest.name);
  return plugin;
}
