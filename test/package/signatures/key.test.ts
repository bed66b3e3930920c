import assert from 'node:assert/strict';
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { generateKey, parsePrivateKey, parsePublicKey } from '../../../src/package/signatures/key.js';
import { toBytes } from '../../sif/builder.js';
import { newKey } from './builder.js';

const publicPem = (key: KeyObject): string => key.export({ type: 'spki', format: 'pem' }).toString();
const message = toBytes('a message');

describe('a key', () => {
  const refused: Readonly<Record<string, [() => string, string, RegExp]>> = {
    'that is empty': [() => '', 'KEY_UNREADABLE', /it is not one public key in PEM/],
    'of which there are two': [() => newKey().publicKey.pem.repeat(2), 'KEY_UNREADABLE', /it is not one public key in PEM/],
    'that is damaged': [() => newKey().publicKey.pem.replace('MCow', 'MCox'), 'KEY_UNREADABLE', /OpenSSL cannot read it/],
    'that is private': [() => generateKey().privatePem, 'KEY_IS_PRIVATE', /a public one is wanted/],
    'in a certificate': [() => '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n', 'KEY_UNREADABLE', /not one public key/],
    'of RSA with too few bits': [
      () => publicPem(generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey),
      'KEY_UNREADABLE',
      /an RSA key of 1024 bits is not accepted/,
    ],
    'on a curve that is not known': [
      () => publicPem(generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey),
      'KEY_UNREADABLE',
      /keys of type ec are not known; use Ed25519/,
    ],
    'that cannot sign': [() => publicPem(generateKeyPairSync('x25519').publicKey), 'KEY_UNREADABLE', /keys of type x25519 are not known/],
  };
  for (const [title, [pem, code, message]] of Object.entries(refused))
    it(`${title} is refused as a public one`, () => {
      assert.throws(() => parsePublicKey(toBytes(pem()), 'a.pem'), { code, message });
    });

  it('says nothing of itself in an error', () => {
    const { privatePem } = generateKey('secret');
    const body = privatePem.split('\n')[1] ?? assert.fail();
    for (const passphrase of [undefined, 'wrong'])
      assert.throws(
        () => parsePrivateKey(toBytes(privatePem), { from: 'a.key', passphrase }),
        (error: Error) => !`${error.message}${JSON.stringify(error)}`.includes(body.slice(0, 16)),
      );
  });

  for (const type of ['ed25519', 'P-256', 'rsa'] as const)
    it(`of type ${type} verifies what it signed, and nothing else (apptainer 102)`, () => {
      const [key, other] = [newKey(type), newKey(type)];
      const signature = key.sign(message);
      assert.ok(key.publicKey.verifies(message, signature));
      assert.ok(!other.publicKey.verifies(message, signature));
      assert.ok(!key.publicKey.verifies(toBytes('another'), signature));
      for (const wrong of [new Uint8Array(), signature.slice(1), new Uint8Array(signature.length), new Uint8Array(100_000)])
        assert.ok(!key.publicKey.verifies(message, wrong));
    });

  it('is opened by its passphrase alone (apptainer 100)', () => {
    const { privatePem, publicKey } = generateKey('secret');
    assert.throws(() => parsePrivateKey(toBytes(privatePem), { from: 'a.key' }), { code: 'KEY_ENCRYPTED' });
    assert.throws(() => parsePrivateKey(toBytes(privatePem), { from: 'a.key', passphrase: 'Secret' }), { code: 'KEY_LOCKED' });
    const key = parsePrivateKey(toBytes(privatePem), { from: 'a.key', passphrase: 'secret' });
    assert.equal(key.publicKey.fingerprint, publicKey.fingerprint);
    assert.match(publicKey.fingerprint, /^SHA256:[A-Za-z0-9+/]{43}$/);
  });
});
