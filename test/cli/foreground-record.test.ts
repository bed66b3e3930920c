import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { killQuietly, openBackground, until, type Background } from '../helpers/background.js';

describe('bulkhead run in the foreground', () => {
  let cli: Background;
  beforeEach(async function () {
    cli = await openBackground(this);
  });
  afterEach(() => cli.close());

  const waiting = ['sh', '-c', 'trap "exit 6" TERM; while :; do sleep 0.05; done'];

  it('has a record while it runs, and none when it has ended', async () => {
    const running = cli.start(['run', '--label', 'job=7', '--label=bare', cli.rootfs, ...waiting]);
    await until(async () => (await cli.list()).length === 1, 'it is listed');
    const [container] = await cli.list();
    assert.equal(container?.status.status, 'running');
    assert.equal(container.place.root, cli.roots.passing);
    assert.equal(container.state.monitor?.pid, running.pid);
    assert.deepEqual(container.record.command, waiting);
    assert.deepEqual(container.record.labels, { job: '7', bare: '' });
    killQuietly(running.pid, 'SIGTERM');
    assert.equal((await running).exitCode, 6);
    assert.deepEqual(await readdir(cli.roots.passing), []);
  });

  it('runs nothing where a label is none', async () => {
    const { exitCode, stdout, stderr } = await cli.run('run', '--label=-x=1', cli.rootfs, 'sh', '-c', 'echo ran');
    assert.deepEqual([exitCode, stdout], [255, '']);
    assert.match(stderr, /Cannot label a container "-x": a key has/);
  });

  it('leaves no record of a command that is over at once, nor of what never ran', async () => {
    for (const words of [
      [cli.rootfs, 'sh', '-c', ':'],
      [cli.rootfs, 'nosuch'],
      [`${cli.rootfs}.none`, 'true'],
      ['--name', 'web', cli.rootfs, 'nosuch'],
    ]) {
      await cli.run('run', ...words);
      assert.deepEqual(await cli.list(), []);
    }
    assert.deepEqual(await readdir(cli.roots.passing), []);
  });

  it('keeps its record where it has a name, and can be started again', async () => {
    assert.equal((await cli.run('run', '--name', 'web', cli.rootfs, 'sh', '-c', 'exit 3')).exitCode, 3);
    const stopped = await cli.find('web');
    assert.deepEqual([stopped?.status.status, stopped?.status.exitCode], ['stopped', 3]);
    const taken = await cli.run('run', '--name', 'web', cli.rootfs, 'true');
    assert.equal(taken.exitCode, 255);
    assert.match(taken.stderr, /Cannot name a container "web"/);
    assert.equal((await cli.run('start', 'web')).exitCode, 0);
    await until(async () => (await cli.find('web'))?.state.status === 'stopped', 'it has stopped');
  });

  it('removes what has a name and --rm when it has ended', async () => {
    assert.equal((await cli.run('run', '--rm', '--name', 'web', cli.rootfs, 'sh', '-c', 'exit 3')).exitCode, 3);
    assert.deepEqual(await cli.list(), []);
  });

  it('is found stopped when it was killed', async () => {
    const running = cli.start(['run', '--name', 'web', cli.rootfs, ...waiting]);
    await until(async () => (await cli.find('web'))?.status.status === 'running', 'it runs');
    killQuietly(running.pid);
    await running;
    await until(async () => (await cli.find('web'))?.status.status === 'stopped', 'it is found stopped');
    assert.equal((await cli.find('web'))?.status.exitCode, 137);
  });
});
