/**
 * The keys that are trusted to sign plugins, and those that are not any more:
 *
 *   /usr/local/etc/bulkhead/keys/NAME.pem            for everybody
 *   /usr/local/etc/bulkhead/keys/revoked/NAME.pem
 *   ~/.config/bulkhead/keys/…                        for the caller's own plugins
 *
 * One public key per file, in PEM, so that any tool may put it there. As with `bulkhead.toml`, what others may write to, or what
 * cannot be read, is an error and never "no keys": a revocation must not vanish with its file's mode.
 */
import type { Stats } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, systemCodeOf } from '#base/errors.js';
import type { Paths } from '#base/paths.js';
import { readRegularFile } from '#base/regular-file.js';
import { findDistrust } from '#catalog/catalog.js';
import { KEY_FILE_BYTES_MAX, parsePublicKey, type PublicKey } from '#package/package.js';
import { trustErrors } from './errors.js';

export type KeyScope = 'system' | 'user';

export interface StoredKey extends PublicKey {
  readonly name: string;
  readonly file: string;
  readonly scope: KeyScope;
  readonly revoked: boolean;
}

export interface StoreContent {
  readonly keys: readonly StoredKey[];
  /** Each names the file or directory. */
  readonly problems: readonly Error[];
}

const FILES_MAX = 256;
export const keyNamePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** All keys. Throws the first problem. */
export async function readTrustStore(paths: Paths, uid: number): Promise<readonly StoredKey[]> {
  const { keys, problems } = await listTrustStore(paths, uid);
  if (problems[0] !== undefined) throw problems[0];
  return keys;
}

/** The same for those who have to see what is wrong. */
export async function listTrustStore(paths: Paths, uid: number): Promise<StoreContent> {
  const places = (['system', 'user'] as const).flatMap((scope) => [false, true].map((revoked) => ({ scope, revoked })));
  const contents = await Promise.all(places.map((place) => readPlace(place, paths, uid)));
  return { keys: contents.flatMap(({ keys }) => keys), problems: contents.flatMap(({ problems }) => problems) };
}

export function keyDirectory(paths: Paths, { scope, revoked }: { scope: KeyScope; revoked: boolean }): string {
  const directory = scope === 'system' ? paths.systemKeys : paths.userKeys;
  return revoked ? join(directory, 'revoked') : directory;
}

async function readPlace(place: { scope: KeyScope; revoked: boolean }, paths: Paths, uid: number): Promise<StoreContent> {
  const directory = keyDirectory(paths, place);
  const keys: StoredKey[] = [];
  const problems: Error[] = [];
  try {
    for (const fileName of await listKeyFiles(directory, uid)) {
      const file = join(directory, fileName);
      try {
        keys.push({ ...place, ...(await readKeyFile(file, uid)), name: fileName.slice(0, -'.pem'.length), file });
      } catch (error) {
        problems.push(trustErrors.storeInvalid(file, messageOf(error), error));
      }
    }
  } catch (error) {
    problems.push(trustErrors.storeInvalid(directory, messageOf(error), error));
  }
  return { keys, problems };
}

/** A directory that is not there is empty. */
async function listKeyFiles(directory: string, uid: number): Promise<string[]> {
  const found = await stat(directory).catch(ignoreMissing);
  if (found === undefined) return [];
  requireTrust(found, uid);
  const names = (await readdir(directory)).filter((name) => name.endsWith('.pem'));
  if (names.length > FILES_MAX) throw new Error(`it holds more than ${FILES_MAX} keys`);
  return names.toSorted();
}

async function readKeyFile(file: string, uid: number): Promise<PublicKey> {
  const { bytes, ...owner } = await readRegularFile(file, { bytesMax: KEY_FILE_BYTES_MAX });
  requireTrust(owner, uid);
  return parsePublicKey(bytes, file);
}

function requireTrust(owner: Pick<Stats, 'uid' | 'mode'>, uid: number): void {
  const distrust = findDistrust(owner, uid);
  if (distrust !== undefined) throw new Error(distrust);
}

function ignoreMissing(error: unknown): undefined {
  const code = systemCodeOf(error);
  if (code !== 'ENOENT' && code !== 'ENOTDIR') throw error;
}
