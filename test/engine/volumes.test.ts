import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { createVolume, listVolumes, readVolume, removeVolume, sweepVolumes } from '#engine/engine.js';
import { findProcess } from '#engine/lifecycle/process-tree.js';
import { nameOwner } from '#engine/volumes/owner.js';
import { parseMountFlag, parseVolumeFlag } from '#engine/volumes/mount-flags.js';
import { holdVolume } from '#engine/volumes/volumes.js';

describe('named volumes', () => {
  let root: string;
  let directory: string;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'volumes-'));
    directory = join(root, 'volumes');
  });
  afterEach(() => rm(root, { recursive: true, force: true }));

  it('are made once, keep what is in them, and are gone when they are removed', async () => {
    const made = await createVolume(directory, 'cache');
    await writeFile(join(made.path, 'file'), 'kept');
    assert.deepEqual(await createVolume(directory, 'cache'), made);
    assert.equal(await readFile(join(made.path, 'file'), 'utf8'), 'kept');
    assert.deepEqual(await listVolumes(directory), { volumes: [made], problems: [] });
    await removeVolume(directory, 'cache');
    assert.deepEqual(await readdir(directory), []);
    await assert.rejects(readVolume(directory, 'cache'), { code: 'VOLUME_NOT_FOUND' });
  });

  it('are not removed while a process uses them, and are when it was killed', async () => {
    const held = await holdVolume(directory, 'cache');
    await assert.rejects(removeVolume(directory, 'cache'), { code: 'VOLUME_IN_USE' });
    assert.equal((await readVolume(directory, 'cache')).users, 1);
    await held.release();
    const other = spawn('sleep', ['60']);
    await once(other, 'spawn');
    const mark = nameOwner().replace(/\.\d+\.\d+\./, `.${other.pid}.${findProcess(other.pid ?? 0)?.startTicks}.`);
    await writeFile(join(directory, 'cache/uses', mark), '');
    await assert.rejects(removeVolume(directory, 'cache'), { code: 'VOLUME_IN_USE' });
    other.kill('SIGKILL');
    await once(other, 'exit');
    await removeVolume(directory, 'cache');
    assert.deepEqual(await readdir(directory), []);
  });

  it('are whole or not there, however many make, use and remove one at once', async () => {
    const use = async (): Promise<void> => {
      const held = await holdVolume(directory, 'cache');
      assert.equal((await readVolume(directory, 'cache')).users > 0, true);
      await held.release();
    };
    const remove = () =>
      removeVolume(directory, 'cache').catch((error: { code?: string }) => {
        assert.ok(['VOLUME_IN_USE', 'VOLUME_NOT_FOUND'].includes(error.code ?? ''), String(error));
      });
    for (let round = 0; round < 20; round += 1) await Promise.all([use(), remove(), use(), remove(), use()]);
    await removeVolume(directory, 'cache').catch(() => undefined);
    assert.deepEqual(await readdir(directory), []);
  });

  it('that somebody was killed removing or making are made anew, and what is left is swept', async () => {
    const { path } = await createVolume(directory, 'cache');
    await writeFile(join(path, 'old'), '');
    const killed = nameOwner().replace(/\.\d+\.(\d+)\./, '.4194303.$1.');
    await writeFile(join(directory, 'cache', `removed-by-${killed}`), '');
    await rm(join(directory, 'cache/uses'), { recursive: true });
    assert.deepEqual((await listVolumes(directory)).volumes, []);
    const made = await Promise.all([1, 2, 3, 4].map(() => createVolume(directory, 'cache')));
    assert.deepEqual(await readdir(made[0]?.path ?? ''), []);
    const stale = `.${killed}`;
    await mkdir(join(directory, stale, 'data'), { recursive: true });
    await sweepVolumes(directory);
    assert.deepEqual(await readdir(directory), ['cache']);
  });

  it('hide no other where one is damaged, and refuse names and places that are not theirs', async () => {
    await createVolume(directory, 'good');
    const bad = await createVolume(directory, 'bad');
    await writeFile(join(bad.path, '../volume.json'), '{}');
    const { volumes, problems } = await listVolumes(directory);
    assert.deepEqual([volumes.map(({ name }) => name), problems.map(({ name }) => name)], [['good'], ['bad']]);
    for (const name of ['', 'a', '../x', '.hidden', 'a/b', 'x'.repeat(65), 'a\u001b[0m'])
      await assert.rejects(createVolume(directory, name), { code: 'VOLUME_NAME_INVALID' });
    await mkdir(join(root, 'open'), { mode: 0o777 });
    await chmod(join(root, 'open'), 0o777);
    await assert.rejects(createVolume(join(root, 'open'), 'cache'), { code: 'VOLUMES_UNSAFE' });
  });
});

describe('--mount and --volume', () => {
  const volumes = '/vol';
  const cases: [string, unknown][] = [
    ['type=bind,source=/data,target=/mnt', { type: 'bind', source: '/data', destination: '/mnt', readOnly: false }],
    ['type=bind,src=/data,dst=/mnt/,readonly', { type: 'bind', source: '/data', destination: '/mnt', readOnly: true }],
    ['type=volume,source=cache,target=/c,ro=true', { type: 'bind', source: '/vol/cache/data', destination: '/c', readOnly: true }],
    ['source=cache,destination=/c,readonly=false', { type: 'bind', source: '/vol/cache/data', destination: '/c', readOnly: false }],
    ['type=tmpfs,target=/s,tmpfs-size=64M', { type: 'tmpfs', destination: '/s', sizeBytes: 67_108_864 }],
  ];
  for (const [typed, mount] of cases) it(`--mount ${typed}`, () => assert.deepEqual(parseMountFlag(typed, volumes), mount));

  for (const typed of [
    ...['type=bind,target=/mnt', 'type=volume,target=/c', 'type=bind,source=/data', 'type=nfs,source=a,target=/b', 'source=../x,target=/c'],
    ...['type=bind,source=/a,source=/b,target=/c', 'type=bind,source=/a,target=c', 'type=bind,source=/a,target=/c,bind-propagation=shared'],
    ...[
      'type=bind,source,target=/c',
      'type=bind,source=/a,target=/c,ro=maybe',
      'type=tmpfs,source=/a,target=/c',
      'type=bind,source=/a,target=/c,tmpfs-size=1M',
    ],
  ])
    it(`--mount ${typed} is refused`, () => assert.throws(() => parseMountFlag(typed, volumes), { kind: 'user' }));

  it('--volume takes the name of a volume, or a path', () => {
    assert.deepEqual(parseVolumeFlag('cache:/c:ro', volumes), {
      type: 'bind',
      source: '/vol/cache/data',
      destination: '/c',
      readOnly: true,
    });
    assert.deepEqual(parseVolumeFlag('/data:/c:ro', volumes), { type: 'bind', source: '/data', destination: '/c', readOnly: true });
    for (const typed of ['/data', 'cache', 'cache:/c:z', 'cache:/c:ro:more', 'cache:c', '.x:/c'])
      assert.throws(() => parseVolumeFlag(typed, volumes), { kind: 'user' }, typed);
  });
});
