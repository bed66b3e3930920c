import assert from 'node:assert/strict';
import {
  archOf,
  createSif,
  cryptoMessageOf,
  DATA_TYPES,
  FS_TYPES,
  HASH_TYPES,
  MESSAGE_FORMATS,
  MESSAGE_TYPES,
  nameArch,
  ociDigestOf,
  PART_TYPES,
  partitionOf,
  readSif,
  SBOM_FORMATS,
  sbomFormatOf,
  signatureOf,
  type NewObject,
  type SifObject,
} from '#sif/sif.js';
import { buildFace, buildPrimary, TEST_TIME, toBytes } from './builder.js';
import { assertGolden, GOLDEN } from './golden.js';

const fingerprint = new Uint8Array(Buffer.from('12045c8c0b1004d058de4beda20c27ee7ff7ba84', 'hex'));
const cryptoMessage = { format: MESSAGE_FORMATS.openPgp, messageType: MESSAGE_TYPES.clearSignature };
const signature = { hashType: HASH_TYPES.sha256, fingerprint };
const emptyDigest = 'sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

/** The descriptor as Go's tests have it: nothing is placed or numbered yet. */
function describeOnly(changes: Partial<NewObject>): Uint8Array {
  const file = createSif({ objects: [buildFace({ data: new Uint8Array(), alignmentBytes: 0, ...changes })] });
  const descriptor = file.slice(4096, 4096 + 585);
  descriptor.fill(0, 4, 9).fill(0, 17, 41);
  return descriptor;
}

function readOnly(changes: Partial<NewObject>): SifObject {
  const [object] = readSif(createSif({ objects: [buildFace(changes)] })).objects;
  assert.ok(object !== undefined);
  return object;
}

describe('a descriptor is what apptainer/sif makes it', () => {
  const golden = GOLDEN.descriptor;
  const cases: [kind: keyof typeof golden, changes: Partial<NewObject>][] = [
    ['plain', {}],
    ['noGroup', { groupId: 0 }],
    ['group', { groupId: 2 }],
    ['linked', { linkedId: 1 }],
    ['linkedGroup', { linkedGroupId: 1 }],
    ['plain', { alignmentBytes: 8 }],
    ['name', { name: 'name' }],
    ['time', { time: TEST_TIME }],
    ['extra', { extra: toBytes('{"Value":100}') }],
    ['cryptoMessage', { dataType: DATA_TYPES.cryptoMessage, cryptoMessage }],
    ['partition', buildPrimary({ data: new Uint8Array() })],
    ['sbom', { dataType: DATA_TYPES.sbom, sbomFormat: SBOM_FORMATS.cycloneDxJson }],
    ['signature', { dataType: DATA_TYPES.signature, signature }],
    ['ociRootIndex', { dataType: DATA_TYPES.ociRootIndex }],
    ['ociBlob', { dataType: DATA_TYPES.ociBlob }],
  ];
  for (const [kind, changes] of cases) {
    it(`with ${Object.keys(changes).join(', ') || 'nothing said'} (apptainer 89)`, () => {
      assertGolden(describeOnly(changes), golden[kind]);
    });
  }
});

describe('an object cannot be written with metadata of another type', () => {
  const wrong: Partial<NewObject>[] = [
    { cryptoMessage },
    { partition: { fsType: FS_TYPES.squash, partType: PART_TYPES.primarySystem, arch: '01' } },
    { signature },
    { sbomFormat: SBOM_FORMATS.cycloneDxJson },
    { ociDigest: emptyDigest },
  ];
  for (const changes of wrong) {
    const [kind = ''] = Object.keys(changes);
    it(`${kind} (apptainer 89)`, () => {
      assert.throws(() => describeOnly(changes), {
        code: 'SIF_TYPE_UNEXPECTED',
        message: new RegExp(`"${kind}": unexpected data type 0x4007`),
      });
    });
  }

  it('twice, or where it does not fit', () => {
    const unwritable = (changes: Partial<NewObject>) => assert.throws(() => describeOnly(changes), { code: 'SIF_UNWRITABLE' });
    unwritable({ dataType: DATA_TYPES.sbom, sbomFormat: 1, extra: new Uint8Array(4) });
    unwritable({ dataType: DATA_TYPES.partition });
    unwritable({ dataType: DATA_TYPES.signature, signature: { ...signature, fingerprint: new Uint8Array(21) } });
    unwritable({ dataType: DATA_TYPES.ociBlob, ociDigest: 'sha1:00' });
    unwritable({ extra: new Uint8Array(385) });
  });
});

describe('the metadata of an object', () => {
  const generic = readOnly({});
  const unexpected = { code: 'SIF_TYPE_UNEXPECTED', message: /unexpected data type 0x4007/ };

  it('of a partition are file system, kind, architecture (apptainer 90)', () => {
    assert.deepEqual(partitionOf(readOnly(buildPrimary())), {
      fsType: FS_TYPES.squash,
      partType: PART_TYPES.primarySystem,
      arch: archOf('386'),
    });
    assert.throws(() => partitionOf(generic), unexpected);
  });

  it('of a signature are the hash and the fingerprint, if there is one (apptainer 90)', () => {
    const read = (metadata: Required<NewObject>['signature']) =>
      signatureOf(readOnly({ dataType: DATA_TYPES.signature, signature: metadata }));
    assert.deepEqual(read({ hashType: HASH_TYPES.sha384, fingerprint }), { hashType: HASH_TYPES.sha384, fingerprint });
    assert.deepEqual(read({ hashType: HASH_TYPES.sha256 }), { hashType: HASH_TYPES.sha256 });
    assert.throws(() => read({ hashType: 6 }), { code: 'SIF_INVALID', message: /hash type 6 is not known/ });
    assert.throws(() => signatureOf(generic), unexpected);
  });

  it('of a cryptographic message are format and kind (apptainer 90)', () => {
    assert.deepEqual(cryptoMessageOf(readOnly({ dataType: DATA_TYPES.cryptoMessage, cryptoMessage })), cryptoMessage);
    assert.throws(() => cryptoMessageOf(generic), unexpected);
  });

  it('of an SBOM is the format (apptainer 90)', () => {
    assert.equal(sbomFormatOf(readOnly({ dataType: DATA_TYPES.sbom, sbomFormat: SBOM_FORMATS.spdxJson })), SBOM_FORMATS.spdxJson);
    assert.throws(() => sbomFormatOf(generic), unexpected);
  });

  it('of an OCI object is the digest, of its data unless said otherwise (apptainer 90)', () => {
    for (const dataType of [DATA_TYPES.ociBlob, DATA_TYPES.ociRootIndex]) {
      assert.equal(ociDigestOf(readOnly({ dataType, data: new Uint8Array() })), emptyDigest);
      assert.notEqual(ociDigestOf(readOnly({ dataType })), emptyDigest);
      assert.equal(ociDigestOf(readOnly({ dataType, ociDigest: emptyDigest })), emptyDigest);
    }
    assert.throws(() => ociDigestOf(generic), unexpected);
    assert.throws(() => ociDigestOf(readOnly({ dataType: DATA_TYPES.ociBlob, extra: toBytes('sha256:00') })), { code: 'SIF_INVALID' });
  });
});

describe('architectures', () => {
  it('are two digits in a file and words elsewhere (apptainer 93)', () => {
    assert.deepEqual(['386', 'amd64', 'arm64', 's390x', 'loong64'].map(archOf), ['01', '02', '04', '11', '13']);
    assert.deepEqual(['01', '02', '04', '11', '13'].map(nameArch), ['386', 'amd64', 'arm64', 's390x', 'loong64']);
  });

  it('are unknown where no machine is meant, or none that is known (apptainer 93)', () => {
    assert.deepEqual(['00', '14', '99', '', '1', '02\0'].map(nameArch), Array(6).fill('unknown'));
    for (const name of ['', 'unknown', 'cray', 'AMD64']) {
      assert.throws(() => archOf(name), { code: 'SIF_ARCH_UNKNOWN', message: /unknown architecture/ });
    }
    const partition = { fsType: FS_TYPES.raw, partType: PART_TYPES.data, arch: 'amd64' };
    assert.throws(() => describeOnly(buildPrimary({ partition })), { code: 'SIF_ARCH_UNKNOWN' });
  });
});
