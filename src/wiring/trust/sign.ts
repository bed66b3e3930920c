/** What `plugin sign` and `plugin verify` do. */
import writeFileAtomic from 'write-file-atomic';
import { messageOf, systemCodeOf } from '#base/errors.js';
import { examinePackage, parsePrivateKey, parsePublicKey, readPackageFile, signPackage, type SignatureReport } from '#package/package.js';
import { openPackage } from '../open-package.js';
import type { Scene } from '../scene.js';
import { trustErrors } from './errors.js';
import { readKey, readPassphrase } from './keys.js';
import { standingOf } from './standing.js';

export interface SignRequest {
  /** The private key, in PEM. */
  readonly key: string;
  readonly passphraseFile?: string | undefined;
}

export interface SignedPackage {
  readonly path: string;
  readonly name: string;
  readonly fingerprint: string;
}

/** Adds a signature to the package; the file is replaced whole, or not at all. */
export async function signFile(file: string, { key: keyFile, passphraseFile }: SignRequest): Promise<SignedPackage> {
  const passphrase = passphraseFile === undefined ? undefined : await readPassphrase(passphraseFile);
  const key = parsePrivateKey(await readKey(keyFile), { from: keyFile, passphrase });
  const { bytes, manifest } = await readPackageFile(file);
  const signed = signPackage(bytes, key, file);
  await writeFileAtomic(file, Buffer.from(signed)).catch((error: unknown) => {
    throw trustErrors.fileFailed(file, 'write', systemCodeOf(error) ?? messageOf(error), error);
  });
  return { path: file, name: manifest.name, fingerprint: key.publicKey.fingerprint };
}

export interface Verification extends SignatureReport {
  readonly name: string;
  readonly version: string;
  readonly path: string;
}

/** Of a file, or of an installed plugin. With keys, these are trusted and no others; else those of the stores are. */
export async function verifySignature(scene: Scene, nameOrFile: string, keyFiles: readonly string[]): Promise<Verification> {
  const { scope, ...plugin } = await openPackage(scene, nameOrFile);
  const { path, manifest } = plugin;
  const report =
    keyFiles.length === 0
      ? (await standingOf(plugin, { scope, readKeys: scene.trust })).report
      : examinePackage(plugin, { trusted: await Promise.all(keyFiles.map(readPublicKey)), revoked: [] });
  return { name: manifest.name, version: manifest.version, path, ...report };
}

async function readPublicKey(file: string) {
  return parsePublicKey(await readKey(file), file);
}
