/** Networks on disk: made, found, removed. What is built in is there without that. */
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { removeTree } from '#base/remove-tree.js';
import { hasDirectory, readJson, UNFINISHED } from './disk.js';
import { networkErrors } from './errors.js';
import { isBuiltinNetwork, NETWORK_BYTES_MAX, networkName, networkRecord, type NetworkPlace, type NetworkRecord } from './shapes.js';

const FILE = 'network.json';

export interface NetworkList {
  /** By name. */
  readonly networks: readonly NetworkRecord[];
  /** Those that cannot be read; they hide no other. */
  readonly problems: readonly { readonly name: string; readonly error: unknown }[];
}

export function networkPath({ directory }: NetworkPlace, name: string): string {
  return join(directory, name);
}

/** Throws NETWORK_NAME_INVALID. */
export function requireNetworkName(name: string): void {
  const { issues } = v.safeParse(networkName, name);
  if (issues !== undefined) throw networkErrors.nameInvalid(name, issues[0].message);
}

/** Of one who holds the lock. Killed at any instant, there is the whole network or none. Throws where nobody could read it. */
export async function writeNetwork(place: NetworkPlace, record: NetworkRecord): Promise<void> {
  const { issues } = v.safeParse(networkRecord, record);
  if (issues !== undefined)
    throw networkErrors.optionInvalid(
      'network',
      record.name,
      `${v.getDotPath(issues[0]) ?? ''} ${issues[0].message}`,
      'bulkhead network create --help',
    );
  const staged = join(place.directory, `${UNFINISHED}${randomBytes(6).toString('hex')}`);
  await mkdir(join(staged, 'attachments'), { recursive: true, mode: 0o700 });
  await writeFile(join(staged, FILE), `${JSON.stringify(record)}\n`, { mode: 0o600, flag: 'wx' });
  await rename(staged, networkPath(place, record.name));
}

/** Of one who holds the lock, when nobody uses it. */
export async function removeNetworkFiles(place: NetworkPlace, name: string): Promise<void> {
  const removed = join(place.directory, `${UNFINISHED}${randomBytes(6).toString('hex')}`);
  await rename(networkPath(place, name), removed);
  await removeTree(removed);
}

/** Undefined where there is none; throws where it is damaged. */
export async function findNetwork(place: NetworkPlace, name: string): Promise<NetworkRecord | undefined> {
  if (!v.is(networkName, name) || isBuiltinNetwork(name) || !(await hasDirectory(place))) return undefined;
  const file = join(networkPath(place, name), FILE);
  const record = await readJson(file, { name, schema: networkRecord, bytesMax: NETWORK_BYTES_MAX });
  if (record !== undefined && record.name !== name) throw networkErrors.damaged(name, `${FILE} is that of network ${record.name}`);
  return record;
}

/** Throws where there is none, or where it is damaged. */
export async function readNetwork(place: NetworkPlace, name: string): Promise<NetworkRecord> {
  const record = await findNetwork(place, name);
  if (record === undefined) throw networkErrors.notFound(name);
  return record;
}

export async function listNetworks(place: NetworkPlace): Promise<NetworkList> {
  if (!(await hasDirectory(place))) return { networks: [], problems: [] };
  const networks: NetworkRecord[] = [];
  const problems: { name: string; error: unknown }[] = [];
  for (const name of (await readdir(place.directory)).filter((one) => v.is(networkName, one)).toSorted()) {
    try {
      const record = await findNetwork(place, name);
      if (record === undefined) problems.push({ name, error: networkErrors.damaged(name, `${FILE} is missing`) });
      else networks.push(record);
    } catch (error) {
      problems.push({ name, error });
    }
  }
  return { networks, problems };
}
