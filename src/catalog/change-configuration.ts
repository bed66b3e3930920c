import type { ConfigurationValues } from '@bulkhead/plugin-sdk/contract';
import { isDeepStrictEqual } from 'node:util';
import { changeDirectory, explainFailure } from './change.js';
import type { GrantsOptions } from './change-grants.js';
import { requireFitting, separateSecrets, valuesOf } from './configuration.js';
import { requireInstallation } from './enable.js';
import type { Installation } from './installation.js';
import { writeReceipt } from './write-receipt.js';

/**
 * Changes what is set of an installed plugin, whole or not at all. `change` sees the installation as it is under the lock, and may throw;
 * it may be called twice. Values that do not fit the plugin's schema are refused before they count.
 */
export async function changeConfiguration(
  name: string,
  change: (installation: Installation) => ConfigurationValues,
  { place, directory }: GrantsOptions,
): Promise<{ installation: Installation; changed: boolean }> {
  const compute = async (): Promise<{ installation: Installation; values: ConfigurationValues; changed: boolean }> => {
    const installation = await requireInstallation(name, { place, directory });
    const values = change(installation);
    requireFitting(name, installation.manifest.configuration, values);
    return { installation, values, changed: !isDeepStrictEqual(values, valuesOf(installation)) };
  };
  return explainFailure('change', async () => {
    const early = await compute();
    if (!early.changed) return { installation: early.installation, changed: false };
    return changeDirectory(directory.path, place.uid, async (lease) => {
      const { installation, values, changed } = await compute();
      const next = { ...installation, ...separateSecrets(installation.manifest.configuration, values) };
      lease.requireHeld();
      if (changed) await writeReceipt(directory, next);
      return { installation: next, changed };
    });
  });
}
