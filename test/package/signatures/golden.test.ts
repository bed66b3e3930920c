/** Ours against what apptainer/sif writes, byte for byte. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readSif, signatureOf } from '#sif/sif.js';
import { signGroup } from '../../../src/package/signatures/sign.js';
import { examineSignatures } from '../../../src/package/signatures/verify.js';
import { addSignature, buildUnsigned, golden, goldenKey, seededKey } from './builder.js';

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const signedOf = (title: string) => golden.signed.find((one) => one.title === title) ?? assert.fail(`no ${title}`);

describe('a signature of apptainer/sif', () => {
  it('is about the same file that we write', () => {
    assert.equal(sha256(buildUnsigned()), golden.sha256);
  });

  it('is the one that we write with the same Ed25519 key, the whole file (apptainer 97, 100)', () => {
    const signed = signGroup(buildUnsigned(), 1, seededKey());
    assert.equal(Buffer.from(readSif(signed).objects.at(-1)?.data ?? []).toString(), signedOf('Ed25519').signature);
    assert.equal(sha256(signed), signedOf('Ed25519').sha256);
  });

  for (const { title, keys, signature, sha256: digest } of golden.signed.filter((one) => one.title !== 'PGP')) {
    it(`is accepted where it is by ${title} (apptainer 102)`, () => {
      const file = addSignature(buildUnsigned(), signature);
      assert.equal(sha256(file), digest);
      const trusted = keys.map(goldenKey);
      const fingerprints = trusted.map(({ fingerprint }) => fingerprint);
      const report = examineSignatures(file, 1, { trusted, revoked: [] });
      assert.deepEqual(report, {
        state: 'signed',
        signers: fingerprints,
        signatures: [{ id: 3, format: 'DSSE', signedBy: fingerprints, claimedBy: [] }],
      });
    });
  }

  it('is accepted where one of its two keys is known (apptainer 102)', () => {
    const file = addSignature(buildUnsigned(), signedOf('Ed25519 and ECDSA P-256').signature);
    for (const name of ['Ed25519', 'ECDSA P-256'])
      assert.equal(examineSignatures(file, 1, { trusted: [goldenKey(name)], revoked: [] }).state, 'signed');
    assert.equal(examineSignatures(file, 1, { trusted: [goldenKey('ECDSA P-384')], revoked: [] }).state, 'untrusted');
  });

  it('is recognized and not supported where it is PGP', () => {
    const { signature, extra } = signedOf('PGP');
    const file = addSignature(buildUnsigned(), signature, {
      signature: { hashType: 1, fingerprint: Buffer.from(extra, 'hex').subarray(4) },
    });
    assert.equal(signatureOf(readSif(file).objects[2] ?? assert.fail()).fingerprint?.length, 20);
    const { state, reason, signatures } = examineSignatures(file, 1, { trusted: [], revoked: [] });
    assert.equal(state, 'untrusted');
    assert.match(reason ?? '', /signed with PGP, which is not supported/);
    assert.deepEqual([signatures[0]?.format, signatures[0]?.signedBy], ['PGP', []]);
  });

  it('names keys as OpenSSH does', () => {
    for (const { keys, signature } of golden.signed) {
      const claimed = signature.startsWith('{') ? (JSON.parse(signature) as { signatures: { keyid: string }[] }).signatures : [];
      assert.deepEqual(
        claimed.map(({ keyid }) => keyid),
        keys.map((name) => goldenKey(name).fingerprint),
      );
    }
  });
});
