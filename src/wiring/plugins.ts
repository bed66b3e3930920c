/** What the `plugin` commands do. None of this runs plugin code, except `compile`, which evaluates the author's own. */
import { rm, stat } from 'node:fs/promises';
import { CONTRACT } from '@bulkhead/plugin-sdk/contract';
import { BulkheadError, systemCodeOf } from '#base/errors.js';
import {
  checkInstall,
  findInstallation,
  installPackage,
  isSkippable,
  openCatalog,
  requireCompatibility,
  setEnabled,
  uninstallPlugin,
  type Catalog,
  type CatalogProblem,
  type Installation,
  type IsolationChoice,
  type OnFailure,
  type PluginDirectory,
} from '#catalog/catalog.js';
import type { Budgets } from '#host/host.js';
import { readPackageFile, type Manifest } from '#package/package.js';
import { reservedCommands } from './contributions.js';
import { wiringErrors } from './errors.js';
import { decideGrants, type Consent, type GrantRequest } from './permissions.js';
import type { QuarantineNotice } from './quarantine-notice.js';
import { openQuarantine } from './quarantine.js';
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
  await liftQuarantine(scene, name);
  return { name, directory };
}

export async function changeEnabled(
  scene: Scene,
  name: string,
  { enabled, ...request }: ChangeRequest & { enabled: boolean },
): Promise<{ name: string; enabled: boolean; changed: boolean; lifted: boolean }> {
  const found = findInstallation(await openCatalog(scene.place), name);
  // The quarantine is the caller's own: lifting it changes nothing for others, and needs no rights over a system plugin.
  const lifted = enabled && found !== undefined && (await liftQuarantine(scene, name));
  if (lifted && found.enabled) return { name, enabled, changed: false, lifted };
  const directory = await chooseDirectory(scene, name, request);
  const { 'version-lock': lock } = await scene.settings();
  const changed = await setEnabled(name, enabled, { place: scene.place, directory, offered: CONTRACT, lock, reservedCommands });
  return { name, enabled, changed, lifted };
}

async function liftQuarantine({ paths, log }: Scene, name: string): Promise<boolean> {
  const quarantine = await openQuarantine({ file: paths.quarantineFile, log });
  const lifted = quarantine.lift(name);
  await quarantine.save();
  return lifted;
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

export async function listPlugins(scene: Scene): Promise<Catalog> {
  const { installations, problems } = await openCatalog(scene.place);
  return { installations, problems: [...problems, ...(await findQuarantined(scene, installations))] };
}

async function findQuarantined({ paths, log }: Scene, installations: readonly Installation[]): Promise<CatalogProblem[]> {
  const quarantine = await openQuarantine({ file: paths.quarantineFile, log });
  return installations.flatMap((installation): CatalogProblem[] => {
    const { name, packageFile: path } = installation;
    const notice = quarantine.find(installation);
    if (notice === undefined) return [];
    const { message: reason, hint = '' } = wiringErrors.quarantined(name, notice);
    return [{ kind: 'quarantined', path, name, reason, hint, skippable: isSkippable(installation) }];
  });
}

export interface Inspection {
  readonly manifest: Manifest;
  /** What an operator should know beyond the manifest, such as a version lock that accepts only just. */
  readonly notes: readonly string[];
  /** In force here, by their names in `bulkhead.toml`. */
  readonly budgets: Budgets;
  readonly quarantine?: QuarantineNotice;
  readonly installation?: Omit<Installation, 'manifest'>;
}

/** As Apptainer does: a file of that name is meant before a plugin of that name. */
export async function inspectPlugin(scene: Scene, nameOrFile: string): Promise<Inspection> {
  if (await isThere(nameOrFile)) {
    const { manifest } = await readPackageFile(nameOrFile);
    return { manifest, notes: await notesOn(scene, manifest), budgets: await budgetsIn(scene, manifest) };
  }
  const installation = findInstallation(await openCatalog(scene.place), nameOrFile);
  if (installation === undefined) throw wiringErrors.notFound(nameOrFile);
  const { manifest, ...receipt } = installation;
  const quarantine = (await openQuarantine({ file: scene.paths.quarantineFile, log: scene.log })).find(installation);
  const told = quarantine === undefined ? [] : [wiringErrors.quarantined(manifest.name, quarantine).message];
  return {
    manifest,
    notes: [...(await notesOn(scene, manifest)), ...told],
    budgets: await budgetsIn(scene, manifest),
    ...(quarantine === undefined ? {} : { quarantine }),
    installation: receipt,
  };
}

async function budgetsIn(scene: Scene, { name }: Manifest): Promise<Budgets> {
  const { budgetsOf } = await import('#host/host.js');
  return budgetsOf((await scene.settings()).budgets, name);
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
