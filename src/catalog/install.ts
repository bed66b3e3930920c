import type { ConfigurationValues, ContractStamp, Permissions } from '@bulkhead/plugin-sdk/contract';
import { isDeepStrictEqual } from 'node:util';
import type { PluginPackage } from '#package/package.js';
import { changeDirectory, explainFailure } from './change.js';
import { requireCompatibility, type VersionLock } from './compatibility.js';
import { separateSecrets } from './configuration.js';
import { requireNoConflict, type ReservedWords } from './conflicts.js';
import { checkDirectory, readInstallationOf } from './directory.js';
import { openCatalog } from './discover.js';
import { catalogErrors } from './errors.js';
import { checkGrants } from './grants.js';
import type { CatalogPlace, Installation, PluginDirectory } from './installation.js';
import { packageFile, packagesOf, receiptsOf } from './layout.js';
import type { Lease } from './lease.js';
import { readOrders, requireOrder } from './order.js';
import { RECEIPT_FORMAT, type IsolationChoice, type OnFailure, type Receipt } from './receipt.js';
import { makeDirectory, writeStaged } from './staged-file.js';
import { writeReceipt } from './write-receipt.js';

export interface InstallOptions extends ReservedWords {
  /** All that is looked at; conflicts are searched here. */
  readonly place: CatalogPlace;
  /** Where to install. */
  readonly directory: PluginDirectory;
  readonly offered: ContractStamp;
  readonly lock: VersionLock;
  /** What the operator agreed to; at most what the manifest asks for. */
  readonly grants: Permissions;
  /** What was granted to the installation that goes, when the operator was asked; anything where absent. */
  readonly grantsBefore?: Permissions | undefined;
  readonly onFailure: OnFailure;
  readonly isolation: IsolationChoice;
  /** Where absent it is; an upgrade leaves a plugin disabled that was. */
  readonly enabled?: boolean | undefined;
  /** The file that the package was read from, an absolute path. */
  readonly source?: string | undefined;
  /** What is set of it, secrets too; has passed its schema. */
  readonly values?: ConfigurationValues | undefined;
  /** The package that stood there when the operator was asked, `none` where there was none; anything where absent. */
  readonly digestBefore?: string | undefined;
  /**
   * Called once all is checked and the package is on the disk, before it counts: what it throws leaves everything as it was. May take
   * long: others may change the directory meanwhile, and where they changed this plugin, the installation is refused.
   */
  readonly beforeItCounts?: ((receipt: Receipt) => Promise<void>) | undefined;
  readonly now?: Date;
}

export interface InstallPlan {
  /** What the version lock has to say about a plugin that it accepts. */
  readonly note?: string;
  /** The installation of the same name, in the same directory, that goes. */
  readonly replaces?: Installation;
}

/**
 * Installs these very bytes, enabled; an installation of the same name is replaced. Killed at any instant, it leaves the old state or
 * the new one. Answers with what is installed now.
 */
export async function installPackage(plugin: PluginPackage, options: InstallOptions): Promise<Installation> {
  await checkInstall(plugin, options);
  const { directory, place } = options;
  const receipt = describeReceipt(plugin, options);
  if (options.beforeItCounts !== undefined) await stageInstall(plugin.bytes, receipt, options.beforeItCounts, options);
  await explainFailure('install', () =>
    changeDirectory(directory.path, place.uid, async (lease) => {
      const { replaces } = await checkInstall(plugin, options);
      // A `revoke` meanwhile must not be undone by what was decided before it.
      if (options.grantsBefore !== undefined && !isDeepStrictEqual(replaces?.grants ?? {}, options.grantsBefore))
        throw catalogErrors.changedMeanwhile(receipt.name);
      requireUnchanged(receipt, replaces, options);
      await commitInstall(plugin.bytes, receipt, { directory, lease });
    }),
  );
  return { ...receipt, directory, packageFile: packageFile(directory.path, receipt.digest) };
}

/** All of an installation but the receipt, and then the question whether it may count. What nobody refers to goes with the next sweep. */
async function stageInstall(
  bytes: Uint8Array,
  receipt: Receipt,
  beforeItCounts: (receipt: Receipt) => Promise<void>,
  { directory: { path }, place: { uid } }: InstallOptions,
): Promise<void> {
  await explainFailure('install', () => changeDirectory(path, uid, () => writePackage(bytes, receipt, path), { sweeps: false }));
  try {
    await beforeItCounts(receipt);
  } catch (error) {
    await changeDirectory(path, uid, () => Promise.resolve()).catch(() => undefined);
    throw error;
  }
}

/** The same package again is what was wanted. */
function requireUnchanged({ name, digest }: Receipt, replaces: Installation | undefined, { digestBefore }: InstallOptions): void {
  const found = replaces?.digest ?? 'none';
  if (digestBefore !== undefined && found !== digestBefore && found !== digest) throw catalogErrors.changedMeanwhile(name);
}

/** Refuses whatever installPackage would refuse, and changes nothing: for before the operator is asked. */
export async function checkInstall(
  { manifest }: PluginPackage,
  options: Omit<InstallOptions, 'now' | 'onFailure' | 'grantsBefore' | 'digestBefore' | 'isolation' | 'beforeItCounts'>,
): Promise<InstallPlan> {
  const { place, directory, grants } = options;
  const note = requireCompatibility(manifest, options);
  checkGrants(manifest.name, manifest.permissions, grants);
  await explainFailure('install', () => checkDirectory(directory.path, place.uid));
  const { installations } = await openCatalog({ ...place, directories: [...place.directories, directory] });
  requireNoConflict(manifest, installations, options);
  requireOrder({ name: manifest.name, manifest }, installations, await readOrders(place).catch(() => []));
  const replaces = await readInstallationOf(directory, manifest.name, place.uid).catch(ignoreBroken);
  return { ...(note !== undefined && { note }), ...(replaces !== undefined && { replaces }) };
}

/** A broken installation is mended by installing again. */
function ignoreBroken(): undefined {
  return undefined;
}

function describeReceipt(
  { manifest, digest }: PluginPackage,
  { offered, grants, onFailure, isolation, source, values = {}, enabled = true, now = new Date() }: InstallOptions,
): Receipt {
  return {
    format: RECEIPT_FORMAT,
    name: manifest.name,
    enabled,
    digest,
    installedAt: now.toISOString(),
    contractVersion: offered.version,
    grants,
    onFailure,
    isolation,
    ...(source !== undefined && { source }),
    ...(Object.keys(values).length > 0 && separateSecrets(manifest.configuration, values)),
    manifest,
  };
}

/** The package first; the receipt makes it count. */
async function commitInstall(
  bytes: Uint8Array,
  receipt: Receipt,
  { directory, lease }: { directory: PluginDirectory; lease: Lease },
): Promise<void> {
  await writePackage(bytes, receipt, directory.path);
  lease.requireHeld();
  await writeReceipt(directory, receipt);
}

async function writePackage(bytes: Uint8Array, { digest }: Receipt, directory: string): Promise<void> {
  await makeDirectory(packagesOf(directory));
  await makeDirectory(receiptsOf(directory));
  await writeStaged(packageFile(directory, digest), bytes);
}
