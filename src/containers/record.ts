/** Makes, reads, replaces and removes what is on disk of one container. */
import { randomBytes, randomInt } from 'node:crypto';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { parseBoundedJson } from '#base/bounded-json.js';
import { BulkheadError, messageOf, systemCodeOf } from '#base/errors.js';
import { readRegularFile } from '#base/regular-file.js';
import { removeOwnedTree } from '#engine/engine.js';
import { leaveToWaiters } from './claims.js';
import { containerErrors } from './errors.js';
import { requireLabels } from './labels.js';
import { claimName, releaseName, releaseNamesOf } from './names.js';
import { ownedName } from './owner.js';
import { openRoot, requireOwn } from './root.js';
import {
  CONTAINER_FILES,
  containerName,
  containerRecord,
  containerState,
  RECORD_BYTES_MAX,
  RECORD_VERSION,
  STATE_BYTES_MAX,
  type ContainerPlace,
  type ContainerRecord,
  type ContainerRoots,
  type ContainerState,
} from './shapes.js';

export type NewRecord = Omit<ContainerRecord, 'version' | 'id' | 'createdAt'> & { readonly id?: string };

export interface CreateOptions {
  /** Whether it outlives its end; a container with a name is always kept. */
  readonly isKept: boolean;
  /** `created` where absent. */
  readonly state?: ContainerState;
}

const ID_ALPHABET = '0123456789abcdefghijklmnopqrstuvwxyz';

export function chooseContainerId(): string {
  return Array.from({ length: 12 }, () => ID_ALPHABET[randomInt(ID_ALPHABET.length)]).join('');
}

/** Atomic: killed at any instant, there is the whole container or none. Throws where another has the name; then nothing was made. */
export async function createRecord(
  roots: ContainerRoots,
  { id = chooseContainerId(), ...told }: NewRecord,
  { isKept, state = { status: 'created' } }: CreateOptions,
): Promise<ContainerPlace> {
  const { name, labels = {} } = told;
  if (name !== undefined && !v.is(containerName, name)) throw containerErrors.nameInvalid(name);
  requireLabels(labels);
  const root = isKept || name !== undefined ? roots.kept : roots.passing;
  const record = { version: RECORD_VERSION, id, createdAt: new Date().toISOString(), ...told } satisfies ContainerRecord;
  await openRoot(root);
  const place = placeOf(root, id);
  const staged = join(root, ownedName(id, 'staged'));
  try {
    await mkdir(staged, { mode: 0o700 });
    await writeJson(join(staged, CONTAINER_FILES.record), record);
    await writeJson(join(staged, CONTAINER_FILES.state), state);
    if (name !== undefined) await claimName(root, name, id);
    await rename(staged, place.path);
  } catch (thrown) {
    await rm(staged, { recursive: true, force: true });
    if (name !== undefined) await releaseName(root, name, id);
    throw thrown;
  }
  return place;
}

export function placeOf(root: string, id: string): ContainerPlace {
  return { id, root, path: join(root, id) };
}

/** Throws where it is damaged, not the caller's own, or of a newer version. */
export async function readRecord(place: ContainerPlace): Promise<ContainerRecord> {
  await requireOwn(place.path);
  const record = await readJson(place, { file: CONTAINER_FILES.record, schema: containerRecord, bytesMax: RECORD_BYTES_MAX });
  if (record.id !== place.id) throw containerErrors.recordInvalid(place, CONTAINER_FILES.record, `it is that of container ${record.id}`);
  return record;
}

export function readState(place: ContainerPlace): Promise<ContainerState> {
  return readJson(place, { file: CONTAINER_FILES.state, schema: containerState, bytesMax: STATE_BYTES_MAX });
}

/** Readers see the old state or the new one. For whoever runs the container: one writer at a time. */
export async function writeState(place: ContainerPlace, state: ContainerState): Promise<void> {
  const staged = join(place.path, `${CONTAINER_FILES.state}.${randomBytes(6).toString('hex')}`);
  try {
    await writeJson(staged, state);
    await rename(staged, join(place.path, CONTAINER_FILES.state));
  } catch (thrown) {
    await rm(staged, { force: true });
    throw thrown;
  }
}

export interface RemoveRecordOptions {
  /** Asked of its directory once it is out of everybody's sight: then it is put back, and stays. */
  readonly unless?: (path: string) => Promise<boolean>;
}

/**
 * Whatever is in it, and with its name; it is gone at once, and then its bytes. Who waits for its exit code reads it first. Of a
 * container that does not run. Answers whether it is gone. Idempotent.
 */
export async function removeRecord(place: ContainerPlace, { unless }: RemoveRecordOptions = {}): Promise<boolean> {
  const name = await readRecord(place).then(
    (record) => record.name ?? null,
    () => undefined,
  );
  await leaveToWaiters(place);
  const removed = join(place.root, ownedName(place.id, 'removed'));
  await rename(place.path, removed).catch((thrown: unknown) => {
    if (systemCodeOf(thrown) !== 'ENOENT') throw thrown;
  });
  if ((await unless?.(removed)) === true) {
    await rename(removed, place.path);
    return false;
  }
  if (name === undefined) await releaseNamesOf(place.root, place.id);
  else if (name !== null) await releaseName(place.root, name, place.id);
  await removeOwnedTree(removed);
  return true;
}

async function writeJson(path: string, value: unknown): Promise<void> {
  await writeFile(path, `${JSON.stringify(value)}\n`, { mode: 0o600, flag: 'wx' });
}

async function readJson<Schema extends v.GenericSchema>(
  place: ContainerPlace,
  { file, schema, bytesMax }: { file: string; schema: Schema; bytesMax: number },
): Promise<v.InferOutput<Schema>> {
  const { bytes, uid, mode } = await readRegularFile(join(place.path, file), { bytesMax, noFollow: true }).catch((thrown: unknown) => {
    const why = systemCodeOf(thrown) === 'ENOENT' ? 'it is missing' : messageOf(thrown);
    throw containerErrors.recordInvalid(place, file, why, thrown instanceof BulkheadError ? undefined : thrown);
  });
  if (uid !== process.geteuid?.()) throw containerErrors.recordInvalid(place, file, `it belongs to uid ${uid}`);
  if ((mode & 0o022) !== 0) throw containerErrors.recordInvalid(place, file, 'others may write to it');
  const json = parseBoundedJson(bytes);
  if (!json.parsed) throw containerErrors.recordInvalid(place, file, json.why);
  const result = v.safeParse(schema, json.value, { abortEarly: true });
  if (result.success) return result.output;
  const [issue] = result.issues;
  throw containerErrors.recordInvalid(place, file, [v.getDotPath(issue), issue.message].filter((part) => part !== null).join(': '));
}
