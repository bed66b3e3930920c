import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeManifest, PACKAGE_BYTES_MAX, readPackage, readPackageFile, SCRIPT_BYTES_MAX } from '#package/package.js';
import { DATA_TYPES, FS_TYPES, PART_TYPES, readSif, type NewObject } from '#sif/sif.js';
import { needTool } from '../helpers/need.js';
import { buildSignature, runSiftool } from '../sif/builder.js';
import { buildManifest, buildPackage, changeObject, repack } from './builder.js';

const path = '/somewhere/sample.sif';
const partition = { fsType: FS_TYPES.raw, partType: PART_TYPES.data, arch: '00' };

describe('readPackage', () => {
  it('gives back what packPlugin was given (apptainer 38, 46)', () => {
    const sourceMap = new TextEncoder().encode('{"version":3}');
    const bytes = buildPackage({ script: 'globalThis.ü = 1;\n', sourceMap });
    const plugin = readPackage(bytes, path);
    assert.equal(plugin.script, 'globalThis.ü = 1;\n');
    assert.deepEqual(plugin.sourceMap, sourceMap);
    assert.deepEqual(plugin.manifest, buildManifest());
    assert.match(plugin.digest, /^sha256:[0-9a-f]{64}$/);
  });

  const accepted: [title: string, change: (objects: readonly NewObject[]) => readonly NewObject[]][] = [
    ['in reversed order (apptainer 39, 47)', (objects) => objects.toReversed()],
    ['with a signature (apptainer 40, 48)', (objects) => [...objects, buildSignature()]],
    ['with objects of later versions', (objects) => [...objects, { dataType: 0x4009, name: 'sbom.json', data: new Uint8Array(3) }]],
    ['in another group than 1', (objects) => objects.map((object) => ({ ...object, groupId: 7 }))],
  ];
  for (const [title, change] of accepted) {
    it(`takes a package ${title}`, () => {
      assert.deepEqual(readPackage(repack(buildPackage(), change), path).manifest, buildManifest());
    });
  }

  const script = 'plugin.js';
  const manifest = 'plugin.manifest';
  const refused: [title: string, change: (objects: readonly NewObject[]) => readonly NewObject[], why: string][] = [
    ['without objects (apptainer 43)', () => [], 'it has no plugin.js'],
    ['without the script (apptainer 30)', (objects) => objects.filter(({ name }) => name !== script), 'it has no plugin.js'],
    ['without the manifest (apptainer 36)', (objects) => objects.filter(({ name }) => name !== manifest), 'it has no plugin.manifest'],
    ['with plugin.so, of Apptainer', changeObject(script, { name: 'plugin.so' }), 'it has no plugin.js'],
    ['with two scripts', (objects) => [...objects, ...objects.slice(0, 1)], 'it has more than one plugin.js'],
    ['with two manifests', (objects) => [...objects, ...objects.slice(1, 2)], 'it has more than one plugin.manifest'],
    [
      'whose script is of another type (apptainer 32)',
      (objects) => objects.map(asGenericScript),
      'plugin.js is not a partition of type Raw/Data',
    ],
    [
      'whose script has another file system',
      changeObject(script, { partition: { ...partition, fsType: FS_TYPES.squash } }),
      'plugin.js is not a partition of type Raw/Data',
    ],
    [
      'whose script has a file system that is none (apptainer 33)',
      changeObject(script, { partition: { ...partition, fsType: 0 } }),
      'plugin.js is not a partition of type Raw/Data',
    ],
    [
      'whose script is a system partition (apptainer 34)',
      changeObject(script, { partition: { ...partition, partType: PART_TYPES.system } }),
      'plugin.js is not a partition of type Raw/Data',
    ],
    [
      'whose script is a partition of no kind (apptainer 35)',
      changeObject(script, { partition: { ...partition, partType: 99 } }),
      'plugin.js is not a partition of type Raw/Data',
    ],
    [
      'whose manifest is of another type (apptainer 37)',
      changeObject(manifest, { dataType: DATA_TYPES.generic }),
      'plugin.manifest is not of type GenericJSON',
    ],
    ['whose script is in another group than the manifest', changeObject(script, { groupId: 2 }), 'its parts are not in one group'],
    ['whose parts are in no group', (objects) => objects.map((object) => ({ ...object, groupId: 0 })), 'its parts are not in one group'],
    ['whose script is empty', changeObject(script, { data: new Uint8Array() }), 'plugin.js is empty'],
    ['whose script is not UTF-8', changeObject(script, { data: new Uint8Array([0xc3, 0x28]) }), 'plugin.js is not UTF-8'],
    [
      'whose source map is of another type',
      (objects) => [...objects, { dataType: DATA_TYPES.genericJson, name: 'plugin.js.map', data: new Uint8Array(1) }],
      'plugin.js.map is not of type Generic',
    ],
  ];
  for (const [title, change, why] of refused) {
    it(`refuses a package ${title}`, () => {
      const bytes = repack(buildPackage(), change);
      assert.throws(
        () => readPackage(bytes, path),
        (error: Error & { code: string; data: { why: string } }) => {
          assert.deepEqual([error.code, error.message, error.data.why], ['PACKAGE_NOT_PLUGIN', `${path} is not a valid plugin`, why]);
          return true;
        },
      );
    });
  }

  it('refuses a package whose script is marked unused (apptainer 31)', () => {
    const bytes = buildPackage();
    bytes[4096 + 4] = 0;
    new DataView(bytes.buffer).setBigInt64(80, 47n, true);
    assert.throws(() => readPackage(bytes, path), { code: 'PACKAGE_NOT_PLUGIN' });
  });

  it('takes a script of 32 MiB and refuses a longer one', () => {
    const longest = new Uint8Array(SCRIPT_BYTES_MAX).fill(0x20);
    assert.equal(readPackage(buildPackage({ script: longest }), path).script.length, SCRIPT_BYTES_MAX);
    assert.throws(() => readPackage(buildPackage({ script: new Uint8Array(SCRIPT_BYTES_MAX + 1).fill(0x20) }), path), {
      code: 'PACKAGE_NOT_PLUGIN',
    });
  });

  it('refuses what is no SIF file, none at all, or a broken one (apptainer 29, 41-42)', () => {
    const notSif = { code: 'PACKAGE_UNLOADABLE', message: 'could not load plugin: image format not recognized' };
    assert.throws(() => readPackage(new Uint8Array(), path), notSif);
    assert.throws(() => readPackage(new TextEncoder().encode('{}'), path), notSif);
    assert.throws(() => readPackage(buildPackage().subarray(0, 33_000), path), {
      code: 'PACKAGE_UNLOADABLE',
      message: /^could not load plugin: invalid SIF: object 2: it ends at \d+, beyond the end of the file/,
    });
  });
});

describe('packPlugin', () => {
  it('gives the same bytes for the same plugin', () => {
    assert.deepEqual(buildPackage(), buildPackage());
  });

  it("leaves at least 2048 bytes after the start of the shortest script, as Apptainer's reader needs", () => {
    const bytes = buildPackage({ script: ';' });
    const offset = readSif(bytes).objects[0]?.offset ?? Infinity;
    assert.ok(bytes.length - offset >= 2048);
  });

  it('refuses a manifest that could not be read again', () => {
    assert.throws(() => buildPackage({ name: 'a//b' }), { code: 'PLUGIN_NAME_TRAVERSES' });
  });
});

describe('readPackageFile', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'bulkhead-package-'));
  });
  afterEach(async () => {
    await rm(directory, { recursive: true });
  });

  it('reads a package, also through a symbolic link', async () => {
    const file = join(directory, 'sample.sif');
    await writeFile(file, buildPackage());
    await symlink(file, join(directory, 'link'));
    assert.equal((await readPackageFile(file)).digest, (await readPackageFile(join(directory, 'link'))).digest);
  });

  it('says what Apptainer says of a missing file (apptainer 108)', async () => {
    const file = join(directory, 'missing.sif');
    const message = `could not load plugin: failed to retrieve path for ${file}: lstat ${file}: no such file or directory`;
    await assert.rejects(readPackageFile(file), { code: 'PACKAGE_NOT_FOUND', message });
  });

  it('says of a directory that it is not a valid plugin', async () => {
    await assert.rejects(readPackageFile(directory), { code: 'PACKAGE_NOT_PLUGIN', message: `${directory} is not a valid plugin` });
  });

  it('does not wait for a FIFO', async () => {
    const file = join(directory, 'fifo');
    execFileSync('mkfifo', [file]);
    await assert.rejects(readPackageFile(file), { code: 'PACKAGE_NOT_PLUGIN' });
  });

  it('refuses a file of more than 96 MiB without reading it', async () => {
    const file = join(directory, 'sparse');
    await writeFile(file, '');
    await truncate(file, PACKAGE_BYTES_MAX + 1);
    await assert.rejects(readPackageFile(file), { code: 'PACKAGE_UNLOADABLE', message: /more than 100663296 bytes/ });
  });

  it('writes what siftool lists and dumps byte for byte', async function () {
    needTool(this, 'siftool');
    const file = join(directory, 'sample.sif');
    await writeFile(file, buildPackage({ script: 'export {};\n' }));
    assert.match((await runSiftool('list', file)).toString(), /FS \(Raw\/Data\/unknown\)\n2 .*JSON\.Generic/);
    assert.match((await runSiftool('info', '2', file)).toString(), /Name: +plugin\.manifest/);
    assert.equal((await runSiftool('dump', '1', file)).toString(), 'export {};\n');
    assert.deepEqual(new Uint8Array(await runSiftool('dump', '2', file)), encodeManifest(buildManifest()));
  });
});

function asGenericScript(object: NewObject): NewObject {
  const { dataType: _type, partition: _partition, ...rest } = object;
  return object.name === 'plugin.js' ? { ...rest, dataType: DATA_TYPES.generic } : object;
}
