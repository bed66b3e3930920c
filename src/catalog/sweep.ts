import { readdir, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { readRegularFile } from '#base/regular-file.js';
import type { Lease } from './lease.js';
import { isPackageName, isReceiptName, isStagedName, packageFileName, packagesOf, receiptsOf } from './layout.js';
import { parseReceipt, RECEIPT_BYTES_MAX } from './receipt.js';
import { removeIfThere } from './staged-file.js';

/**
 * Removes what no receipt names: replaced packages, and what a killed change left. Needs the lock. Never throws: the change is done by
 * then, and what stays is removed by the next one. Only files whose names this room chose are touched.
 */
export async function sweepLeftovers(directory: string, lease: Lease): Promise<void> {
  try {
    lease.requireHeld();
    const receipts = await readdir(receiptsOf(directory)).catch(() => []);
    const packages = await readdir(packagesOf(directory)).catch(() => []);
    const used = await readUsedPackages(directory, receipts.filter(isReceiptName));
    const isLeftover = (name: string) => isStagedName(name) || (used !== undefined && isPackageName(name) && !used.has(name));
    for (const name of packages.filter(isLeftover)) await removeIfThere(join(packagesOf(directory), name));
    for (const name of receipts.filter(isStagedName)) await removeIfThere(join(receiptsOf(directory), name));
    for (const name of (await readdir(directory)).filter(isStagedName)) await removeIfThere(join(directory, name));
    await Promise.all([receiptsOf(directory), packagesOf(directory)].map(removeIfEmpty));
  } catch {
    // As said above.
  }
}

/** Nothing where a receipt cannot be read: it may name any of the packages, so all of them stay. */
async function readUsedPackages(directory: string, receipts: readonly string[]): Promise<Set<string> | undefined> {
  try {
    const used = new Set<string>();
    for (const fileName of receipts) {
      const file = join(receiptsOf(directory), fileName);
      const { bytes } = await readRegularFile(file, { bytesMax: RECEIPT_BYTES_MAX, noFollow: true });
      used.add(packageFileName(parseReceipt(bytes, { file, fileName }).digest));
    }
    return used;
  } catch {
    return undefined;
  }
}

async function removeIfEmpty(path: string): Promise<void> {
  await rmdir(path).catch(() => undefined);
}
