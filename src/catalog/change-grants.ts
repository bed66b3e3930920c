import type { Permissions } from '@bulkhead/plugin-sdk/contract';
import { isDeepStrictEqual } from 'node:util';
import { changeReceipt, type ChangedInstallation, type InstalledPlace } from './change-receipt.js';
import { checkGrants } from './grants.js';
import type { Installation } from './installation.js';

/** Changes what an installed plugin was granted. `change` sees the installation as it is under the lock, and may throw; it may be called twice. */
export function changeGrants(
  name: string,
  change: (installation: Installation) => Permissions,
  where: InstalledPlace,
): Promise<ChangedInstallation> {
  const apply = (installation: Installation): Installation | undefined => {
    const grants = change(installation);
    checkGrants(name, installation.manifest.permissions, grants);
    return isDeepStrictEqual(grants, installation.grants) ? undefined : { ...installation, grants };
  };
  return changeReceipt(name, apply, where);
}
