import { lstat } from 'node:fs/promises';
import { changeDirectory, explainFailure } from './change.js';
import { ignoreMissing } from './directory.js';
import { catalogErrors } from './errors.js';
import type { PluginDirectory } from './installation.js';
import { receiptFile, receiptsOf } from './layout.js';
import { removeIfThere, syncDirectory } from './staged-file.js';

export interface UninstallOptions {
  readonly directory: PluginDirectory;
  readonly uid: number;
}

/** Removes a plugin, also one whose receipt cannot be read: this is how one gets rid of it. The package goes with the leftovers. */
export async function uninstallPlugin(name: string, { directory, uid }: UninstallOptions): Promise<void> {
  const file = receiptFile(directory.path, name);
  await explainFailure('uninstall', async () => {
    if ((await lstat(file).catch(ignoreMissing)) === undefined) throw catalogErrors.notFound(name);
    await changeDirectory(directory.path, uid, async (lease) => {
      lease.requireHeld();
      if (!(await removeIfThere(file))) throw catalogErrors.notFound(name);
      await syncDirectory(receiptsOf(directory.path));
    });
  });
}
