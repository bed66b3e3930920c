import type { ContractStamp, Permissions } from '@bulkhead/plugin-sdk/contract';
import { isDeepStrictEqual } from 'node:util';
import type { PluginPackage } from '#package/package.js';
import { changeDirectory, explainFailure } from './change.js';
import { requireCompatibility, type VersionLock } from './compatibility.js';
import { requireNoConflict, type ReservedWords } from './conflicts.js';
import { checkDirectory, readInstallationOf } from './directory.js';
import { openCatalog } from './discover.js';
import { catalogErrors } from './errors.js';
import { checkGrants } from './grants.js';
import type { CatalogPlace, Installation, PluginDirectory } from './installation.js';
import { packageFile, packagesOf, receiptFile, receiptsOf } from './layout.js';
import type { Lease } from './lease.js';
import { encodeReceipt, RECEIPT_FORMAT, type IsolationChoice, type OnFailure, type Receipt } from './receipt.js';
import { makeDirectory, writeStaged } from './staged-file.js';

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
  await explainFailure('install', () =>
    changeDirectory(directory.path, place.uid, async (lease) => {
      const { replaces } = await checkInstall(plugin, options);
      // A `revoke` meanwhile must not be undone by what was decided before it.
      if (options.grantsBefore !== undefined && !isDeepStrictEqual(replaces?.grants ?? {}, options.grantsBefore))
        throw catalogErrors.changedMeanwhile(receipt.name);
      await commitInstall(plugin.bytes, receipt, { directory: directory.path, lease });
    }),
  );
  return { ...receipt, directory, packageFile: packageFile(directory.path, receipt.digest) };
}

/** Refuses whatever installPackage would refuse, and changes nothing: for before the operator is asked. */
export async function checkInstall(
  { manifest }: PluginPackage,
  options: Omit<InstallOptions, 'now' | 'onFailure' | 'grantsBefore' | 'isolation'>,
): Promise<InstallPlan> {
  const { place, directory, grants } = options;
  const note = requireCompatibility(manifest, options);
  checkGrants(manifest.name, manifest.permissions, grants);
  await explainFailure('install', () => checkDirectory(directory.path, place.uid));
  const { installations } = await openCatalog({ ...place, directories: [...place.directories, directory] });
  requireNoConflict(manifest, installations, options);
  const replaces = await readInstallationOf(directory, manifest.name, place.uid).catch(ignoreBroken);
  return { ...(note !== undefined && { note }), ...(replaces !== undefined && { replaces }) };
}

/** A broken installation is mended by installing again. */
function ignoreBroken(): undefined {
  return undefined;
}

function describeReceipt(
  { manifest, digest }: PluginPackage,
  { offered, grants, onFailure, isolation, now = new Date() }: InstallOptions,
): Receipt {
  return {
    format: RECEIPT_FORMAT,
    name: manifest.name,
    enabled: true,
    digest,
    installedAt: now.toISOString(),
    contractVersion: offered.version,
    grants,
    onFailure,
    isolation,
    manifest,
  };
}

/** The package first; the receipt makes it count. */
async function commitInstall(
  bytes: Uint8Array,
  receipt: Receipt,
  { directory, lease }: { directory: string; lease: Lease },
): Promise<void> {
  await makeDirectory(packagesOf(directory));
  await makeDirectory(receiptsOf(directory));
  await writeStaged(packageFile(directory, receipt.digest), bytes);
  lease.requireHeld();
  await writeStaged(receiptFile(directory, receipt.name), encodeReceipt(receipt));
}
