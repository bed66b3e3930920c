/** The names of files in a plugin directory; the drawing is in the door. */
import { join } from 'node:path';
import { hashName } from '#base/hash-name.js';

export const DIRECTORY_MODE = 0o755;
export const FILE_MODE = 0o644;

const receiptPattern = /^[0-9a-f]{64}\.json$/;
const packagePattern = /^[0-9a-f]{64}\.sif$/;
const stagedPattern = /^(?:[0-9a-f]{64}\.(?:json|sif)|index\.json|order\.json|bundles\.json)\.[0-9a-f]{16}\.staged$/;

export function orderFile(directory: string): string {
  return join(directory, 'order.json');
}

export function receiptsOf(directory: string): string {
  return join(directory, 'receipts');
}

export function packagesOf(directory: string): string {
  return join(directory, 'packages');
}

export function indexFile(directory: string): string {
  return join(directory, 'index.json');
}

/** Which bundles are disabled (bundles/switches.ts). */
export function bundlesFile(directory: string): string {
  return join(directory, 'bundles.json');
}

/** Whether a directory in a plugin directory is the catalog's own, and so no bundle. */
export function isOwnDirectory(name: string): boolean {
  return name === 'receipts' || name === 'packages' || name === 'lock';
}

export function lockOf(directory: string): string {
  return join(directory, 'lock');
}

/** e.g. `receipts/9cc7e4….json` for `example.com/scratch`; any string gives a file name. */
export function receiptFile(directory: string, name: string): string {
  return join(receiptsOf(directory), receiptFileName(name));
}

export function receiptFileName(name: string): string {
  return `${hashName(name)}.json`;
}

/** `digest` has passed the contract's `sha256`. */
export function packageFile(directory: string, digest: string): string {
  return join(packagesOf(directory), packageFileName(digest));
}

export function packageFileName(digest: string): string {
  return `${digest.slice('sha256:'.length)}.sif`;
}

export function isReceiptName(fileName: string): boolean {
  return receiptPattern.test(fileName);
}

export function isPackageName(fileName: string): boolean {
  return packagePattern.test(fileName);
}

/** What is being written; left over when its writer was killed. */
export function isStagedName(fileName: string): boolean {
  return stagedPattern.test(fileName);
}
