import assert from 'node:assert/strict';
import { readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findProcesses, killQuietly, openBackground, until, type Background } from '../helpers/background.js';

let cli: Background;

describe('bulkhead run --detach', () => {
  beforeEach(async function () {
    cli = await openBackground(this);
  });
  afterEach(() => cli.close());

  it('prints the id once the command runs, and leaves it running', async () => {
    const { stdout, exitCode } = await cli.run('run', '--detach', cli.rootfs, 'sh', '-c', 'echo hello; echo no >&2; sleep 1000');
    assert.equal(exitCode, 0);
    assert.match(stdout, /^[a-z0-9]{12}$/);
    const { state, status, record } = await mustFind(stdout);
    assert.equal(status.status, 'running');
    assert.deepEqual(record.command, ['sh', '-c', 'echo hello; echo no >&2; sleep 1000']);
    assert.ok(state.monitor !== undefined && state.init !== undefined && state.command !== undefined && state.startedAt !== undefined);
    await until(
      async () => (await cli.output(stdout)) === 'hello\n' && (await cli.output(stdout, 'stderr')) === 'no\n',
      'its output is there',
    );
  });

  it('writes down its exit code', async () => {
    const { stdout } = await cli.run('run', '--detach', cli.rootfs, 'sh', '-c', 'echo end; exit 7');
    await until(async () => (await mustFind(stdout)).state.status === 'stopped', 'it has stopped');
    const { state, status } = await mustFind(stdout);
    assert.equal(status.exitCode, 7);
    assert.equal(state.reason, undefined);
    assert.ok(state.finishedAt !== undefined);
    assert.equal(await cli.output(stdout), 'end\n');
  });

  it('lets a command open /dev/stdout anew', async () => {
    const { stdout } = await cli.run('run', '--detach', cli.rootfs, 'sh', '-c', 'echo anew >/dev/stdout');
    await until(async () => (await mustFind(stdout)).state.status === 'stopped', 'it has stopped');
    assert.equal(await cli.output(stdout), 'anew\n');
  });

  it('says what the foreground says of an image that is not there, and leaves nothing', async () => {
    const image = join(cli.root, 'nowhere');
    const foreground = await cli.run('run', image, 'true');
    const background = await cli.run('run', '--detach', '--name', 'web', image, 'true');
    assert.deepEqual(background, foreground);
    assert.equal(background.exitCode, 255);
    await assertNothingLeft();
    assert.equal((await cli.run('run', '--detach', '--name', 'web', cli.rootfs, 'sleep', '1000')).exitCode, 0);
  });

  it('exits as the foreground does where the command cannot be executed, and leaves nothing', async () => {
    const foreground = await cli.run('run', cli.rootfs, 'nosuch');
    const background = await cli.run('run', '--detach', cli.rootfs, 'nosuch');
    assert.deepEqual(background, foreground);
    assert.equal(background.exitCode, 127);
    await assertNothingLeft();
  });

  it('finds what is named relative to where it was typed', async () => {
    const options = { cwd: cli.root };
    const { stdout, exitCode } = await cli.start(
      ['run', '--detach', '--bind', './rootfs/etc:/mnt', './rootfs', 'cat', '/mnt/marker'],
      options,
    );
    assert.equal(exitCode, 0);
    await until(async () => (await cli.output(String(stdout))) === 'from the image\n', 'it has read the file');
  });

  it('removes a container with --rm when it has ended', async () => {
    const { stdout } = await cli.run('run', '--detach', '--rm', cli.rootfs, 'sh', '-c', 'sleep 0.3');
    assert.match(stdout, /^[a-z0-9]{12}$/);
    await until(async () => (await cli.list()).length === 0, 'it is gone');
    await assertNothingLeft();
  });

  it('gives a name to one of many who want it at once', async () => {
    const starts = Array.from({ length: 4 }, () => cli.run('run', '--detach', '--name', 'web', cli.rootfs, 'sleep', '1000'));
    const outcomes = await Promise.all(starts);
    assert.deepEqual(outcomes.map(({ exitCode }) => exitCode).toSorted(), [0, 255, 255, 255]);
    for (const { exitCode, stderr } of outcomes) if (exitCode !== 0) assert.match(stderr, /Cannot name a container "web"/);
    assert.equal((await cli.list()).length, 1);
  });

  it('goes on when the command line is killed, and ends when its monitor is', async () => {
    const start = cli.start(['run', '--detach', cli.rootfs, 'sleep', '1000']);
    await until(async () => (await cli.list())[0]?.state.status === 'running', 'it runs');
    killQuietly(start.pid);
    await start;
    const [container] = await cli.list();
    assert.equal(container?.status.status, 'running');
    killQuietly(container.state.monitor?.pid);
    await until(async () => (await findProcesses(cli.root)).length === 0, 'no process is left');
    await until(async () => (await mustFind(container.record.id)).status.status === 'stopped', 'it is found stopped');
    assert.equal((await mustFind(container.record.id)).status.exitCode, 137);
  });

  it('stops the container on SIGTERM to its monitor', async () => {
    const { stdout } = await cli.run(
      'run',
      '--detach',
      cli.rootfs,
      'sh',
      '-c',
      'trap "echo bye; exit 9" TERM; while :; do sleep 0.05; done',
    );
    killQuietly((await mustFind(stdout)).state.monitor?.pid, 'SIGTERM');
    await until(async () => (await mustFind(stdout)).state.status === 'stopped', 'it has stopped');
    assert.equal((await mustFind(stdout)).status.exitCode, 9);
    assert.equal(await cli.output(stdout), 'bye\n');
  });
});

describe('bulkhead create and start', () => {
  beforeEach(async function () {
    cli = await openBackground(this);
  });
  afterEach(() => cli.close());

  it('make a container, and run it again and again', async () => {
    const { stdout, exitCode } = await cli.run(
      'create',
      '--name',
      'web',
      '--label',
      'job=7',
      '--env',
      'WORD=hi',
      cli.rootfs,
      'sh',
      '-c',
      'echo $WORD; exit 3',
    );
    assert.equal(exitCode, 0);
    const { status, record } = await mustFind('web');
    assert.deepEqual([status.status, record.labels], ['created', { job: '7' }]);
    for (const times of [1, 2]) {
      assert.deepEqual(await cli.run('start', 'web'), { stdout, stderr: '', exitCode: 0 });
      await until(async () => (await mustFind('web')).state.status === 'stopped', 'it has stopped');
      assert.equal((await mustFind('web')).status.exitCode, 3);
      assert.equal(await cli.output(stdout), 'hi\n'.repeat(times));
    }
  });

  it('keep what it has written for the next time, and remove it with the container', async () => {
    await cli.run('create', '--name', 'web', cli.rootfs, 'sh', '-c', 'echo more >>/etc/count; cat /etc/count; echo first >/made');
    for (const times of [1, 2]) {
      const { stdout, exitCode, stderr } = await cli.run('start', '--attach', 'web');
      assert.deepEqual({ stdout, exitCode, stderr }, { stdout: 'more\n'.repeat(times).trimEnd(), exitCode: 0, stderr: '' });
    }
    assert.equal((await cli.run('remove', 'web')).exitCode, 0);
    await assertNothingLeft();
  });

  it('show what it writes where somebody attaches, and end as it ends, also with --rm', async () => {
    await cli.run('create', '--rm', '--name', 'web', cli.rootfs, 'sh', '-c', 'echo out; echo err >&2; sleep 0.2; echo end; exit 5');
    assert.deepEqual(await cli.run('start', '--attach', 'web'), { stdout: 'out\nend', stderr: 'err', exitCode: 5 });
    await until(async () => (await cli.list()).length === 0, 'it is gone');
  });

  it('pass signals on to it from whoever is attached', async () => {
    await cli.run('create', '--name', 'web', cli.rootfs, 'sh', '-c', 'trap "echo bye; exit 4" INT; echo up; while :; do sleep 0.05; done');
    const attached = cli.start(['start', '--attach', 'web']);
    await until(async () => (await mustFind('web')).status.status === 'running', 'it runs');
    const { record } = await mustFind('web');
    await until(async () => (await cli.output(record.id)) === 'up\n', 'the trap is set');
    await until(async () => {
      killQuietly(attached.pid, 'SIGINT');
      return (await mustFind('web')).status.status === 'stopped';
    }, 'it has ended');
    const { stdout, exitCode } = await attached;
    assert.deepEqual([stdout, exitCode], ['up\nbye', 4]);
  });

  it('start no container twice at once', async () => {
    await cli.run('create', '--name', 'web', cli.rootfs, 'sleep', '1000');
    const outcomes = await Promise.all([1, 2, 3].map(() => cli.run('start', 'web')));
    assert.deepEqual(outcomes.map(({ exitCode }) => exitCode).toSorted(), [0, 255, 255]);
    for (const { exitCode, stderr } of outcomes) if (exitCode !== 0) assert.match(stderr, /it runs already/);
    assert.equal((await mustFind('web')).status.status, 'running');
  });

  it('keep a container whose image is missing, and run it when that is back', async () => {
    await cli.run('create', '--name', 'web', cli.rootfs, 'sleep', '1000');
    await rename(cli.rootfs, `${cli.rootfs}.away`);
    const { stderr, exitCode } = await cli.run('start', 'web');
    assert.equal(exitCode, 255);
    assert.match(stderr, /Cannot open image/);
    const { status } = await mustFind('web');
    assert.deepEqual([status.status, status.exitCode], ['stopped', 255]);
    await rename(`${cli.rootfs}.away`, cli.rootfs);
    assert.equal((await cli.run('start', 'web')).exitCode, 0);
    assert.equal((await mustFind('web')).status.status, 'running');
  });

  it('keep a container whose runtime is missing (apple/container 2033)', async () => {
    const runtime = join(cli.root, 'no-runtime');
    await writeFile(runtime, '#!/bin/sh\n', { mode: 0o755 });
    assert.equal((await cli.run('create', '--name', 'web', '--runtime', runtime, cli.rootfs, 'sleep', '1000')).exitCode, 0);
    await rm(runtime);
    const { stderr, exitCode } = await cli.run('start', 'web');
    assert.equal(exitCode, 255);
    assert.match(stderr, /no-runtime/);
    const { record, status } = await mustFind('web');
    assert.deepEqual([record.runtime, status.status], [runtime, 'created']);
  });

  it('say that there is no such container', async () => {
    const { stderr, exitCode } = await cli.run('start', 'nobody');
    assert.equal(exitCode, 255);
    assert.match(stderr, /Cannot find container "nobody"/);
  });
});

async function mustFind(what: string) {
  const found = await cli.find(what);
  assert.ok(found !== undefined, `there is no container ${what}`);
  return found;
}

/** No record, no name, no process; sessions go with the next run at the latest. */
async function assertNothingLeft(): Promise<void> {
  await until(async () => (await findProcesses(cli.root)).length === 0, 'no process is left');
  const left = (await readdir(cli.roots.kept).catch(() => [])).filter((name) => name !== 'names');
  const names = await readdir(join(cli.roots.kept, 'names')).catch(() => []);
  assert.deepEqual([...left, ...names], []);
}
