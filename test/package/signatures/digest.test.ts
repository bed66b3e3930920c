import assert from 'node:assert/strict';
import * as v from 'valibot';
import { computeDigest, digestText, encodeDigest, sameDigest, type DigestAlgorithm } from '../../../src/package/signatures/digest.js';
import { toBytes } from '../../sif/builder.js';

/** Of the text "abc": the test vectors of FIPS 180. */
const vectors: Readonly<Record<DigestAlgorithm, string>> = {
  sha224: '23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7',
  sha256: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
  sha384: 'cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7',
  sha512:
    'ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f',
  sha512_224: '4634270f707b6a54daae7530460842e20e37ed265ceee9a43e8924aa',
  sha512_256: '53048e2681941ef99b2e29b76b4c7dabe4c2d0c634fc6d46e0e2f13107e7af23',
};

describe('a digest in the metadata of a signature', () => {
  for (const [algorithm, hex] of Object.entries(vectors))
    it(`is written and read as ${algorithm} (apptainer 95)`, () => {
      const digest = computeDigest(algorithm as DigestAlgorithm, toBytes('abc'));
      assert.equal(encodeDigest(digest), `${algorithm}:${hex}`);
      assert.deepEqual(v.parse(digestText, encodeDigest(digest)), digest);
      assert.ok(sameDigest(digest, v.parse(digestText, `${algorithm}:${hex.toUpperCase()}`)));
    });

  for (const [algorithm, length] of [
    ['md4', 32],
    ['md5', 32],
    ['sha1', 40],
    ['sha3_256', 64],
    ['constructor', 64],
  ] as const)
    it(`is refused as ${algorithm} (apptainer 95)`, () => {
      assert.throws(() => v.parse(digestText, `${algorithm}:${'0'.repeat(length)}`), /is of an algorithm that is not accepted/);
    });

  for (const [what, text] of [
    ['empty', ''],
    ['without a value', 'sha256:'],
    ['without an algorithm', `:${vectors.sha256}`],
    ['without a colon', `sha256${vectors.sha256}`],
    ['with a value that is not hexadecimal', `sha256:${'g'.repeat(64)}`],
    ['with a value that is too short', `sha256:${vectors.sha256.slice(2)}`],
    ['with a value that is too long', `sha256:${vectors.sha256}00`],
    ['with two values', `sha256:${vectors.sha256}:${vectors.sha256}`],
    ['of the length of another algorithm', `sha512:${vectors.sha256}`],
  ] as const)
    it(`is refused ${what} (apptainer 95)`, () => assert.equal(v.is(digestText, text), false));

  it('is another one where one of both is another', () => {
    const digest = computeDigest('sha256', toBytes('abc'));
    assert.ok(!sameDigest(digest, computeDigest('sha256', toBytes('abd'))));
    assert.ok(!sameDigest(digest, { ...digest, algorithm: 'sha512_256' }));
  });
});
