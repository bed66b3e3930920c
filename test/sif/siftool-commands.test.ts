/** The same commands, done by siftool and by us: the files must say the same afterwards, and siftool must read ours. */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { BulkheadError } from '#base/errors.js';
import {
  addObject,
  changeSif,
  DATA_TYPES,
  deleteObject,
  PART_TYPES,
  readSif,
  setPrimaryPartition,
  type NewObject,
  type Sif,
  type SifChange,
} from '#sif/sif.js';
import { holds } from '../fuzz/fuzz.js';
import { needTool } from '../helpers/need.js';
import { runSiftool } from './builder.js';
import { checkReading, changeAtRandom, changeEachByte } from './mutations.js';

type Command =
  | { readonly act: 'add'; readonly object: NewObject }
  | { readonly act: 'delete'; readonly id: number }
  | { readonly act: 'setPrimary'; readonly id: number };

const plain = fc.constantFrom(DATA_TYPES.definition, DATA_TYPES.environment, DATA_TYPES.labels, DATA_TYPES.genericJson, DATA_TYPES.generic);
/** siftool takes names from the command line, and a size of 0 as well. */
const common = {
  name: fc.stringMatching(/^[a-zé._ /]{1,40}$/),
  data: fc.uint8Array({ maxLength: 200 }),
  groupId: fc.nat({ max: 3 }),
  linkedId: fc.nat({ max: 4 }),
};
const alignmentBytes = fc.constantFrom(1, 64, 4096);
const partition = fc.record({
  fsType: fc.integer({ min: 1, max: 4 }),
  partType: fc.constantFrom(PART_TYPES.system, PART_TYPES.system, PART_TYPES.primarySystem, PART_TYPES.data, PART_TYPES.overlay),
  arch: fc.constantFrom('01', '02', '04', '11'),
});
const signature = fc.record({ hashType: fc.integer({ min: 1, max: 5 }), fingerprint: fc.uint8Array({ minLength: 20, maxLength: 20 }) });
const object: fc.Arbitrary<NewObject> = fc.oneof(
  fc.record({ dataType: plain, ...common, alignmentBytes }),
  fc.record({ dataType: fc.constant(DATA_TYPES.partition), ...common, partition }),
  fc.record({ dataType: fc.constant(DATA_TYPES.signature), ...common, signature }),
  fc.record({ dataType: fc.constant(DATA_TYPES.sbom), ...common, sbomFormat: fc.integer({ min: 1, max: 8 }) }),
);
const id = fc.integer({ min: 1, max: 5 });
const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ act: fc.constant('add' as const), object }) },
  { weight: 2, arbitrary: fc.record({ act: fc.constant('delete' as const), id }) },
  fc.record({ act: fc.constant('setPrimary' as const), id }),
);

describe('siftool and Bulkhead', function () {
  let directory: string;
  let [theirs, ours, input] = ['', '', ''];
  before(function () {
    needTool(this, 'siftool');
  });
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'bulkhead-sif-'));
    [theirs = '', ours = '', input = ''] = ['theirs.sif', 'ours.sif', 'input'].map((name) => join(directory, name));
  });
  afterEach(() => rm(directory, { recursive: true }));

  it('make the same file by the same commands, refuse the same ones, and siftool lists and dumps ours', () =>
    holds(
      fc.asyncProperty(fc.array(command, { minLength: 1, maxLength: 8 }), async (commands) => {
        await rm(theirs, { force: true });
        await runSiftool('new', theirs);
        let file = await readBytes(theirs);
        for (const one of commands) {
          const isDone = await doWithSiftool(one);
          const changed = tryChange(file, changeOf(one));
          assert.equal(changed !== undefined, isDone, `siftool ${isDone ? 'does' : 'refuses'} ${one.act}`);
          file = changed ?? file;
        }
        const made = await readBytes(theirs);
        assert.deepEqual(comparable(readSif(file), commands), comparable(readSif(made), commands));
        // siftool does not write the padding in front of an empty object at the end, and leaves more behind after it deleted one.
        if (commands.every(({ act }) => act !== 'delete')) assert.ok(file.length >= made.length, `${file.length} and ${made.length} bytes`);
        await checkWithSiftool(file);
      }),
      { runs: 10 },
    ));

  it('disagree about 10,000 changed files in one way only: Bulkhead refuses more', async () => {
    await runSiftool('new', theirs);
    for (const args of [
      ['--datatype', '4', '--parttype', '2', '--partfs', '1', '--partarch', '2', '--groupid', '1'],
      ['--datatype', '6', '--groupid', '1'],
      ['--datatype', '5', '--signentity', '433FE984155206BD962725E20E8713472A879943', '--signhash', '1'],
      ['--datatype', '7', '--link', '2'],
    ]) {
      await writeFile(input, `data of ${args.join(' ')}`);
      await runSiftool('add', theirs, input, ...args);
    }
    await runSiftool('del', '4', theirs);
    const original = await readBytes(theirs);
    const outcomes = { read: 0, refused: 0 };
    const readOnes: Uint8Array[] = [];
    for (const files of [changeEachByte(original, 4), changeAtRandom(original, { used: 4, count: 3_000, seed: 7 })]) {
      for (const file of files) {
        const outcome = checkReading(file);
        outcomes[outcome]++;
        if (outcome === 'read' && outcomes.read % 150 === 0) readOnes.push(file.slice());
      }
    }
    assert.ok(outcomes.read + outcomes.refused >= 10_000 && outcomes.refused > 1_000, JSON.stringify(outcomes));
    assert.ok(readOnes.length > 20);
    for (const file of readOnes) await checkWithSiftool(file);
  });

  async function doWithSiftool(one: Command): Promise<boolean> {
    if (one.act === 'add') await writeFile(input, one.object.data);
    const args = one.act === 'add' ? ['add', theirs, input, ...flagsOf(one.object)] : [siftoolName[one.act], String(one.id), theirs];
    return runSiftool(...args).then(
      () => true,
      () => false,
    );
  }

  /** Every object is listed at its place, and dumped to its bytes. */
  async function checkWithSiftool(file: Uint8Array): Promise<void> {
    await writeFile(ours, file);
    const listed = (await runSiftool('list', ours)).toString().matchAll(/^(\d+) +\|(\w+) +\|[^|]+\|(\d+)-(\d+) /gm);
    const { objects } = readSif(file);
    assert.deepEqual(
      [...listed].map(([, ...columns]) => columns),
      objects.map(({ id, groupId, offset, size }) => [
        String(id),
        groupId === 0 ? 'NONE' : String(groupId),
        String(offset),
        String(offset + size),
      ]),
    );
    for (const { id, data } of objects) assert.deepEqual(await runSiftool('dump', String(id), ours), Buffer.from(data));
  }
});

const siftoolName = { delete: 'del', setPrimary: 'setprim' };

function flagsOf({ dataType, name, groupId = 0, linkedId = 0, alignmentBytes, partition, signature, sbomFormat }: NewObject): string[] {
  const formats = ['cyclonedx-json', 'cyclonedx-xml', 'github-json', 'spdx-json', 'spdx-rdf', 'spdx-tag-value', 'spdx-yaml', 'syft-json'];
  const flags: Record<string, string | number | undefined> = {
    datatype: dataType - 0x4000,
    filename: name,
    // A flag with 0 is refused; without the flag there is no group and no link.
    groupid: groupId === 0 ? undefined : groupId,
    link: linkedId === 0 ? undefined : linkedId,
    alignment: alignmentBytes,
    parttype: partition?.partType,
    partfs: partition?.fsType,
    partarch: partition && Number(partition.arch),
    signhash: signature?.hashType,
    signentity: signature?.fingerprint && Buffer.from(signature.fingerprint).toString('hex'),
    sbomformat: sbomFormat && formats[sbomFormat - 1],
  };
  return Object.entries(flags).flatMap(([name, value]) => (value === undefined ? [] : [`--${name}=${value}`]));
}

function changeOf(one: Command): SifChange {
  if (one.act === 'add') return (sif) => addObject(sif, one.object);
  return one.act === 'delete' ? (sif) => deleteObject(sif, one.id) : (sif) => setPrimaryPartition(sif, one.id);
}

function tryChange(file: Uint8Array, change: SifChange): Uint8Array | undefined {
  try {
    return changeSif(file, change);
  } catch (error) {
    if (error instanceof BulkheadError && error.kind === 'user') return undefined;
    throw error;
  }
}

/**
 * All but the times, and but what apptainer/sif has changed since Debian's siftool (2.8.3):
 *
 *   - a file of overlays alone has their architecture
 *   - an object goes behind the last one that there is, not behind where one was before it was deleted
 *   - setprim leaves the architecture of a partition as it is, and does not write three letters where two digits belong
 */
function comparable({ header, objects }: Sif, commands: readonly Command[]) {
  const count = (isMeant: (one: Command) => boolean) => commands.filter(isMeant).length;
  const overlays = count((one) => one.act === 'add' && one.object.partition?.partType === PART_TYPES.overlay);
  const deleted = count(({ act }) => act === 'delete');
  const chosen = count(({ act }) => act === 'setPrimary');
  return {
    header: { ...header, modifiedAt: 0, ...((overlays > 0 || chosen > 1) && { arch: '' }), ...(deleted > 0 && { dataSize: 0 }) },
    objects: objects.map(({ partition, ...object }) => ({
      ...object,
      ...{ createdAt: 0, modifiedAt: 0 },
      ...(partition && { partition: { ...partition, ...(chosen > 0 && { arch: '' }) } }),
      extra: partition && chosen > 0 ? [...object.extra].fill(0, 8, 11) : [...object.extra],
      ...(deleted > 0 && { offset: 0, sizeWithPadding: 0 }),
    })),
  };
}

async function readBytes(path: string): Promise<Uint8Array> {
  return new Uint8Array(await readFile(path));
}
