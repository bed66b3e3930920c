import type { ConfigurationValues } from '@bulkhead/plugin-sdk/contract';
import { isDeepStrictEqual } from 'node:util';
import { changeReceipt, type ChangedInstallation, type InstalledPlace } from './change-receipt.js';
import { requireFitting, separateSecrets, valuesOf } from './configuration.js';
import type { Installation } from './installation.js';

/**
 * Changes what is set of an installed plugin, whole or not at all. `change` sees the installation as it is under the lock, and may throw;
 * it may be called twice. Values that do not fit the plugin's schema are refused before they count.
 */
export function changeConfiguration(
  name: string,
  change: (installation: Installation) => ConfigurationValues,
  where: InstalledPlace,
): Promise<ChangedInstallation> {
  const apply = (installation: Installation): Installation | undefined => {
    const { configuration } = installation.manifest;
    const values = change(installation);
    requireFitting(name, configuration, values);
    if (isDeepStrictEqual(values, valuesOf(installation))) return undefined;
    return { ...installation, ...separateSecrets(configuration, values) };
  };
  return changeReceipt(name, apply, where);
}
