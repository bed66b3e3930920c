/** One change at a time per plugin directory. */
import { BulkheadError } from '#base/errors.js';
import { checkDirectory } from './directory.js';
import { catalogErrors } from './errors.js';
import { takeLease, type Lease } from './lease.js';
import { makeDirectory } from './staged-file.js';
import { refreshIndex } from './outline.js';
import { sweepLeftovers } from './sweep.js';

/** Makes the directory, takes its lock, runs `change`, and removes what this change, or one that was killed, left over. */
export async function changeDirectory<T>(
  path: string,
  uid: number,
  change: (lease: Lease) => Promise<T>,
  { sweeps = true }: { readonly sweeps?: boolean } = {},
): Promise<T> {
  await makeDirectory(path);
  await checkDirectory(path, uid);
  const lease = await takeLease(path);
  try {
    return await change(lease);
  } finally {
    if (sweeps) await sweepLeftovers(path, lease);
    await refreshIndex(path, uid, lease);
    await lease.release();
  }
}

/** Says of the system's errors (no permission, no space) what could not be done. */
export async function explainFailure<T>(
  doing: 'install' | 'uninstall' | 'enable' | 'disable' | 'change',
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof BulkheadError ? error : catalogErrors.changeFailed(doing, error);
  }
}
