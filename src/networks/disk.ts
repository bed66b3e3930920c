/** The directory of networks: whose it is, who changes it, and how its files are read. */
import { chmod, lstat, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { parseBoundedJson } from '#base/bounded-json.js';
import { messageOf, systemCodeOf } from '#base/errors.js';
import { takeLease, type Lease } from '#base/lease.js';
import { readRegularFile } from '#base/regular-file.js';
import { removeTree } from '#base/remove-tree.js';
import { networkErrors } from './errors.js';
import type { NetworkPlace } from './shapes.js';

/** Of who makes or removes a network; under the lock, one that is there is of somebody who was killed. */
export const UNFINISHED = '.unfinished-';
const LOCK = '.lock';
/** Programs of CNI take milliseconds, and at most what cni/program.ts gives them. */
const WAIT_MS = 60_000;

export interface LockOptions {
  readonly signal?: AbortSignal | undefined;
}

/** One process changes networks at a time: addresses, ports and rules of the packet filter are of all of them. */
export async function withLock<Result>(
  { directory }: NetworkPlace,
  work: (lease: Lease) => Promise<Result>,
  { signal }: LockOptions = {},
): Promise<Result> {
  await openDirectory(directory);
  const lease = await takeLease(join(directory, `own${(count += 1)}`), {
    lock: join(directory, LOCK),
    waitMs: WAIT_MS,
    signal,
    busy: networkErrors.busy,
    lost: networkErrors.lockLost,
  });
  try {
    await removeUnfinished(directory);
    return await work(lease);
  } finally {
    await lease.release();
  }
}

/** In one process, two locks have two names. */
let count = 0;

async function removeUnfinished(directory: string): Promise<void> {
  for (const name of await readdir(directory)) if (name.startsWith(UNFINISHED)) await removeTree(join(directory, name));
}

/** Creates it where missing; refuses one in which others could plant what root then runs programs by. */
async function openDirectory(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 }).catch((thrown: unknown) => {
    throw networkErrors.unsafe(path, `it cannot be created (${messageOf(thrown)})`);
  });
  await requireOwn(path);
  await chmod(path, 0o700);
}

/** Whether there is one; throws where it is not the caller's own. */
export async function hasDirectory({ directory }: NetworkPlace): Promise<boolean> {
  if (!(await isThere(directory))) return false;
  await requireOwn(directory);
  return true;
}

async function requireOwn(path: string): Promise<void> {
  const stats = await lstat(path);
  if (!stats.isDirectory()) throw networkErrors.unsafe(path, 'it is not a directory');
  if (stats.uid !== process.geteuid?.()) throw networkErrors.unsafe(path, `it belongs to uid ${stats.uid}`);
  if ((stats.mode & 0o022) !== 0) throw networkErrors.unsafe(path, 'others may write to it');
}

export async function isThere(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (thrown) {
    if (['ENOENT', 'ENOTDIR'].includes(systemCodeOf(thrown) ?? '')) return false;
    throw thrown;
  }
}

export async function listOrNothing(path: string): Promise<string[]> {
  return readdir(path).catch((thrown: unknown) => {
    if (systemCodeOf(thrown) === 'ENOENT') return [];
    throw thrown;
  });
}

/** Undefined where there is no such file; throws NETWORK_DAMAGED where it is not what was written. `name` is the network's. */
export async function readJson<Schema extends v.GenericSchema>(
  path: string,
  { name, schema, bytesMax }: { name: string; schema: Schema; bytesMax: number },
): Promise<v.InferOutput<Schema> | undefined> {
  const file = path.split('/').at(-1) ?? path;
  const read = await readRegularFile(path, { bytesMax, noFollow: true }).catch((thrown: unknown) => {
    if (['ENOENT', 'ENOTDIR'].includes(systemCodeOf(thrown) ?? '')) return undefined;
    throw networkErrors.damaged(name, messageOf(thrown));
  });
  if (read === undefined) return undefined;
  const json = parseBoundedJson(read.bytes);
  if (!json.parsed) throw networkErrors.damaged(name, `${file}: ${json.why}`);
  const { success, output, issues } = v.safeParse(schema, json.value, { abortEarly: true });
  if (!success) throw networkErrors.damaged(name, `${file}: ${v.getDotPath(issues[0]) ?? ''} ${issues[0].message}`);
  return output;
}
