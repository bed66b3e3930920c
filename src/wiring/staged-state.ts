/**
 * What a plugin keeps in its store while it is installed or upgraded: a copy, which counts when the receipt counts.
 *
 *   <state>/plugin/staged-<host>-<pid>-<random>/<sha256 of the name>/store.json   the copy; the callback reads and writes it
 *   <state>/plugin/<sha256 of the name>/pending-<sha256 of the receipt>.json      what came of it, waiting for that receipt
 *   <state>/plugin/<sha256 of the name>/store.json                                what counts
 *
 * The rename of the receipt decides: killed before it, the plugin has its old store; killed after it, whoever next opens the plugin
 * finds what waits for the receipt that is there, and puts it in its place.
 */
import { copyFile, mkdir, readFile, rename, rm, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { systemCodeOf } from '#base/errors.js';
import { hashName } from '#base/hash-name.js';
import type { Receipt } from '#catalog/catalog.js';
import { storeFile } from '#host/host.js';
import { makeStagedDirectory } from './stale-state.js';

type Tag = Pick<Receipt, 'name' | 'digest' | 'installedAt'>;

export interface StagedState {
  /** Stands for the directory of all plugins' state while the callback runs. */
  readonly directory: string;
  /** Lays down what is in it now, to count when this receipt does. */
  layDown(receipt: Tag): Promise<void>;
  /** The receipt will not come to count. */
  takeBack(receipt: Tag): Promise<void>;
  /** Removes the copy. */
  close(): Promise<void>;
}

/** Copies what the plugin keeps under `root`, the state of all plugins of this uid. */
export async function stageState(root: string, plugin: string): Promise<StagedState> {
  await mkdir(root, { recursive: true, mode: 0o700 });
  const directory = await makeStagedDirectory(root);
  const kept = storeFile(join(root, hashName(plugin)));
  const copy = storeFile(join(directory, hashName(plugin)));
  await mkdir(dirname(copy), { mode: 0o700 });
  await copyFile(kept, copy).catch(ignoreMissing);
  return {
    directory,
    async layDown(receipt) {
      if (await sameContent(copy, kept)) return;
      await mkdir(dirname(kept), { recursive: true, mode: 0o700 });
      await rename(copy, pendingFile(root, receipt)).catch(ignoreMissing);
    },
    takeBack: (receipt) => unlink(pendingFile(root, receipt)).catch(ignoreMissing),
    close: () => rm(directory, { recursive: true, force: true }),
  };
}

/** Puts in its place what waits for this receipt, which counts. One call to the system where nothing waits. */
export async function settleState(root: string, receipt: Tag): Promise<void> {
  await rename(pendingFile(root, receipt), storeFile(join(root, hashName(receipt.name)))).catch(ignoreMissing);
}

function pendingFile(root: string, { name, digest, installedAt }: Tag): string {
  return join(root, hashName(name), `pending-${hashName(`${digest} ${installedAt}`)}.json`);
}

async function sameContent(one: string, other: string): Promise<boolean> {
  const [a, b] = await Promise.all([one, other].map((file) => readFile(file).catch(ignoreMissing)));
  return a === undefined || b === undefined ? a === b : a.equals(b);
}

function ignoreMissing(error: unknown): undefined {
  if (systemCodeOf(error) !== 'ENOENT') throw error;
}
