/** What `plugin keys` does. None of it asks the policy: keys can be seen and changed whatever else is wrong. */
import { chmod, mkdir, open, rename, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { BulkheadError, messageOf, systemCodeOf } from '#base/errors.js';
import { readRegularFile } from '#base/regular-file.js';
import { generateKey, KEY_FILE_BYTES_MAX, parsePublicKey } from '#package/package.js';
import type { ChangeRequest } from '../choose-directory.js';
import { requireSystemRights } from '../places.js';
import type { Scene } from '../scene.js';
import { trustErrors } from './errors.js';
import { keyDirectory, keyNamePattern, listTrustStore, type KeyScope, type StoredKey } from './store.js';

/** A key as commands show it. */
export interface KeyDescription {
  readonly name: string;
  readonly fingerprint: string;
  readonly algorithm: string;
  readonly scope: KeyScope;
  readonly state: 'trusted' | 'revoked';
  readonly file: string;
}

/** A key that a command has changed, or would have. */
export interface KeyChange {
  readonly key: KeyDescription;
  readonly changed: boolean;
}

export async function listKeys({ paths, uid }: Scene): Promise<{ keys: KeyDescription[]; problems: string[] }> {
  const { keys, problems } = await listTrustStore(paths, uid);
  return { keys: keys.map(describeKey), problems: problems.map(({ message }) => message) };
}

/** Trusts the public key in `file`, under the name of the file where there is no other. */
export async function addKey(
  scene: Scene,
  file: string,
  { name = nameOf(file), ...request }: ChangeRequest & { name?: string | undefined },
): Promise<KeyChange> {
  const key = parsePublicKey(await readKey(file), file);
  if (!keyNamePattern.test(name)) throw trustErrors.keyNameInvalid(name);
  const { scope, keys } = await openScope(scene, request);
  const revoked = keys.find((other) => other.revoked && other.fingerprint === key.fingerprint);
  if (revoked !== undefined) throw trustErrors.keyIsRevoked(revoked.name, key.fingerprint);
  const known = keys.find((other) => other.fingerprint === key.fingerprint);
  if (known !== undefined) return { key: describeKey(known), changed: false };
  const taken = keys.find((other) => other.name === name);
  if (taken !== undefined) throw trustErrors.keyNameTaken(name, taken.fingerprint);
  const stored = { ...key, name, scope, revoked: false, file: join(keyDirectory(scene.paths, { scope, revoked: false }), `${name}.pem`) };
  await writeKey(stored);
  return { key: describeKey(stored), changed: true };
}

/** Forgets a key, trusted or revoked: what it has signed is untrusted from now on. `which` is a name or a fingerprint. */
export async function removeKey(scene: Scene, which: string, request: ChangeRequest): Promise<KeyChange> {
  const { keys } = await openScope(scene, request);
  const found = keys.filter((key) => key.name === which || key.fingerprint === which);
  if (found[0] === undefined) throw trustErrors.keyNotFound(which);
  for (const { file } of found) await unlink(file).catch((error: unknown) => failed(file, 'remove', error));
  return { key: describeKey(found[0]), changed: true };
}

/** Keeps the key, so that what it has signed is refused: one rename, so that it is trusted or revoked at each instant. */
export async function revokeKey(scene: Scene, which: string, request: ChangeRequest): Promise<KeyChange> {
  const { scope, keys } = await openScope(scene, request);
  const found = keys.filter((key) => key.name === which || key.fingerprint === which);
  const trusted = found.find(({ revoked }) => !revoked);
  if (trusted === undefined) {
    if (found[0] === undefined) throw trustErrors.keyNotFound(which);
    return { key: describeKey(found[0]), changed: false };
  }
  const file = join(keyDirectory(scene.paths, { scope, revoked: true }), basename(trusted.file));
  await makeDirectory(dirname(file));
  await rename(trusted.file, file).catch((error: unknown) => failed(file, 'write', error));
  return { key: describeKey({ ...trusted, revoked: true, file }), changed: true };
}

export interface NewKey {
  readonly fingerprint: string;
  /** `NAME.key`, with mode 0600, and `NAME.pem`. */
  readonly privateFile: string;
  readonly publicFile: string;
}

/** Makes an Ed25519 pair beside each other; never in place of a file that is there. */
export async function generateKeyFiles(path: string, passphraseFile: string | undefined): Promise<NewKey> {
  const passphrase = passphraseFile === undefined ? undefined : await readPassphrase(passphraseFile);
  const { privatePem, publicKey } = generateKey(passphrase);
  const [privateFile, publicFile] = [`${path}.key`, `${path}.pem`];
  await writeNew(privateFile, privatePem, 0o600);
  await writeNew(publicFile, publicKey.pem, 0o644).catch(async (error: unknown) => {
    await unlink(privateFile);
    throw error;
  });
  return { fingerprint: publicKey.fingerprint, privateFile, publicFile };
}

/** The first line of a file. */
export async function readPassphrase(file: string): Promise<string> {
  return new TextDecoder().decode(await readKey(file)).split(/\r?\n/, 1)[0] ?? '';
}

export async function readKey(file: string): Promise<Uint8Array> {
  try {
    return (await readRegularFile(file, { bytesMax: KEY_FILE_BYTES_MAX })).bytes;
  } catch (error) {
    throw error instanceof BulkheadError ? error : trustErrors.fileFailed(file, 'read', systemCodeOf(error) ?? messageOf(error), error);
  }
}

/** The keys of one store, which can be read; another one of the same store that cannot does not keep anybody from mending it. */
async function openScope({ paths, uid }: Scene, { command, user }: ChangeRequest): Promise<{ scope: KeyScope; keys: StoredKey[] }> {
  const scope: KeyScope = user ? 'user' : 'system';
  if (!user) requireSystemRights(paths, uid, command);
  const { keys } = await listTrustStore(paths, uid);
  return { scope, keys: keys.filter((key) => key.scope === scope) };
}

function describeKey({ name, fingerprint, algorithm, scope, revoked, file }: StoredKey): KeyDescription {
  return { name, fingerprint, algorithm, scope, state: revoked ? 'revoked' : 'trusted', file };
}

function nameOf(file: string): string {
  return basename(file).replace(/\.(?:pem|pub)$/, '');
}

async function writeKey({ file, pem }: StoredKey): Promise<void> {
  await makeDirectory(dirname(file));
  await writeFileAtomic(file, pem, { mode: 0o644 }).catch((error: unknown) => failed(file, 'write', error));
}

/** Everybody reads keys, whatever the umask of who makes the directory; nobody else writes them. */
async function makeDirectory(path: string): Promise<void> {
  try {
    const first = await mkdir(path, { recursive: true, mode: 0o755 });
    if (first === undefined) return;
    for (let made = path; made.startsWith(first); made = dirname(made)) await chmod(made, 0o755);
  } catch (error) {
    failed(path, 'write', error);
  }
}

async function writeNew(path: string, text: string, mode: number): Promise<void> {
  try {
    const file = await open(path, 'wx', mode);
    try {
      await file.chmod(mode);
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
  } catch (error) {
    if (systemCodeOf(error) === 'EEXIST') throw trustErrors.fileTaken(path);
    failed(path, 'write', error);
  }
}

function failed(path: string, doing: 'write' | 'remove', error: unknown): never {
  throw trustErrors.fileFailed(path, doing, systemCodeOf(error) ?? messageOf(error), error);
}
