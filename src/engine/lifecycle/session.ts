/**
 * One directory per running container, and how those that a SIGKILL left behind are told and removed.
 *
 *      RUN/k3v0a91xw2qm.4026531836.8123.991734/
 *          id           pid namespace  pid  start time of the owner
 *
 * The owner is in the name, so that a session has one from the instant it exists: two commands that start at once can both
 * clean up, and neither takes the other's for stale.
 */
import { randomInt } from 'node:crypto';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { openPrivateDirectory } from '#base/private-directory.js';
import { runDirectoryUnsafe } from '../errors.js';
import { removeOwnedTree } from '../runtimes/remove-owned.js';
import { findProcess, isAlive, readPidNamespace } from './process-tree.js';

export interface Session {
  readonly id: string;
  /** Absolute, without symbolic links. */
  readonly path: string;
}

const SESSION_NAME = /^[a-z0-9]{12}\.(\d+)\.(\d+)\.(\d+)$/;
const ID_LENGTH = 12;
const ID_ALPHABET = '0123456789abcdefghijklmnopqrstuvwxyz';

/** Close it with `closeSession`. `id`: 12 of `a-z0-9`, a new one where absent. */
export async function openSession(runDirectory: string, id?: string): Promise<Session> {
  return makeSession(await openRunDirectory(runDirectory), id);
}

/** The same, after what killed owners left has been removed; their ids. */
export async function openCleanSession(
  runDirectory: string,
  id?: string,
): Promise<{ readonly session: Session; readonly removed: readonly string[] }> {
  const directory = await openRunDirectory(runDirectory);
  return { removed: await removeStale(directory), session: await makeSession(directory, id) };
}

async function makeSession(directory: string, id?: string): Promise<Session> {
  const name = await nameSession(id);
  const path = join(directory, name);
  await mkdir(path, { mode: 0o700 });
  return { id: name.slice(0, ID_LENGTH), path };
}

/** Of this process; the id is a new one where absent. */
export async function nameSession(id: string = makeId()): Promise<string> {
  return [id, await readPidNamespace(), process.pid, findProcess(process.pid)?.startTicks ?? '0'].join('.');
}

function makeId(): string {
  return Array.from({ length: ID_LENGTH }, () => ID_ALPHABET[randomInt(ID_ALPHABET.length)]).join('');
}

/** Of a container that runs; undefined where there is none. */
export async function findSession(runDirectory: string, id: string): Promise<Session | undefined> {
  const directory = await openRunDirectory(runDirectory);
  const pidNamespace = await readPidNamespace();
  const name = (await readdir(directory)).find((one) => one.startsWith(`${id}.`) && SESSION_NAME.test(one) && !isStale(one, pidNamespace));
  return name === undefined ? undefined : { id, path: join(directory, name) };
}

/** Holds no mounts in this namespace: those are in the container's own. The inverse of `openSession`. */
export async function closeSession(session: Session): Promise<void> {
  await removeOwnedTree(session.path);
}

/** Removes what killed owners left. Idempotent; safe beside others that do the same; touches no session of a living owner. */
export async function removeStaleSessions(runDirectory: string): Promise<string[]> {
  return removeStale(await openRunDirectory(runDirectory));
}

async function removeStale(directory: string): Promise<string[]> {
  const pidNamespace = await readPidNamespace();
  const stale = (await readdir(directory)).filter((name) => isStale(name, pidNamespace));
  for (const name of stale) await removeOwnedTree(join(directory, name));
  return stale.map((name) => name.slice(0, ID_LENGTH));
}

/** Tells of the name of a session whether its owner was killed. */
export async function judgeStale(): Promise<(name: string) => boolean> {
  const pidNamespace = await readPidNamespace();
  return (name) => isStale(name, pidNamespace);
}

/** A pid of another pid namespace cannot be judged from here. */
function isStale(name: string, pidNamespace: string): boolean {
  const [, ownerNamespace, pid, startTicks = ''] = SESSION_NAME.exec(name) ?? [];
  return ownerNamespace === pidNamespace && !isAlive({ pid: Number(pid), startTicks });
}

function openRunDirectory(path: string): Promise<string> {
  return openPrivateDirectory(path, (why) => runDirectoryUnsafe(path, why));
}
