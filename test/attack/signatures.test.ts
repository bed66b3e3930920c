/** What somebody can do to a signed package, and to the files around it; in no case does other code run under the signature. */
import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installPackage, openCatalog, type Installation } from '#catalog/catalog.js';
import { changeSif, createSif, DATA_TYPES, readSif, type NewObject } from '#sif/sif.js';
import { examinePackage, readPackage, signPackage } from '#package/package.js';
import { choosePaths } from '#base/paths.js';
import { openQuarantine } from '../../src/wiring/quarantine.js';
import { toRunnable } from '../../src/wiring/runnable.js';
import { policySchema } from '../../src/wiring/policy.js';
import { readTrustStore } from '../../src/wiring/trust/store.js';
import { openProduct } from '../../src/wiring/wiring.js';
import * as v from 'valibot';
import { install, openPlace, optionsFor, uid, type TestPlace } from '../catalog/builder.js';
import { memoryLog } from '../helpers/compartment.js';
import { buildPackage } from '../package/builder.js';
import { addSignature, append, newKey, seededKey } from '../package/signatures/builder.js';
import { buildGeneric, toBytes } from '../sif/builder.js';

const key = seededKey();
const keyring = { trusted: [key.publicKey], revoked: [] };
const good = 'the signed script';
const evil = 'another script';
const parts = { script: good, sourceMap: toBytes('{"version":3}'), sbom: toBytes('{"bomFormat":"CycloneDX"}') };
const signed = (): Uint8Array => signPackage(buildPackage(parts), key, 'a.sif');

/** The script that would run as signed; nothing where it would be refused, or run as what it is: not signed by us. */
function signedScript(file: Uint8Array): string | undefined {
  try {
    const plugin = readPackage(file, 'a.sif');
    return examinePackage(plugin, keyring).state === 'signed' ? plugin.script : undefined;
  } catch {
    return undefined;
  }
}

function stateOf(file: Uint8Array): string {
  return examinePackage(readPackage(file, 'a.sif'), keyring).state;
}

/** Puts the objects of a file together again, changed: with the data and the names in other places, and the signatures with them. */
function rebuild(file: Uint8Array, change: (objects: NewObject[]) => NewObject[]): Uint8Array {
  const objects = readSif(file).objects.map(({ dataType, name, data, groupId, linkedGroupId, partition, extra }): NewObject => ({
    dataType,
    name,
    data,
    groupId,
    linkedGroupId,
    ...(partition === undefined ? { extra } : { partition }),
  }));
  return createSif({ objects: change(objects) });
}

const called = (name: string) => (object: NewObject) => object.name === name;

describe('a signed package that somebody changes', () => {
  it('is signed, to begin with; this is the benign twin of all below', () => {
    assert.equal(signedScript(signed()), good);
    // Put together again unchanged it has other padding, which no signature is about.
    assert.equal(signedScript(rebuild(signed(), (objects) => objects)), good);
  });

  it('does not lend its signature to another package', () => {
    const { data } = readSif(signed()).objects.at(-1) ?? assert.fail();
    const other = buildPackage({ ...parts, script: evil });
    assert.equal(stateOf(addSignature(other, data)), 'modified');
    assert.equal(stateOf(addSignature(other, data, { linkedGroupId: 0, linkedId: 1 })), 'unsigned');
    assert.equal(stateOf(addSignature(other, data, { linkedGroupId: 2 })), 'unsigned');
  });

  it('does not carry another script beside what was signed', () => {
    const script = (changes: Partial<NewObject>): NewObject => ({
      ...(rebuildOnly(called('plugin.js')) ?? assert.fail()),
      data: toBytes(evil),
      ...changes,
    });
    for (const more of [
      [script({ groupId: 2 })],
      [script({ groupId: 0 })],
      [script({ name: 'plugin.js', groupId: 1 })],
      [script({ name: 'plugin2.js', groupId: 1 })],
    ])
      assert.equal(signedScript(rebuild(signed(), (objects) => [...objects, ...more])), undefined);
  });

  it('does not give its good parts to a group of bad ones', () => {
    for (const hidden of ['x', ''])
      assert.equal(
        signedScript(
          rebuild(signed(), (objects) => [
            ...objects.map((object) => (object.dataType === DATA_TYPES.signature ? object : { ...object, name: hidden })),
            ...readSif(buildPackage({ script: evil })).objects.map(({ dataType, name, data, partition }): NewObject => ({
              dataType,
              name,
              data,
              groupId: 2,
              ...(partition && { partition }),
            })),
          ]),
        ),
        undefined,
      );
  });

  it('takes no further object after it was signed', () => {
    for (const object of [
      buildGeneric({ name: 'more' }),
      buildGeneric({ name: '' }),
      { dataType: DATA_TYPES.sbom, name: 'other.sbom', data: toBytes('{}'), sbomFormat: 1 },
      { dataType: DATA_TYPES.genericJson, name: 'plugin.manifest', data: toBytes('{}') },
    ])
      for (const groupId of [0, 1, 2]) assert.equal(signedScript(append(signed(), { ...object, groupId })), undefined, object.name);
  });

  it('has one manifest, whoever signed the second', () => {
    const two = rebuild(buildPackage(parts), (objects) => [...objects, ...objects.filter(called('plugin.manifest'))]);
    assert.throws(() => signPackage(two, key, 'a.sif'), { code: 'PACKAGE_NOT_PLUGIN' });
    assert.throws(() => readPackage(two, 'a.sif'), { code: 'PACKAGE_NOT_PLUGIN' });
  });

  it('does not swap places, sizes, names or ids between its objects', () => {
    const file = signed();
    const fields: Readonly<Record<string, readonly [number, number]>> = {
      place: [17, 16],
      id: [5, 4],
      name: [73, 128],
      extra: [201, 384],
      'type and name': [0, 201],
      'all but the place': [0, 17],
    };
    for (const [what, [offset, length]] of Object.entries(fields))
      for (let one = 0; one < 5; one++)
        for (let other = 0; other < one; other++) {
          const swapped = file.slice();
          const at = (slot: number) => 4096 + slot * 585 + offset;
          swapped.set(file.subarray(at(one), at(one) + length), at(other));
          swapped.set(file.subarray(at(other), at(other) + length), at(one));
          const script = signedScript(swapped);
          assert.ok(script === undefined || script === good, `${what} of ${one + 1} and ${other + 1}`);
        }
  });

  it('may have its slots in another order, which changes nothing', () => {
    const file = signed();
    const swapped = file.slice();
    swapped.set(file.subarray(4096, 4096 + 585), 4096 + 585);
    swapped.set(file.subarray(4096 + 585, 4096 + 2 * 585), 4096);
    assert.equal(signedScript(swapped), good);
  });

  it('runs its own script or none, whichever byte of header, tables and data is another', function () {
    const file = signed();
    const offsets = [...Array(128).keys(), ...Array.from({ length: 6 * 585 }, (_, index) => 4096 + index)];
    for (const { offset, size } of readSif(file).objects) for (let index = 0; index < size; index += 11) offsets.push(offset + index);
    let refused = 0;
    for (const offset of offsets) {
      const script = signedScript(file.with(offset, (file[offset] ?? 0) ^ (offset % 2 === 0 ? 0x80 : 1)));
      assert.ok(script === undefined || script === good, `byte ${offset}: ${script}`);
      if (script === undefined) refused++;
    }
    assert.ok(refused > 0.5 * offsets.length, `${refused} of ${offsets.length} were refused`);
  });

  it('hides nothing behind its end, nor between its objects', () => {
    const file = signed();
    for (const hidden of [toBytes('x'), buildPackage({ script: evil }), Buffer.concat([Buffer.alloc(4096), toBytes(evil)])])
      assert.equal(stateOf(Buffer.concat([file, hidden])), 'modified');
    const gap = readSif(file).header.dataOffset + 10;
    assert.equal(stateOf(file.with(gap, 1)), 'modified');
  });

  it('without its signature is unsigned, and never signed by what is left', () => {
    assert.equal(stateOf(rebuild(signed(), (objects) => objects.filter(({ dataType }) => dataType !== DATA_TYPES.signature))), 'unsigned');
    const emptied = changeSif(signed(), (sif) => sif.write(sif.size - 20, new Uint8Array(20)));
    assert.equal(stateOf(emptied), 'modified');
  });

  function rebuildOnly(which: (object: NewObject) => boolean): NewObject | undefined {
    let found: NewObject | undefined;
    rebuild(buildPackage(parts), (objects) => {
      found = objects.find(which);
      return objects;
    });
    return found;
  }
});

describe('the time between the check and the use', function () {
  let place: TestPlace;
  let root: string;
  beforeEach(async () => {
    place = await openPlace();
    root = await mkdtemp(join(tmpdir(), 'bulkhead-signatures-'));
    const store = join(root, 'usr/local/etc/bulkhead/keys');
    await mkdir(store, { recursive: true });
    await writeFile(join(store, 'site.pem'), key.publicKey.pem);
    await chmod(join(store, 'site.pem'), 0o644);
  });
  afterEach(async () => {
    await place.remove();
    await rm(root, { recursive: true, force: true });
  });

  const paths = () => choosePaths({ env: { BULKHEAD_ROOT: root }, uid, home: join(root, 'home') });
  async function runnableOf(installation: Installation, text: object = { 'require-signature': true }) {
    const quarantine = await openQuarantine({ file: join(root, 'quarantine.json'), log: memoryLog() });
    const trust = () => readTrustStore(paths(), uid);
    const policy = v.parse(policySchema, text);
    return toRunnable(installation, { uid, lock: 'range', policy, budgets: {}, quarantine, trust, state: join(root, 'state') });
  }
  const installSigned = (): Promise<Installation> => installPackage(readPackage(signed(), 'a.sif'), optionsFor(place));

  it('is none at a load: whatever is put in the place of the file, the signed script runs or none', async () => {
    const installation = await installSigned();
    const runnable = await runnableOf(installation);
    assert.equal((await runnable.load()).script, good);
    const other = buildPackage({ ...parts, script: evil });
    const [goodFile, evilFile] = [join(root, 'good'), join(root, 'evil')];
    let isOver = false;
    const swapping = (async () => {
      for (let count = 0; !isOver; count++) {
        const file = count % 2 === 0 ? evilFile : goodFile;
        await writeFile(file, count % 2 === 0 ? other : signed(), { mode: 0o644 });
        await rename(file, installation.packageFile);
      }
    })();
    const outcomes = { ran: 0, refused: 0 };
    for (let count = 0; count < 100; count++) {
      const script = await runnable.load().then(
        (loaded) => loaded.script,
        (error: unknown) => (error as { code: string }).code,
      );
      assert.ok([good, 'PLUGIN_MODIFIED'].includes(script), script);
      outcomes[script === good ? 'ran' : 'refused']++;
    }
    isOver = true;
    await swapping;
    assert.ok(outcomes.ran > 0 && outcomes.refused > 0, JSON.stringify(outcomes));
  });

  it('does not help who can write the receipt, too, where a signature is required', async () => {
    await installSigned();
    const installation = await install(place, { ...parts, script: evil });
    await assert.rejects((await runnableOf(installation)).load(), { code: 'SIGNATURE_REQUIRED' });
    const unruled = await runnableOf(installation, {});
    assert.deepEqual([(await unruled.load()).script, unruled.isolation], [evil, 'thread']);
  });

  it('gives nothing before the signature was verified', async () => {
    const asks = { permissions: { env: ['HOME'] } };
    const plugin = readPackage(signPackage(buildPackage(asks), key, 'a.sif'), 'a.sif');
    const installation = await installPackage(plugin, optionsFor(place, { grants: asks.permissions }));
    const rules = { allow: [{ permission: 'env', key: key.publicKey.fingerprint }] };
    const runnable = await runnableOf(installation, rules);
    assert.deepEqual([runnable.grants, runnable.isolation], [{}, 'process']);
    await runnable.load();
    // The user's directory counts the keys of both stores.
    assert.deepEqual([runnable.grants, runnable.isolation], [{ env: ['HOME'] }, 'thread']);
    await rm(join(root, 'usr/local/etc/bulkhead/keys/site.pem'));
    const later = await runnableOf(installation, rules);
    await later.load();
    assert.deepEqual([later.grants, later.isolation], [{ env: [] }, 'process']);
  });

  it('is none at an install: what was verified is what is installed, though the file is another one by then', async () => {
    const file = join(root, 'plugin.sif');
    const asks = { ...parts, permissions: { env: ['HOME'] } };
    await writeFile(file, signPackage(buildPackage(asks), key, file));
    const config = join(root, 'usr/local/etc/bulkhead/bulkhead.toml');
    await writeFile(config, '[policy]\nrequire-signature = true\n', { mode: 0o644 });
    const product = openProduct({
      log: memoryLog(),
      print: () => undefined,
      env: { BULKHEAD_ROOT: root },
      uid,
      builtinFlags: {},
      pluginDirectories: [],
    });
    const request = { command: 'install', user: false, grants: undefined, onFailure: 'default', isolation: 'default' } as const;
    const installed = await product.install(file, {
      ...request,
      consent: async () => {
        await writeFile(file, buildPackage({ ...asks, script: evil }));
        return true;
      },
    });
    assert.ok(installed);
    assert.equal(readPackage(await readFile(installed.packageFile), 'a.sif').script, good);
    const again = { ...request, force: false, consent: () => Promise.resolve(true) };
    await assert.rejects(product.upgrade(file, again), { code: 'SIGNATURE_REQUIRED' });
    await assert.rejects(product.install(file, again), { code: 'SIGNATURE_REQUIRED' });
    const { installations } = await openCatalog({ uid, directories: [{ path: paths().systemPlugins, scope: 'system' }] });
    assert.equal(installations[0]?.digest, installed.digest);
  });

  it('is not bridged by a key of another name, in the store of another', async () => {
    const stranger = newKey();
    const bytes = signPackage(buildPackage(parts), stranger, 'a.sif');
    const installation = await installPackage(readPackage(bytes, 'a.sif'), optionsFor(place));
    await mkdir(paths().userKeys, { recursive: true });
    await writeFile(join(paths().userKeys, 'site.pem'), stranger.publicKey.pem);
    await chmod(join(paths().userKeys, 'site.pem'), 0o644);
    await assert.rejects((await runnableOf(installation)).load(), { code: 'SIGNATURE_REQUIRED' });
    assert.equal((await (await runnableOf(installation, {})).load()).script, good);
  });
});
