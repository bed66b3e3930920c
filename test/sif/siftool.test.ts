import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readSif } from '#sif/sif.js';
import { needTool } from '../helpers/need.js';
import { buildSif, runSiftool, toBytes } from './builder.js';

describe('SIF files and siftool', () => {
  let directory: string;
  before(function () {
    needTool(this, 'siftool');
  });
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'bulkhead-sif-'));
  });
  afterEach(async () => {
    await rm(directory, { recursive: true });
  });

  it('siftool lists and dumps what createSif wrote, byte for byte', async () => {
    const path = join(directory, 'ours.sif');
    await writeFile(path, buildSif());
    const list = (await runSiftool('list', path)).toString();
    assert.match(list, /^1 +\|1 +\|NONE +\|32768-32784 +\|FS \(Raw\/Data\/unknown\)$/m);
    assert.match(list, /^2 +\|1 +\|NONE +\|32784-32794 +\|Generic\/Raw$/m);
    assert.match(list, /^3 +\|NONE +\|1 +\(G\) +\|32794-32796 +\|Signature/m);
    assert.equal((await runSiftool('dump', '1', path)).toString(), 'the first object');
    assert.match((await runSiftool('header', path)).toString(), /Descriptors Free: +45\n/);
  });

  it('readSif reads what siftool made, also after one object was deleted', async () => {
    const path = join(directory, 'theirs.sif');
    await runSiftool('new', path);
    for (const name of ['one', 'two', 'three']) {
      await writeFile(join(directory, name), toBytes(`data of ${name}`));
      await runSiftool('add', path, join(directory, name), '--datatype', '7', '--groupid', '2', '--filename', name);
    }
    await runSiftool(
      'add',
      path,
      join(directory, 'one'),
      '--datatype',
      '4',
      '--parttype',
      '3',
      '--partfs',
      '4',
      '--partarch',
      '2',
      '--filename',
      'part',
    );
    await runSiftool('del', '2', path);
    const { objects } = readSif(new Uint8Array(await readFile(path)));
    assert.deepEqual(
      objects.map(({ id, name, groupId, data }) => [id, name, groupId, new TextDecoder().decode(data)]),
      [
        [1, 'one', 2, 'data of one'],
        [3, 'three', 2, 'data of three'],
        [4, 'part', 0, 'data of one'],
      ],
    );
    assert.deepEqual(objects[2]?.partition, { fsType: 4, partType: 3, arch: '02' });
  });
});
