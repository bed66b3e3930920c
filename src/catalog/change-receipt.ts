import { changeDirectory, explainFailure } from './change.js';
import { requireInstallation } from './enable.js';
import type { CatalogPlace, Installation, PluginDirectory } from './installation.js';
import { writeReceipt } from './write-receipt.js';

export interface InstalledPlace {
  readonly place: CatalogPlace;
  /** Where the plugin is installed. */
  readonly directory: PluginDirectory;
}

export interface ChangedInstallation {
  /** As it is now. */
  readonly installation: Installation;
  readonly changed: boolean;
}

/**
 * Changes what the receipt of an installed plugin says. `change` sees the installation as it is under the lock, answers with what it shall
 * be, or undefined where it is so already, and may throw; it may be called twice.
 */
export async function changeReceipt(
  name: string,
  change: (installation: Installation) => Installation | undefined,
  { place, directory }: InstalledPlace,
): Promise<ChangedInstallation> {
  const compute = async (): Promise<ChangedInstallation> => {
    const installation = await requireInstallation(name, { place, directory });
    const next = change(installation);
    return { installation: next ?? installation, changed: next !== undefined };
  };
  return explainFailure('change', async () => {
    // Whoever may not write there can still be told that there is nothing to change, or why it is refused.
    const early = await compute();
    if (!early.changed) return early;
    return changeDirectory(directory.path, place.uid, async (lease) => {
      const result = await compute();
      lease.requireHeld();
      if (result.changed) await writeReceipt(directory, result.installation);
      return result;
    });
  });
}
