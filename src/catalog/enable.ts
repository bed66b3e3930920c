import type { ContractStamp } from '@bulkhead/plugin-sdk/contract';
import { changeDirectory, explainFailure } from './change.js';
import { requireCompatibility, type VersionLock } from './compatibility.js';
import { requireNoConflict, type ReservedWords } from './conflicts.js';
import { readInstallationOf } from './directory.js';
import { openCatalog } from './discover.js';
import { catalogErrors } from './errors.js';
import type { CatalogPlace, Installation, PluginDirectory } from './installation.js';
import { readOrders, requireOrder } from './order.js';
import { writeReceipt } from './write-receipt.js';

export interface EnableOptions extends ReservedWords {
  readonly place: CatalogPlace;
  /** Where the plugin is installed. */
  readonly directory: PluginDirectory;
  readonly offered: ContractStamp;
  readonly lock: VersionLock;
}

/** Enables or disables a plugin. Answers whether that changed anything. */
export async function setEnabled(name: string, enabled: boolean, options: EnableOptions): Promise<boolean> {
  const { directory, place } = options;
  return explainFailure(enabled ? 'enable' : 'disable', async () => {
    if ((await requireInstallation(name, options)).enabled === enabled) return false;
    return changeDirectory(directory.path, place.uid, async (lease) => {
      const installation = await requireInstallation(name, options);
      if (installation.enabled === enabled) return false;
      if (enabled) await checkEnable(installation, options);
      lease.requireHeld();
      await writeReceipt(directory, { ...installation, enabled });
      return true;
    });
  });
}

/** Throws where there is none in this directory. */
export async function requireInstallation(
  name: string,
  { directory, place }: Pick<EnableOptions, 'directory' | 'place'>,
): Promise<Installation> {
  const installation = await readInstallationOf(directory, name, place.uid);
  if (installation === undefined) throw catalogErrors.notFound(name);
  return installation;
}

/** The host, or the other plugins, may have changed since it was installed. */
async function checkEnable({ manifest, directory }: Installation, options: EnableOptions): Promise<void> {
  requireCompatibility(manifest, options);
  const { installations } = await openCatalog({ ...options.place, directories: [...options.place.directories, directory] });
  requireNoConflict(manifest, installations, options);
  requireOrder({ name: manifest.name, manifest }, installations, await readOrders(options.place).catch(() => []));
}
