/** Files and keys for tests of signatures. */
import { readFileSync } from 'node:fs';
import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import * as v from 'valibot';
import { addObject, changeSif, createSif, DATA_TYPES, FS_TYPES, HASH_TYPES, PART_TYPES, type NewObject } from '#sif/sif.js';
import { parsePrivateKey, parsePublicKey, type PrivateKey, type PublicKey } from '../../../src/package/signatures/key.js';
import { toBytes } from '../../sif/builder.js';

const goldenSchema = v.object({
  sha256: v.string(),
  keys: v.record(v.string(), v.string()),
  signed: v.array(v.object({ title: v.string(), keys: v.array(v.string()), sha256: v.string(), signature: v.string(), extra: v.string() })),
});

/** What apptainer/sif writes; made by golden/sign.go. */
export const golden = v.parse(goldenSchema, JSON.parse(readFileSync(new URL('../golden/signatures.json', import.meta.url), 'utf8')));

export function goldenKey(name: string): PublicKey {
  return parsePublicKey(toBytes(golden.keys[name] ?? ''), name);
}

/** The file that golden/sign.go signs: a partition and JSON in group 1. */
export function buildUnsigned(changes: { script?: string; more?: readonly NewObject[] } = {}): Uint8Array {
  const partition = { fsType: FS_TYPES.raw, partType: PART_TYPES.data, arch: '02' };
  const { script = 'the script\n', more = [] } = changes;
  return createSif({
    objects: [
      { dataType: DATA_TYPES.partition, name: 'plugin.js', data: toBytes(script), partition },
      { dataType: DATA_TYPES.genericJson, name: 'plugin.manifest', data: toBytes('{}\n') },
      ...more,
    ],
  });
}

/** Appends a signature object with these data, linked to group 1. */
export function addSignature(file: Uint8Array, data: string | Uint8Array, changes: Partial<NewObject> = {}): Uint8Array {
  const place = { dataType: DATA_TYPES.signature, name: '', groupId: 0, linkedGroupId: 1, signature: { hashType: HASH_TYPES.sha256 } };
  return append(file, { ...place, data: typeof data === 'string' ? toBytes(data) : data, ...changes });
}

export function append(file: Uint8Array, object: NewObject): Uint8Array {
  return changeSif(file, (sif) => void addObject(sif, object));
}

/** The key of golden/sign.go: 32 bytes of 7. */
export function seededKey(byte = 7): PrivateKey {
  const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), Buffer.alloc(32, byte)]);
  return toPrivateKey(createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }));
}

export function newKey(type: 'ed25519' | 'P-256' | 'rsa' = 'ed25519'): PrivateKey {
  if (type === 'rsa') return toPrivateKey(generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey);
  if (type === 'P-256') return toPrivateKey(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey);
  return toPrivateKey(generateKeyPairSync('ed25519').privateKey);
}

function toPrivateKey(key: KeyObject): PrivateKey {
  return parsePrivateKey(toBytes(key.export({ type: 'pkcs8', format: 'pem' }).toString()), { from: 'a test' });
}
