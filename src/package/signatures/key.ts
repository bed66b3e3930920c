/** Keys of signatures: Ed25519, ECDSA on the NIST curves, RSA of 2048 bits or more. */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  sign,
  verify,
  constants,
  type JsonWebKey,
  type KeyObject,
} from 'node:crypto';
import * as v from 'valibot';
import type { BulkheadError } from '#base/errors.js';
import { signatureErrors } from '../errors.js';

export const KEY_FILE_BYTES_MAX = 65_536;
const RSA_BITS_MIN = 2048;
const RSA_BITS_MAX = 16_384;

/** `SHA256:` and 43 characters: OpenSSH's fingerprint of the public key, as `ssh-keygen -l` prints it. */
export const keyFingerprint = v.pipe(v.string(), v.regex(/^SHA256:[A-Za-z0-9+/]{43}$/, 'is not a fingerprint such as SHA256:47DEQpj8…'));

export interface PublicKey {
  readonly fingerprint: string;
  /** `Ed25519`, `ECDSA P-256`, `RSA 3072`. */
  readonly algorithm: string;
  /** SPKI, as `openssl pkey -pubout` writes it. */
  readonly pem: string;
  /** Whether this is a signature of the message by this key. */
  readonly verifies: (message: Uint8Array, signature: Uint8Array) => boolean;
}

export interface PrivateKey {
  readonly publicKey: PublicKey;
  readonly sign: (message: Uint8Array) => Uint8Array;
}

/** Reads one public key in PEM. `from` is its file, for errors. */
export function parsePublicKey(bytes: Uint8Array, from: string): PublicKey {
  const text = new TextDecoder().decode(bytes);
  if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text)) throw signatureErrors.keyIsPrivate(from);
  const blocks = text.match(/-----BEGIN [A-Z ]+-----/g) ?? [];
  if (blocks.length !== 1 || !/-----BEGIN (?:RSA )?PUBLIC KEY-----/.test(text))
    throw signatureErrors.keyUnreadable(from, 'it is not one public key in PEM');
  return describeKey(
    attempt(
      () => createPublicKey(text),
      (error) => signatureErrors.keyUnreadable(from, 'OpenSSL cannot read it', error),
    ),
    from,
  );
}

/** Reads one private key in PEM: PKCS#8, or the older forms that OpenSSL knows. */
export function parsePrivateKey(bytes: Uint8Array, { from, passphrase }: { from: string; passphrase?: string | undefined }): PrivateKey {
  const text = new TextDecoder().decode(bytes);
  if (!/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text)) throw signatureErrors.keyUnreadable(from, 'it is not a private key in PEM');
  const isEncrypted = /-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m.test(text);
  if (isEncrypted && passphrase === undefined) throw signatureErrors.keyEncrypted(from);
  const key = attempt(
    () => createPrivateKey({ key: text, ...(passphrase !== undefined && { passphrase }) }),
    (error) =>
      isEncrypted ? signatureErrors.keyLocked(from, error) : signatureErrors.keyUnreadable(from, 'OpenSSL cannot read it', error),
  );
  const publicKey = describeKey(createPublicKey(key), from);
  return { publicKey, sign: (message) => sign(hashOf(key), message, schemeOf(key)) };
}

/** A new Ed25519 pair in PEM; the private one is encrypted where there is a passphrase. */
export function generateKey(passphrase?: string): { privatePem: string; publicKey: PublicKey } {
  const pair = generateKeyPairSync('ed25519');
  const cipher = passphrase === undefined ? {} : { cipher: 'aes-256-cbc', passphrase };
  const privatePem = pair.privateKey.export({ type: 'pkcs8', format: 'pem', ...cipher }).toString();
  return { privatePem, publicKey: describeKey(pair.publicKey, 'the new key') };
}

function describeKey(key: KeyObject, from: string): PublicKey {
  const { algorithm, wire } = describeAlgorithm(key, from);
  return {
    fingerprint: `SHA256:${createHash('sha256').update(wire).digest('base64').replace(/=+$/, '')}`,
    algorithm,
    pem: key.export({ type: 'spki', format: 'pem' }).toString(),
    verifies: (message, signature) => verifiesWith(key, message, signature),
  };
}

/** The name of a key's algorithm, and the key in SSH's wire format, of which the fingerprint is made. */
function describeAlgorithm(key: KeyObject, from: string): { algorithm: string; wire: Uint8Array } {
  const unknown = (error?: unknown): BulkheadError =>
    signatureErrors.keyUnreadable(from, `keys of type ${key.asymmetricKeyType ?? 'unknown'} are not known; use Ed25519`, error);
  const jwk = attempt((): JsonWebKey => key.export({ format: 'jwk' }), unknown);
  if (key.asymmetricKeyType === 'ed25519') return { algorithm: 'Ed25519', wire: packStrings('ssh-ed25519', field(jwk.x)) };
  if (key.asymmetricKeyType === 'rsa') {
    const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
    if (bits < RSA_BITS_MIN || bits > RSA_BITS_MAX)
      throw signatureErrors.keyUnreadable(from, `an RSA key of ${bits} bits is not accepted; it must have ${RSA_BITS_MIN} or more`);
    return { algorithm: `RSA ${bits}`, wire: packStrings('ssh-rsa', positive(field(jwk.e)), positive(field(jwk.n))) };
  }
  const curve = key.asymmetricKeyType === 'ec' ? curves[jwk.crv ?? ''] : undefined;
  if (curve === undefined) throw unknown();
  const point = Buffer.concat([Buffer.of(4), field(jwk.x), field(jwk.y)]);
  return { algorithm: `ECDSA ${jwk.crv}`, wire: packStrings(`ecdsa-sha2-${curve}`, curve, point) };
}

const curves: Readonly<Record<string, string>> = { 'P-256': 'nistp256', 'P-384': 'nistp384', 'P-521': 'nistp521' };

/** The hash is not told anywhere that is signed; apptainer/sif uses SHA-256 unless its caller chooses another of these. */
function verifiesWith(key: KeyObject, message: Uint8Array, signature: Uint8Array): boolean {
  const hashes = key.asymmetricKeyType === 'ed25519' ? [null] : ['sha256', 'sha384', 'sha512'];
  return hashes.some((hash) => {
    try {
      return verify(hash, message, schemeOf(key), signature);
    } catch {
      return false;
    }
  });
}

function hashOf(key: KeyObject): string | null {
  return key.asymmetricKeyType === 'ed25519' ? null : 'sha256';
}

/** RSA as PKCS#1 v1.5, ECDSA as ASN.1. */
function schemeOf(key: KeyObject): { key: KeyObject; padding?: number; dsaEncoding?: 'der' } {
  if (key.asymmetricKeyType === 'rsa') return { key, padding: constants.RSA_PKCS1_PADDING };
  return key.asymmetricKeyType === 'ec' ? { key, dsaEncoding: 'der' } : { key };
}

function packStrings(...parts: readonly (string | Uint8Array)[]): Uint8Array {
  return Buffer.concat(
    parts.flatMap((part) => {
      const bytes = Buffer.from(part);
      const length = Buffer.alloc(4);
      length.writeUInt32BE(bytes.length);
      return [length, bytes];
    }),
  );
}

/** SSH's integers have a sign. */
function positive(bytes: Buffer): Buffer {
  return (bytes[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.of(0), bytes]) : bytes;
}

function field(text: string | undefined): Buffer {
  return Buffer.from(text ?? '', 'base64url');
}

function attempt<T>(work: () => T, explain: (error: unknown) => BulkheadError): T {
  try {
    return work();
  } catch (error) {
    throw explain(error);
  }
}
