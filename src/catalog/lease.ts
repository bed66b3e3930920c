/** The lock of a plugin directory. */
import { takeLease as take, type Lease } from '#base/lease.js';
import { catalogErrors } from './errors.js';
import { lockOf } from './layout.js';

export type { Lease } from '#base/lease.js';

export function takeLease(path: string, { waitMs }: { readonly waitMs?: number } = {}): Promise<Lease> {
  return take(path, {
    lock: lockOf(path),
    waitMs,
    busy: (waitedMs) => catalogErrors.busy(path, waitedMs),
    lost: () => catalogErrors.lockLost(path),
  });
}
