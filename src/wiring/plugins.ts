/** What the `plugin` commands do. None of this runs plugin code, except `compile`, which evaluates the author's own. */
import { rm, stat } from 'node:fs/promises';
import { CONTRACT } from '@bulkhead/plugin-sdk/contract';
import { BulkheadError, systemCodeOf } from '#base/errors.js';
import {
  checkInstall,
  findInstallation,
  installPackage,
  openCatalog,
  requireCompatibility,
  setEnabled,
  uninstallPlugin,
  type Catalog,
  type Installation,
  type IsolationChoice,
  type OnFailure,
  type PluginDirectory,
} from '#catalog/catalog.js';
import { readPackageFile, type Manifest } from '#package/package.js';
import { reservedCommands } from './contributions.js';
import { wiringErrors } from './errors.js';
import { decideGrants, type Consent, type GrantRequest } from './permissions.js';
import { requireSystemRights, systemDirectory, userDirectory } from './places.js';
import { pluginStateDirectory, type Scene } from './scene.js';

/** Which command line asks, for the refusal where root is needed, and whether it named `--user`. */
export interface ChangeRequest {
  readonly command: string;
  readonly user: boolean;
}

export interface InstallRequest extends ChangeRequest {
  readonly grants: GrantRequest;
  readonly onFailure: OnFailure;
  readonly isolation: IsolationChoice;
  readonly consent: Consent | undefined;
}

export async function installPlugin(scene: Scene, file: string, request: InstallRequest): Promise<Installation> {
  const { paths, place, uid } = scene;
  if (!request.user) requireSystemRights(paths, uid, request.command);
  const plugin = await readPackageFile(file);
  const { name, permissions } = plugin.manifest;
  const { 'version-lock': lock } = await scene.settings();
  const options = {
    place,
    directory: request.user ? userDirectory(paths) : systemDirectory(paths),
    offered: CONTRACT,
    lock,
    reservedCommands,
    onFailure: request.onFailure,
    isolation: request.isolation,
  };
  // Whatever would refuse the plugin anyway comes before the question to the operator.
  const { note } = await checkInstall(plugin, { ...options, grants: {} });
  const grants = await decideGrants(name, permissions, request.grants, request.consent);
  const installed = await installPackage(plugin, { ...options, grants });
  if (note !== undefined) scene.log.write('info', note);
  return installed;
}

export async function uninstall(scene: Scene, name: string, request: ChangeRequest): Promise<{ name: string; directory: PluginDirectory }> {
  const directory = await chooseDirectory(scene, name, request);
  await uninstallPlugin(name, { directory, uid: scene.uid });
  await rm(pluginStateDirectory(scene.paths, name), { recursive: true, force: true });
  return { name, directory };
}

export async function changeEnabled(
  scene: Scene,
  name: string,
  { enabled, ...request }: ChangeRequest & { enabled: boolean },
): Promise<{ name: string; enabled: boolean; changed: boolean }> {
  const directory = await chooseDirectory(scene, name, request);
  const { 'version-lock': lock } = await scene.settings();
  const changed = await setEnabled(name, enabled, { place: scene.place, directory, offered: CONTRACT, lock, reservedCommands });
  return { name, enabled, changed };
}

/** The caller's own plugin of that name before the system's, as when it runs. */
async function chooseDirectory(scene: Scene, name: string, { command, user }: ChangeRequest): Promise<PluginDirectory> {
  const { paths, uid } = scene;
  if (user) return userDirectory(paths);
  const own = await openCatalog({ uid, directories: [userDirectory(paths)] });
  if (findInstallation(own, name) !== undefined) return userDirectory(paths);
  requireSystemRights(paths, uid, command);
  return systemDirectory(paths);
}

export function listPlugins(scene: Scene): Promise<Catalog> {
  return openCatalog(scene.place);
}

export interface Inspection {
  readonly manifest: Manifest;
  /** What an operator should know beyond the manifest, such as a version lock that accepts only just. */
  readonly notes: readonly string[];
  readonly installation?: Omit<Installation, 'manifest'>;
}

/** As Apptainer does: a file of that name is meant before a plugin of that name. */
export async function inspectPlugin(scene: Scene, nameOrFile: string): Promise<Inspection> {
  if (await isThere(nameOrFile)) {
    const { manifest } = await readPackageFile(nameOrFile);
    return { manifest, notes: await notesOn(scene, manifest) };
  }
  const installation = findInstallation(await openCatalog(scene.place), nameOrFile);
  if (installation === undefined) throw wiringErrors.notFound(nameOrFile);
  const { manifest, ...receipt } = installation;
  return { manifest, notes: await notesOn(scene, manifest), installation: receipt };
}

async function notesOn(scene: Scene, manifest: Manifest): Promise<string[]> {
  const { 'version-lock': lock } = await scene.settings();
  try {
    const note = requireCompatibility(manifest, { offered: CONTRACT, lock });
    return note === undefined ? [] : [note];
  } catch (error) {
    if (error instanceof BulkheadError) return [error.message];
    throw error;
  }
}

async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    const code = systemCodeOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ENAMETOOLONG' || code === 'ERR_INVALID_ARG_VALUE') return false;
    throw wiringErrors.cannotLook(path, code ?? 'unknown error', error);
  }
}
