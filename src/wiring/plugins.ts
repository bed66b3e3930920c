/** What the `plugin` commands do. None of this runs plugin code; where a plugin has a say in its own life, life.ts does. */
import { rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { CONTRACT } from '@bulkhead/plugin-sdk/contract';
import { BulkheadError } from '#base/errors.js';
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
import type { Budgets, Isolation } from '#host/host.js';
import {
  listBundled,
  packageErrors,
  parseSbom,
  readPackageFile,
  type BundledPackage,
  type Manifest,
  type PluginPackage,
  type Sbom,
  type SignatureReport,
} from '#package/package.js';
import { carrySettings } from './carry-settings.js';
import { chooseDirectory, type ChangeRequest } from './choose-directory.js';
import { describeSettings, type Setting } from './configure.js';
import { reservedWords } from './contributions.js';
import { wiringErrors } from './errors.js';
import { isolationMeanings, isolationOf } from './isolation.js';
import { describePermissions, type PermissionReport } from './grants.js';
import { isThere } from './is-there.js';
import { lifeErrors } from './life-errors.js';
import { openPackage } from './open-package.js';
import { describeOrder } from './order.js';
import { decideGrants, type Consent, type GrantRequest } from './permissions.js';
import type { QuarantineNotice } from './quarantine-notice.js';
import { openQuarantine } from './quarantine.js';
import { requireSystemRights, systemDirectory, userDirectory } from './places.js';
import { describeDenial, findPermissionDenial, type Policy } from './policy.js';
import { pluginStateDirectory, type Scene } from './scene.js';
import { markLeaving, sweepState } from './stale-state.js';
import { describeSignature } from './trust/describe.js';
import { examineInstalled, findRefusal, listStandings } from './trust/installed.js';
import { requireStanding, standingOf, type Standing } from './trust/standing.js';

export interface InstallRequest extends ChangeRequest {
  readonly grants: GrantRequest;
  readonly onFailure: OnFailure;
  readonly isolation: IsolationChoice;
  readonly consent: Consent | undefined;
  /** `KEY=VALUE`, as for `configure`. */
  readonly set?: readonly string[];
}

/** A plugin that is there is not replaced, only mended by the very same package: another version is `upgrade`'s. */
export async function installPlugin(scene: Scene, file: string, request: InstallRequest): Promise<Installation | undefined> {
  const { paths, uid } = scene;
  if (!request.user) requireSystemRights(paths, uid, request.command);
  const plugin = await readPackageFile(file);
  const { name, version } = plugin.manifest;
  const judge = (replaces: Installation | undefined): 'go on' => {
    if (replaces !== undefined && replaces.digest !== plugin.digest)
      throw lifeErrors.installedAlready(name, { here: replaces.manifest.version, version, file });
    return 'go on';
  };
  const directory = request.user ? userDirectory(paths) : systemDirectory(paths);
  return placePlugin(scene, plugin, { ...request, directory, judge, source: resolve(file) });
}

export interface PlaceRequest extends Omit<InstallRequest, 'onFailure' | 'isolation'> {
  readonly directory: PluginDirectory;
  readonly source: string;
  /** Where absent, as what is replaced has it. */
  readonly onFailure: OnFailure | undefined;
  readonly isolation: IsolationChoice | undefined;
  /** Throws where what is there may not be replaced; `stop` where nothing is to be done. */
  readonly judge: (replaces: Installation | undefined) => 'go on' | 'stop';
}

/** What installing and upgrading share. Answers with nothing where `judge` stopped it. */
export async function placePlugin(scene: Scene, plugin: PluginPackage, request: PlaceRequest): Promise<Installation | undefined> {
  const { place } = scene;
  const { name, permissions } = plugin.manifest;
  const { 'version-lock': lock, policy } = await scene.settings();
  const standing = await standingOf(plugin, { scope: request.directory.scope, readKeys: scene.trust });
  requireStanding(policy, standing, plugin.path);
  const options = {
    place,
    directory: request.directory,
    offered: CONTRACT,
    lock,
    ...reservedWords(scene.builtinFlags),
  };
  // Whatever would refuse the plugin anyway comes before the question to the operator.
  const { note, replaces } = await checkInstall(plugin, { ...options, grants: {} });
  if (request.judge(replaces) === 'stop') return undefined;
  if (replaces !== undefined) await warnOfLostSigners(scene, replaces, standing);
  const isUpgrade = replaces !== undefined && replaces.digest !== plugin.digest;
  const asks = replaces === undefined ? 'install' : isUpgrade ? 'upgrade' : undefined;
  const values = carrySettings(scene.log, plugin.manifest, { replaces, set: request.set ?? [], asks });
  const { grants, revoked, denied } = await decideGrants({
    name,
    asked: permissions,
    before: replaces && { asked: replaces.manifest.permissions, granted: replaces.grants },
    request: request.grants,
    consent: request.consent,
    findDenial: (permission) => findPermissionDenial(policy, standing.subject, permission),
  });
  await sweepState(scene);
  const settled = {
    ...options,
    grants,
    grantsBefore: replaces?.grants,
    digestBefore: replaces?.digest ?? 'none',
    onFailure: request.onFailure ?? replaces?.onFailure ?? 'default',
    isolation: request.isolation ?? replaces?.isolation ?? 'default',
    enabled: isUpgrade ? replaces.enabled : true,
    source: request.source,
    values,
  };
  const installed =
    asks !== undefined && plugin.manifest.callbacks.includes(asks)
      ? await (await import('./life.js')).installAsking(scene, plugin, settled, replaces)
      : await installPackage(plugin, settled);
  if (note !== undefined) scene.log.write('info', note);
  if (standing.report.state !== 'unsigned') scene.log.write('info', describeSignature(standing.report));
  for (const { permission, denial } of denied)
    scene.log.write('info', `The policy of this host denies ${permission}: ${describeDenial(denial)}`);
  for (const permission of revoked) scene.log.write('info', `Revoked ${permission}, which the plugin no longer asks for`);
  return installed;
}

/** Before the operator is asked: the permissions that stay were given to what somebody trusted had signed. */
async function warnOfLostSigners(scene: Scene, replaces: Installation, { report }: Standing): Promise<void> {
  const before = (await examineInstalled(scene, replaces)).standing?.report.signers ?? [];
  if (before.length === 0 || before.some((signer) => report.signers.includes(signer))) return;
  const now = report.state === 'signed' ? `by ${report.signers.join(', ')}` : report.state;
  scene.log.write('warning', `What is installed of plugin "${replaces.name}" is signed by ${before.join(', ')}; this is ${now}`);
}

export interface UninstallRequest extends ChangeRequest {
  /** Also where the plugin's uninstall callback fails. */
  readonly force: boolean;
}

export async function uninstall(
  scene: Scene,
  name: string,
  request: UninstallRequest,
): Promise<{ name: string; directory: PluginDirectory }> {
  const directory = await chooseDirectory(scene, name, request);
  if (await asksBeforeItGoes(scene, name, directory)) await (await import('./life.js')).askUninstall(scene, name, directory, request.force);
  await markLeaving(scene, name);
  await uninstallPlugin(name, { directory, uid: scene.uid });
  await rm(pluginStateDirectory(scene.paths, name), { recursive: true, force: true });
  await liftQuarantine(scene, name);
  await sweepState(scene);
  return { name, directory };
}

async function asksBeforeItGoes({ uid }: Scene, name: string, directory: PluginDirectory): Promise<boolean> {
  const installation = findInstallation(await openCatalog({ uid, directories: [directory] }), name);
  return installation?.manifest.callbacks.includes('uninstall') === true;
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
  // Disabling is always a way out, also where the configuration is broken.
  const { 'version-lock': lock, policy } = enabled ? await scene.settings() : { 'version-lock': 'range' as const, policy: undefined };
  if (policy !== undefined) await requireUsable(scene, policy, name, directory);
  const changed = await setEnabled(name, enabled, {
    place: scene.place,
    directory,
    offered: CONTRACT,
    lock,
    ...reservedWords(scene.builtinFlags),
  });
  return { name, enabled, changed, lifted };
}

async function liftQuarantine({ paths, log }: Scene, name: string): Promise<boolean> {
  const quarantine = await openQuarantine({ file: paths.quarantineFile, log });
  const lifted = quarantine.lift(name);
  await quarantine.save();
  return lifted;
}

/** The policy and the signature, of the plugin that is in this directory; where there is none, others say so. */
async function requireUsable(scene: Scene, policy: Policy, name: string, directory: PluginDirectory): Promise<void> {
  const installation = findInstallation(await openCatalog({ ...scene.place, directories: [directory] }), name);
  if (installation === undefined) return;
  const { standing } = await examineInstalled(scene, installation);
  const refusal = findRefusal(policy, standing ?? name, installation.packageFile);
  if (refusal !== undefined) throw refusal;
}

export interface PluginList extends Catalog {
  /** By name; of a plugin whose package cannot be read there is none. */
  readonly signatures: ReadonlyMap<string, SignatureReport>;
}

/** Whatever is wrong, the list is there; what the policy denies, or that it cannot be read, is one more problem. */
export async function listPlugins(scene: Scene): Promise<PluginList> {
  const { installations, problems } = await openCatalog(scene.place);
  const { signatures, problems: denied } = await examineAll(scene, installations);
  return { installations, signatures, problems: [...problems, ...denied, ...(await findQuarantined(scene, installations))] };
}

async function examineAll(scene: Scene, installations: readonly Installation[]): ReturnType<typeof listStandings> {
  try {
    return await listStandings(scene, installations, (await scene.settings()).policy);
  } catch (error) {
    if (!(error instanceof BulkheadError)) throw error;
    const { path = scene.paths.configFile } = error.data;
    return { signatures: new Map(), problems: [{ kind: 'denied', path: String(path), reason: error.message, skippable: false }] };
  }
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
  /** Where its code runs here, of a file: where it would, without another choice at install. */
  readonly isolation: { readonly in: Isolation; readonly meaning: string };
  readonly quarantine?: QuarantineNotice;
  /** Of an installed plugin: what it asks for, and what became of it. */
  readonly permissions?: PermissionReport['permissions'];
  /** What can be set of it, and what is. */
  readonly settings: readonly Setting[];
  readonly installation?: Omit<Installation, 'manifest'>;
  /** Who signed it; absent where the package of an installed plugin cannot be read. */
  readonly signature?: SignatureReport;
  /** What of npm was bundled, by the SBOM of the package. */
  readonly bundled?: readonly BundledPackage[];
}

/** As Apptainer does: a file of that name is meant before a plugin of that name. */
export async function inspectPlugin(scene: Scene, nameOrFile: string): Promise<Inspection> {
  if (await isThere(nameOrFile)) {
    const plugin = await readPackageFile(nameOrFile);
    const { manifest } = plugin;
    // As if it were installed for the caller: the caller's own keys count.
    const standing = await standingOf(plugin, { scope: 'user', readKeys: scene.trust });
    const notes = await notesOn(scene, manifest, findRefusal((await scene.settings()).policy, standing, nameOrFile));
    return {
      manifest,
      ...(await describeHere(scene, { manifest, isolation: 'default' }, standing)),
      ...describeBundled(plugin, notes),
      signature: standing.report,
      settings: describeSettings({ manifest }),
    };
  }
  const catalog = await openCatalog(scene.place);
  const { installations } = catalog;
  const installation = findInstallation(catalog, nameOrFile);
  if (installation === undefined) throw wiringErrors.notFound(nameOrFile);
  const { manifest, ...receipt } = installation;
  const quarantine = (await openQuarantine({ file: scene.paths.quarantineFile, log: scene.log })).find(installation);
  const told = quarantine === undefined ? [] : [wiringErrors.quarantined(manifest.name, quarantine).message];
  const { policy } = await scene.settings();
  const { plugin, standing } = await examineInstalled(scene, installation);
  const refusal = findRefusal(policy, standing ?? manifest.name, receipt.packageFile);
  return {
    manifest,
    ...(await describeHere(scene, installation, standing)),
    ...describeBundled(plugin, [
      ...(await notesOn(scene, manifest, refusal)),
      ...told,
      ...(await describeOrder(scene, installations, manifest.name)),
    ]),
    ...(quarantine === undefined ? {} : { quarantine }),
    permissions: describePermissions(policy, manifest, receipt.grants, standing?.subject).permissions,
    settings: describeSettings(installation),
    installation: receipt,
    ...(standing !== undefined && { signature: standing.report }),
  };
}

/** What cannot be read in an SBOM is one more note: it decides nothing. */
function describeBundled(plugin: PluginPackage | undefined, notes: readonly string[]): Pick<Inspection, 'bundled' | 'notes'> {
  if (plugin?.sbom === undefined) return { notes };
  try {
    return { bundled: listBundled(parseSbom(plugin.sbom, plugin.path)), notes };
  } catch (error) {
    if (error instanceof BulkheadError) return { notes: [...notes, error.message] };
    throw error;
  }
}

/** The SBOM of a file, or of an installed plugin. */
export async function readSbom(scene: Scene, nameOrFile: string): Promise<Sbom> {
  const { sbom, path } = await openPackage(scene, nameOrFile);
  if (sbom === undefined) throw packageErrors.sbomMissing(path);
  return parseSbom(sbom, path);
}

async function describeHere(
  scene: Scene,
  { manifest, isolation }: Pick<Installation, 'manifest' | 'isolation'>,
  standing: Standing | undefined,
): Promise<Pick<Inspection, 'budgets' | 'isolation'>> {
  const { budgetsOf } = await import('#host/host.js');
  const { budgets, policy } = await scene.settings();
  const where = isolationOf(policy, { isolation, manifest, isSigned: standing?.report.state === 'signed' });
  return { budgets: budgetsOf(budgets, manifest.name), isolation: { in: where, meaning: isolationMeanings[where] } };
}

async function notesOn(scene: Scene, manifest: Manifest, refusal: BulkheadError | undefined): Promise<string[]> {
  const { 'version-lock': lock } = await scene.settings();
  const denied = refusal === undefined ? [] : [refusal.message];
  try {
    const note = requireCompatibility(manifest, { offered: CONTRACT, lock });
    return note === undefined ? denied : [...denied, note];
  } catch (error) {
    if (error instanceof BulkheadError) return [...denied, error.message];
    throw error;
  }
}
