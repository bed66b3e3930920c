import assert from 'node:assert/strict';
import { deleteObject, changeSif, readSif } from '#sif/sif.js';
import { encodeEnvelope, encodeForSigning, PAYLOAD_TYPE } from '../../../src/package/signatures/envelope.js';
import { viewGroup } from '../../../src/package/signatures/group-view.js';
import type { PrivateKey } from '../../../src/package/signatures/key.js';
import { encodeMetadata } from '../../../src/package/signatures/metadata.js';
import { signGroup } from '../../../src/package/signatures/sign.js';
import { examineSignatures, type Keyring } from '../../../src/package/signatures/verify.js';
import { buildGeneric, toBytes } from '../../sif/builder.js';
import { addSignature, append, buildUnsigned, newKey, seededKey } from './builder.js';

const key = seededKey();
const other = newKey();
const trusting = (...keys: PrivateKey[]): Keyring => ({ trusted: keys.map(({ publicKey }) => publicKey), revoked: [] });
const examine = (file: Uint8Array, keyring = trusting(key)) => examineSignatures(file, 1, keyring);
const stateOf = (file: Uint8Array, keyring?: Keyring) => examine(file, keyring).state;

interface Parts {
  payloadType: string;
  payload: string;
  signatures: { keyid: string; sig: string }[];
}

/** A signature that is right, apart from the change. */
function withEnvelope(change: (parts: Parts) => unknown): Uint8Array {
  const signed = readSif(signGroup(buildUnsigned(), 1, key));
  const parts = JSON.parse(Buffer.from(signed.objects.at(-1)?.data ?? []).toString()) as Parts;
  const changed = change(parts) ?? parts;
  return addSignature(buildUnsigned(), typeof changed === 'string' ? changed : JSON.stringify(changed));
}

/** Some other payload, rightly signed. */
function withPayload(payload: string | ((metadata: Record<string, unknown>) => unknown), signer = key): Uint8Array {
  const file = buildUnsigned();
  const real = Buffer.from(encodeMetadata(viewGroup(readSif(file), 1))).toString();
  const text = typeof payload === 'string' ? payload : JSON.stringify(payload(JSON.parse(real) as Record<string, unknown>));
  const value = signer.sign(encodeForSigning(toBytes(text)));
  return addSignature(file, encodeEnvelope({ payload: toBytes(text), signatures: [{ keyId: signer.publicKey.fingerprint, value }] }));
}

function modified(file: Uint8Array, reason: RegExp, keyring?: Keyring): void {
  const report = examine(file, keyring);
  assert.deepEqual([report.state, report.signers], ['modified', []], report.reason);
  assert.match(report.reason ?? '', reason);
}

describe('the signature of a package', () => {
  it('is told in five states, each with its reason (apptainer 102)', () => {
    const file = signGroup(buildUnsigned(), 1, key);
    assert.deepEqual(examine(buildUnsigned()), { state: 'unsigned', signers: [], reason: 'it has no signature', signatures: [] });
    assert.deepEqual([stateOf(file), examine(file).signers], ['signed', [key.publicKey.fingerprint]]);
    const untrusted = examine(file, trusting(other));
    assert.deepEqual([untrusted.state, untrusted.signatures[0]?.id], ['untrusted', 3]);
    assert.equal(untrusted.reason, `it is signed by ${key.publicKey.fingerprint}, which is not among the trusted keys`);
    const revoked = examine(file, { trusted: [key.publicKey, other.publicKey], revoked: [key.publicKey] });
    assert.deepEqual([revoked.state, revoked.signers], ['revoked', []]);
    assert.match(revoked.reason ?? '', /which is revoked$/);
    modified(
      signGroup(buildUnsigned({ script: 'x' }), 1, key).with(32_768, 0x79),
      /^signature object 3 not valid: data object integrity compromised: 1$/,
    );
  });

  it('may be one of several (apptainer 100, 102)', () => {
    const file = signGroup(signGroup(buildUnsigned(), 1, key), 1, other);
    assert.deepEqual(examine(file, trusting(key)).signers, [key.publicKey.fingerprint]);
    assert.deepEqual(examine(file, trusting(other, key)).signers, [key.publicKey.fingerprint, other.publicKey.fingerprint]);
    assert.equal(stateOf(file, trusting(newKey())), 'untrusted');
    const oldKeyRevoked = examine(file, { ...trusting(other), revoked: [key.publicKey] });
    assert.deepEqual([oldKeyRevoked.state, oldKeyRevoked.signers], ['signed', [other.publicKey.fingerprint]]);
  });

  for (const type of ['ed25519', 'P-256', 'rsa'] as const)
    it(`is made and read with a key of type ${type} (apptainer 100, 102)`, () => {
      const own = newKey(type);
      const file = signGroup(buildUnsigned(), 1, own);
      assert.equal(stateOf(file, trusting(own)), 'signed');
      modified(file.with(file.length - 40, (file.at(-40) ?? 0) ^ 1), /not valid/, trusting(own));
    });

  it('that carries no name of a key is tried with all', () => {
    const file = withEnvelope((parts) => void parts.signatures.forEach((one) => (one.keyid = '')));
    assert.equal(stateOf(file, trusting(other, key)), 'signed');
    assert.deepEqual(
      [stateOf(file, trusting(other)), examine(file, trusting(other)).signatures[0]?.claimedBy],
      ['untrusted', ['an unnamed key']],
    );
  });

  it('that claims a known key and is not by it is a forgery (apptainer 102, 103)', () => {
    const claim = { trusted: [key.publicKey], revoked: [] };
    const file = withEnvelope((parts) => void parts.signatures.forEach((one) => (one.sig = Buffer.alloc(64, 1).toString('base64'))));
    modified(file, /it is not by SHA256:.*, as it claims/, claim);
    const asOther = withEnvelope((parts) => void parts.signatures.forEach((one) => (one.keyid = other.publicKey.fingerprint)));
    modified(asOther, /it is not by/, trusting(key, other));
  });

  describe('is broken where the envelope', () => {
    const breaks: Readonly<Record<string, [(parts: Parts) => unknown, RegExp]>> = {
      'has another payload type': [(parts) => void (parts.payloadType = 'application/json'), /payloadType is not the type of a signature/],
      'has the type with a suffix': [(parts) => void (parts.payloadType = `${PAYLOAD_TYPE}; v=2`), /payloadType/],
      'has a payload that is no base64': [(parts) => void (parts.payload = `${parts.payload}!`), /payload is not base64/],
      'has a payload with characters that a lenient decoder skips': [
        (parts) => void (parts.payload = ` ${parts.payload}`),
        /payload is not base64/,
      ],
      'has another payload': [(parts) => void (parts.payload = Buffer.from('{}').toString('base64')), /metadata: /],
      'has no payload': [({ signatures, payloadType }) => ({ signatures, payloadType }), /payload/],
      'has a signature that is no base64': [(parts) => void parts.signatures.forEach((one) => (one.sig = '????')), /sig is not base64/],
      'has no signatures': [(parts) => void (parts.signatures = []), /signatures has no signature/],
      'has too many signatures': [
        (parts) => void (parts.signatures = Array.from({ length: 17 }, () => parts.signatures[0] ?? assert.fail())),
        /more than 16/,
      ],
      'is no JSON': [() => '{"payloadType"', /it is not JSON/],
      'names a key by more than a word': [
        (parts) => void parts.signatures.forEach((one) => (one.keyid = 'a\nb')),
        /keyid is no name of a key/,
      ],
      'is empty': [() => '', /it is not JSON/],
      'is another value': [() => '[]', /./],
      'is very deep': [() => '['.repeat(100), /nested/],
    };
    for (const [title, [change, reason]] of Object.entries(breaks))
      it(`${title} (apptainer 103)`, () => modified(withEnvelope(change), reason));

    it('is larger than any that is needed', () => {
      modified(addSignature(buildUnsigned(), ' '.repeat(2 * 1_048_576 + 1)), /more than 2097152 bytes/);
    });
  });

  describe('is broken, though rightly signed, where the metadata', () => {
    type Objects = { relativeId: number; descriptorDigest: string; objectDigest: string }[];
    const objectsOf = (metadata: Record<string, unknown>) => metadata['objects'] as Objects;
    const breaks: Readonly<Record<string, [string | ((metadata: Record<string, unknown>) => unknown), RegExp]>> = {
      'are no JSON': ['{', /it is not JSON/],
      'are of another version': [(one) => ({ ...one, version: 2 }), /version/],
      'say more than is known': [(one) => ({ ...one, 'expires\nName': 'never' }), /3 not valid: metadata: it has a key that is not known$/],
      'name no objects': [(one) => ({ ...one, objects: [] }), /names no object/],
      'leave an object out': [(one) => ({ ...one, objects: objectsOf(one).slice(0, 1) }), /object 2: object not signed/],
      'name an object that is not there': [
        (one) => ({ ...one, objects: [...objectsOf(one), { ...objectsOf(one)[0], relativeId: 2 }] }),
        /object 3: signed object not found/,
      ],
      'name an object twice': [(one) => ({ ...one, objects: [...objectsOf(one), objectsOf(one)[0]] }), /names an object twice/],
      'have a negative id': [(one) => ({ ...one, objects: objectsOf(one).map((object) => ({ ...object, relativeId: -1 })) }), /relativeId/],
      'swap two objects': [
        (one) => ({ ...one, objects: objectsOf(one).map((object) => ({ ...object, relativeId: 1 - object.relativeId })) }),
        /data object descriptor integrity compromised: 1/,
      ],
      'are of another header': [(one) => ({ ...one, header: { digest: `sha256:${'0'.repeat(64)}` } }), /header integrity compromised/],
      'are of other data': [
        (one) => ({ ...one, objects: objectsOf(one).map((object) => ({ ...object, objectDigest: `sha256:${'0'.repeat(64)}` })) }),
        /data object integrity compromised: 1/,
      ],
      'use a digest that can be forged': [
        (one) => ({ ...one, header: { digest: `sha1:${'0'.repeat(40)}` } }),
        /algorithm that is not accepted/,
      ],
    };
    for (const [title, [change, reason]] of Object.entries(breaks))
      it(`${title} (apptainer 102)`, () => modified(withPayload(change), reason));

    it('are of an unknown key and do not fit: modified, not merely untrusted', () => {
      modified(
        withPayload((one) => ({ ...one, version: 2 }), other),
        /version/,
        trusting(key),
      );
    });
  });

  describe('does not cover', () => {
    it('an object that was added to the group (apptainer 102)', () => {
      const file = signGroup(buildUnsigned(), 1, key);
      modified(append(file, buildGeneric()), /object 4: object not signed/);
    });

    it('an object of another group, or of none', () => {
      const file = signGroup(buildUnsigned(), 1, key);
      for (const groupId of [0, 2]) modified(append(file, buildGeneric({ groupId })), /object 4 is not in the signed group/);
    });

    it('an object that was taken away (apptainer 102)', () => {
      const file = signGroup(buildUnsigned({ more: [buildGeneric()] }), 1, key);
      modified(
        changeSif(file, (sif) => void deleteObject(sif, 3)),
        /object 3: signed object not found/,
      );
    });

    it('bytes between objects, or behind the last', () => {
      const file = signGroup(buildUnsigned(), 1, key);
      assert.equal(stateOf(Buffer.concat([file, Buffer.alloc(512)])), 'signed');
      modified(
        Buffer.concat([file, Buffer.alloc(512), toBytes('hidden')]),
        new RegExp(`bytes at ${file.length + 512} that belong to no object`),
      );
      modified(file.with(32_500, 1), /bytes at 32500 that belong to no object/);
    });

    it('what a signature of something else is about', () => {
      const group2 = buildUnsigned({ more: [buildGeneric({ groupId: 2 })] });
      const file = signGroup(group2, 2, key);
      assert.equal(stateOf(file), 'unsigned');
      modified(signGroup(file, 1, key), /object 3 is not in the signed group/);
      const data = Buffer.from(readSif(signGroup(buildUnsigned(), 1, key)).objects.at(-1)?.data ?? []);
      assert.equal(stateOf(addSignature(buildUnsigned(), data, { linkedGroupId: 0, linkedId: 1 })), 'unsigned');
      modified(
        addSignature(signGroup(buildUnsigned(), 1, key), data, { linkedGroupId: 0, linkedId: 1 }),
        /object 4 is a signature of something else/,
      );
      modified(addSignature(buildUnsigned(), data, { groupId: 1 }), /object 3 is a signature and belongs to a group/);
    });
  });

  it('is not looked for among more than can be checked in time', () => {
    let file = signGroup(buildUnsigned(), 1, key);
    for (let count = 1; count < 17; count++) file = addSignature(file, '{}');
    modified(file, /more than 16 signatures/);
  });
});
