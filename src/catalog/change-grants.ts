import type { Permissions } from '@bulkhead/plugin-sdk/contract';
import { isDeepStrictEqual } from 'node:util';
import { changeDirectory, explainFailure } from './change.js';
import { requireInstallation } from './enable.js';
import { checkGrants } from './grants.js';
import type { CatalogPlace, Installation, PluginDirectory } from './installation.js';
import { writeReceipt } from './write-receipt.js';

export interface GrantsOptions {
  readonly place: CatalogPlace;
  /** Where the plugin is installed. */
  readonly directory: PluginDirectory;
}

/**
 * Changes what an installed plugin was granted. `change` sees the installation as it is under the lock, and may throw; it may be
 * called twice. Answers with the installation as it is now, and whether anything changed.
 */
export async function changeGrants(
  name: string,
  change: (installation: Installation) => Permissions,
  { place, directory }: GrantsOptions,
): Promise<{ installation: Installation; changed: boolean }> {
  const compute = async (): Promise<{ installation: Installation; grants: Permissions; changed: boolean }> => {
    const installation = await requireInstallation(name, { place, directory });
    const grants = change(installation);
    checkGrants(name, installation.manifest.permissions, grants);
    return { installation, grants, changed: !isDeepStrictEqual(grants, installation.grants) };
  };
  return explainFailure('change', async () => {
    // Whoever may not write there can still be told that there is nothing to change, or why it is refused.
    const early = await compute();
    if (!early.changed) return { installation: early.installation, changed: false };
    return changeDirectory(directory.path, place.uid, async (lease) => {
      const { installation, grants, changed } = await compute();
      if (!changed) return { installation, changed };
      lease.requireHeld();
      await writeReceipt(directory, { ...installation, grants });
      return { installation: { ...installation, grants }, changed };
    });
  });
}
