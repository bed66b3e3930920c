import { addObject, changeSif, DATA_TYPES, HASH_TYPES, readSif } from '#sif/sif.js';
import { signatureErrors } from '../errors.js';
import { readPackage } from '../read.js';
import { encodeEnvelope, encodeForSigning } from './envelope.js';
import { viewGroup } from './group-view.js';
import type { PrivateKey } from './key.js';
import { encodeMetadata } from './metadata.js';
import { examineSignatures } from './verify.js';

/**
 * Signs a package. Refuses one that is signed by this key already, and one that carries a signature that does not fit: another one
 * beside it would help nobody. `path` is for errors.
 */
export function signPackage(file: Uint8Array, key: PrivateKey, path: string): Uint8Array {
  const { groupId } = readPackage(file, path);
  const { fingerprint } = key.publicKey;
  const own = { trusted: [key.publicKey], revoked: [] };
  const { state, reason } = examineSignatures(file, groupId, own);
  if (state === 'signed') throw signatureErrors.alreadySigned(path, fingerprint);
  if (state === 'modified') throw signatureErrors.notSigned(path, reason ?? 'it was modified');
  const signed = signGroup(file, groupId, key);
  // What lies in a shape of its own, such as with a second group, would be taken by nobody.
  const after = examineSignatures(signed, groupId, own);
  if (after.state !== 'signed') throw signatureErrors.notSigned(path, after.reason ?? 'it is not signed afterwards');
  return signed;
}

/** Appends a signature of all objects of a group, as `apptainer sign --key` does. The same file and Ed25519 key give the same bytes. */
export function signGroup(file: Uint8Array, groupId: number, { publicKey, sign }: PrivateKey): Uint8Array {
  const payload = encodeMetadata(viewGroup(readSif(file), groupId));
  const signatures = [{ keyId: publicKey.fingerprint, value: sign(encodeForSigning(payload)) }];
  return appendSignature(file, groupId, encodeEnvelope({ payload, signatures }));
}

function appendSignature(file: Uint8Array, groupId: number, data: Uint8Array): Uint8Array {
  const place = { dataType: DATA_TYPES.signature, name: '', groupId: 0, linkedGroupId: groupId };
  return changeSif(file, (sif) => void addObject(sif, { ...place, signature: { hashType: HASH_TYPES.sha256 }, data }));
}
