/** Reads one plugin directory. */
import type { Stats } from 'node:fs';
import { lstat, readdir, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { BulkheadError, messageOf, systemCodeOf } from '#base/errors.js';
import { readRegularFile } from '#base/regular-file.js';
import type { CatalogProblem, Installation, PluginDirectory } from './installation.js';
import { catalogErrors } from './errors.js';
import { isReceiptName, packageFile, packagesOf, receiptFile, receiptsOf } from './layout.js';
import { isSkippable, parseReceipt, RECEIPT_BYTES_MAX } from './receipt.js';
import { findDistrust } from './trust.js';

const RECEIPTS_MAX = 4096;
/** A package can be replaced between the look at its receipt and the look at the package; more often than this it is missing. */
const ATTEMPTS_MAX = 5;

export interface DirectoryContent {
  readonly installations: readonly Installation[];
  readonly problems: readonly CatalogProblem[];
}

/** A directory that is not there is empty; one that is not to be trusted is refused whole. Installations are sorted by name. */
export async function readDirectory(directory: PluginDirectory, uid: number): Promise<DirectoryContent> {
  const installations: Installation[] = [];
  const problems: CatalogProblem[] = [];
  try {
    if (!(await checkDirectory(directory.path, uid))) return { installations, problems };
    for (const fileName of await listReceipts(directory.path)) {
      const found = await readInstallation(directory, fileName, uid).catch((error: unknown) =>
        describeInvalid(`${receiptsOf(directory.path)}/${fileName}`, error),
      );
      if (found === undefined) continue;
      if ('kind' in found) problems.push(found);
      else installations.push(found);
    }
  } catch (error) {
    problems.push(describeRefused(directory.path, error));
  }
  return { installations: installations.toSorted((a, b) => (a.name < b.name ? -1 : 1)), problems };
}

/** Throws where the directory, or one of the two in it, is not to be trusted. Answers whether it is there. */
export async function checkDirectory(path: string, uid: number): Promise<boolean> {
  const own = await stat(path).catch(ignoreMissing);
  if (own === undefined) return false;
  requireTrust(path, own, uid);
  for (const inner of [receiptsOf(path), packagesOf(path)]) {
    const stats = await lstat(inner).catch(ignoreMissing);
    if (stats !== undefined) requireTrust(inner, stats, uid);
  }
  return true;
}

/** Nothing where there is no such receipt. Throws where it, or its package, cannot be used. */
export async function readInstallation(directory: PluginDirectory, fileName: string, uid: number): Promise<Installation | undefined> {
  const file = `${receiptsOf(directory.path)}/${fileName}`;
  for (let attempt = 1; ; attempt++) {
    const read = await readRegularFile(file, { bytesMax: RECEIPT_BYTES_MAX, noFollow: true }).catch(ignoreMissing);
    if (read === undefined) return undefined;
    const distrust = findDistrust(read, uid);
    if (distrust !== undefined) throw catalogErrors.pathUnsafe(file, distrust);
    const receipt = parseReceipt(read.bytes, { file, fileName });
    const installation = { ...receipt, directory, packageFile: packageFile(directory.path, receipt.digest) };
    if (await isThere(installation.packageFile)) return installation;
    if (attempt === ATTEMPTS_MAX) throw catalogErrors.packageMissing(receipt.name, installation.packageFile, isSkippable(receipt));
  }
}

/** By name instead of by file. */
export async function readInstallationOf(directory: PluginDirectory, name: string, uid: number): Promise<Installation | undefined> {
  return readInstallation(directory, basename(receiptFile(directory.path, name)), uid);
}

export async function listReceipts(directory: string): Promise<string[]> {
  const names = ((await readdir(receiptsOf(directory)).catch(ignoreMissing)) ?? []).filter(isReceiptName);
  if (names.length > RECEIPTS_MAX) throw catalogErrors.pathUnsafe(receiptsOf(directory), `it holds more than ${RECEIPTS_MAX} receipts`);
  return names.toSorted();
}

function requireTrust(path: string, stats: Stats, uid: number): void {
  const distrust = stats.isDirectory() ? findDistrust(stats, uid) : 'it is not a directory';
  if (distrust !== undefined) throw catalogErrors.pathUnsafe(path, distrust);
}

async function isThere(path: string): Promise<boolean> {
  return (await lstat(path).catch(ignoreMissing)) !== undefined;
}

export function ignoreMissing(error: unknown): undefined {
  if (systemCodeOf(error) !== 'ENOENT') throw error;
}

export function describeRefused(path: string, error: unknown): CatalogProblem {
  return { kind: 'refused', path, reason: messageOf(error), skippable: false, ...hintOf(error) };
}

export function describeInvalid(path: string, error: unknown): CatalogProblem {
  const data = error instanceof BulkheadError ? error.data : {};
  const name = typeof data['plugin'] === 'string' ? { name: data['plugin'] } : {};
  return { kind: 'invalid', path, ...name, reason: messageOf(error), skippable: data['skippable'] === true, ...hintOf(error) };
}

function hintOf(error: unknown): { hint?: string } {
  return error instanceof BulkheadError && error.hint !== undefined ? { hint: error.hint } : {};
}
