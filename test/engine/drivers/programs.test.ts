import assert from 'node:assert/strict';
import { cp, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { it } from 'mocha';
import type { MountAnswer } from '#engine/engine.js';
import { assertNothingLeft, findProcesses } from '../../helpers/leftovers.js';
import { needFuse, needTool } from '../../helpers/need.js';
import type { Answers } from '../fixtures/container-lab.js';
import { describeForEach } from '../fixtures/each-who.js';
import { makeExt4, makeSif, makeSquashfs } from './images.js';

describeForEach('an image that a program mounts', (lab, who) => {
  const options = `ro,nosuid,nodev${who === 'root' ? ',allow_other' : ''}`;
  const squashfuse: MountAnswer = {
    type: 'program',
    program: '/usr/bin/squashfuse_ll',
    args: ['-f', '-o', `${options},offset={offset}`, '{image}', '{target}'],
  };
  const fuse2fs: MountAnswer = {
    type: 'program',
    program: '/usr/bin/fuse2fs',
    args: ['-f', '-o', `${options},norecovery,fakeroot`, '{image}', '{target}'],
  };
  const overlayfs: MountAnswer = {
    type: 'program',
    program: '/usr/bin/fuse-overlayfs',
    args: ['-f', '-o', 'lowerdir={lower},upperdir={upper},workdir={work},noacl', '{target}'],
  };
  it('is a bare squashfs; its program runs beside the container and ends with it (apptainer 106)', async function () {
    for (const tool of ['mksquashfs', 'squashfuse_ll']) needTool(this, tool);
    needFuse(this);
    const image = await makeSquashfs(lab().directory, lab().image);
    const script = 'ls -d /usr /proc/self; touch /new && ls /new; echo up; read -r line';
    const running = lab().start({ image, command: ['sh', '-c', script] }, { drivers: { squashfs: squashfuse }, fuse: true });
    await running.printed('up');
    assert.equal(findProcesses({ word: image }).length, 1);
    running.child.stdin?.end('go\n');
    const { exitCode, stdout, events } = await running.outcome;
    assert.deepEqual([exitCode, stdout], [0, '/proc/self\n/usr\n/new\nup\n']);
    assert.equal(events[0], 'mount squashfs');
    await assertNothingLeft(lab());
  });

  it('has its own /etc with lines added, as a directory has', async function () {
    for (const tool of ['mksquashfs', 'squashfuse_ll']) needTool(this, tool);
    needFuse(this);
    const files = join(lab().directory, 'with-etc');
    await cp(lab().image, files, { recursive: true, verbatimSymlinks: true });
    await writeFile(join(files, 'etc/hosts'), '10.1.1.1 old');
    await writeFile(join(files, 'etc/passwd'), 'daemon:x:99999:99999::/:/bin/false\n');
    const image = await makeSquashfs(lab().directory, files);
    const { stdout, stderr } = await lab().run(
      { image, command: ['cat', '/etc/hosts', '/etc/passwd'], options: { hosts: ['new:10.1.1.2'] } },
      { drivers: { squashfs: squashfuse }, fuse: true },
    );
    assert.match(stdout, /^10\.1\.1\.1 old\n10\.1\.1\.2\tnew\ndaemon:x:99999:[^\n]*\n[^:\n]+:x:\d+:\d+:/, stderr);
  });

  it('is the system partition of a SIF file (apptainer 106)', async function () {
    for (const tool of ['mksquashfs', 'squashfuse_ll', 'siftool']) needTool(this, tool);
    needFuse(this);
    const image = makeSif(lab().directory, await makeSquashfs(lab().directory, lab().image));
    const { exitCode, stdout } = await lab().run(
      { image, command: ['ls', '-d', '/etc'] },
      { drivers: { squashfs: squashfuse }, fuse: true },
    );
    assert.deepEqual([exitCode, stdout], [0, '/etc\n']);
    await assertNothingLeft(lab());
  });

  it('is a bare ext4 (apptainer 106)', async function () {
    for (const tool of ['fuse2fs', 'mke2fs']) needTool(this, tool);
    needFuse(this);
    const image = await makeExt4(lab().directory, lab().image);
    const { exitCode, stdout, stderr } = await lab().run(
      { image, command: ['ls', '-d', '/lost+found'] },
      { drivers: { ext3: fuse2fs }, fuse: true },
    );
    assert.deepEqual([exitCode, stdout], [0, '/lost+found\n'], stderr);
  });

  it('has a writable layer of fuse-overlayfs, where a driver is to lay it', async function () {
    needTool(this, 'fuse-overlayfs');
    needFuse(this);
    const answers: Answers = { drivers: { overlay: overlayfs }, overlay: 'driver', fuse: true };
    const script = 'grep " / " /proc/self/mountinfo; echo new >/new && cat /new';
    const { exitCode, stdout, stderr } = await lab().run({ command: ['sh', '-c', script] }, answers);
    assert.equal(exitCode, 0, stderr);
    assert.match(stdout, /fuse\.fuse-overlayfs[^]*new\n$/);
    assert.deepEqual(await readdir(join(lab().image, 'etc')), [], 'the image was written to');
  });

  it('has one of a driver where the kernel is not to lay it, before any other way', async function () {
    needTool(this, 'fuse-overlayfs');
    needFuse(this);
    const answers: Answers = { drivers: { overlay: overlayfs }, avoid: ['kernel'], fuse: true, debug: true };
    const { exitCode, stdout, stderr, events } = await lab().run({ command: ['sh', '-c', 'echo new >/new && cat /new'] }, answers);
    assert.deepEqual([exitCode, stdout], [0, 'new\n'], stderr);
    assert.equal(events[0], 'mount overlay');
    assert.match(stderr, /overlay by driver; not by kernel: it shall not be taken$/m);
  });

  it('has none where nothing may be laid over it, and then needs its mount points', async () => {
    const { exitCode, stderr } = await lab().run({}, { overlay: 'no' });
    assert.equal(exitCode, 255);
    assert.match(stderr, /^OVERLAY_DISABLED /);
    for (const point of ['proc', 'sys', 'dev', 'var/tmp']) await mkdir(join(lab().image, point), { recursive: true });
    const run = await lab().run({ command: ['sh', '-c', 'touch /x || echo read-only'] }, { overlay: 'no' });
    assert.match(run.stdout, /read-only/);
  });

  it('is refused where the operator wants overlays of a driver, and there is none', async () => {
    const { exitCode, stderr } = await lab().run({}, { overlay: 'driver' });
    assert.equal(exitCode, 255);
    assert.match(stderr, /^OVERLAY_DRIVER_MISSING /);
  });
});

describeForEach('the program of a driver', (lab) => {
  /** A program of the test: what it does instead of mounting. */
  async function answers(script: string, changes: Partial<MountAnswer & { type: 'program' }> = {}): Promise<Answers> {
    const program = join(lab().directory, `program-${Math.random().toString(36).slice(2)}`);
    await writeFile(program, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    await lab().give(program);
    return { image: { type: 'program', program, args: ['{target}', lab().image], ...changes } };
  }
  const mount = 'mount --rbind "$2" "$1"';

  it('may be anything that mounts where it is told', async () => {
    const { exitCode, stdout, stderr } = await lab().run(
      { image: 'x1:', command: ['ls', '/'] },
      await answers(`${mount}; exec sleep 1000`),
    );
    assert.equal(exitCode, 0, stderr);
    assert.match(stdout, /usr/);
    await assertNothingLeft(lab());
  });

  it('may go on in the background', async () => {
    const { exitCode, stderr } = await lab().run({ image: 'x1:' }, await answers(`${mount}; sleep 1000 </dev/null >/dev/null 2>&1 &`));
    assert.equal(exitCode, 0, stderr);
    await assertNothingLeft(lab());
  });

  it('that ends without a mount fails the run with its last words, cleaned', async () => {
    const { exitCode, stderr } = await lab().run({ image: 'x1:' }, await answers(`printf 'no such \\033[31mdevice\\n' >&2; exit 3`));
    assert.equal(exitCode, 255);
    assert.equal(
      stderr,
      'IMAGE_DRIVER_FAILED Cannot mount image x1:: image driver mount failure: its program ended with code 3 before it had mounted anything (no such ?[31mdevice)\n',
    );
    await assertNothingLeft(lab());
  });

  it('that hangs is ended in its time, however much it says', async () => {
    const { exitCode, stderr } = await lab().run({ image: 'x1:' }, await answers('exec yes >&2', { readyMs: 300 }));
    assert.equal(exitCode, 255);
    assert.match(stderr, /^IMAGE_DRIVER_FAILED .*had mounted nothing after 300 ms \(y; y; y\)\n$/);
    await assertNothingLeft(lab());
  });

  it('that mounts somewhere else is refused, before anything else is run', async () => {
    const { exitCode, stderr } = await lab().run({ image: 'x1:' }, await answers(`mount --bind "$2" /etc; ${mount}; exec sleep 1000`));
    assert.equal(exitCode, 255);
    assert.match(stderr, /^IMAGE_DRIVER_STRAYED .* mounted at \/etc,/);
    await assertNothingLeft(lab());
  });

  it('that ends while the container runs ends the container', async () => {
    const running = lab().start({ image: 'x1:', command: ['sleep', '100'] }, await answers(`${mount}; sleep 1; echo lost >&2; exit 0`));
    const { exitCode, stderr } = await running.outcome;
    assert.equal(exitCode, 255);
    assert.match(stderr, /^IMAGE_DRIVER_FAILED .*ended with code 0 while the container ran \(lost\)\n$/);
    await assertNothingLeft(lab());
  });

  it('is no more after SIGKILL of the command line', async () => {
    const running = lab().start(
      { image: 'x1:', command: ['sh', '-c', 'echo up; exec sleep 100'] },
      await answers(`${mount}; exec sleep 1000`),
    );
    await running.printed('up');
    running.child.kill('SIGKILL');
    await running.outcome;
    for (let tries = 0; tries < 200 && findProcesses(lab()).length > 0; tries++) await new Promise((resolve) => setTimeout(resolve, 10));
    assert.deepEqual(findProcesses(lab()), []);
    await lab().run();
    await assertNothingLeft(lab());
  });

  it('can neither speak as PID 1 nor read what it says', async () => {
    const script = `ls /proc/self/fd | tr '\\n' ' ' >&2; echo 'exit 0' >&4; exit 1`;
    const { stderr } = await lab().run({ image: 'x1:' }, await answers(script));
    // 3 is the directory that ls reads. Beyond 9 is what the tests' own caller may have left open.
    assert.match(stderr, /\(0 1 2 (?:\d\d+ )*3 (?:\d\d+ )*.*: 4: [Bb]ad (?:fd|file descriptor)\)/);
  });

  it('that mounts a file system which never answers is ended in its time', async function () {
    needFuse(this);
    const script = 'exec 3<>/dev/fuse; mount -i -t fuse -o fd=3,rootmode=40000,user_id=0,group_id=0 none "$1" && exec sleep 1000';
    const { exitCode, stderr } = await lab().run({ image: 'x1:' }, { ...(await answers(script)), fuse: true });
    assert.equal(exitCode, 255);
    assert.match(stderr, /^IMAGE_DRIVER_FAILED .*what is mounted does not answer within 10000 ms/);
    await assertNothingLeft(lab());
  });

  for (const [what, args] of [
    ['no place to mount at', ['-f']],
    ['a placeholder of something else', ['{upper}', '{target}']],
  ] as const) {
    it(`is not started with ${what}`, async () => {
      const { exitCode, stderr } = await lab().run({ image: 'x1:' }, await answers('exit 1', { args: [...args] }));
      assert.equal(exitCode, 255);
      assert.match(stderr, /^IMAGE_DRIVER_INVALID /);
    });
  }
});

describeForEach('an image that is a file', (lab, who) => {
  it('is mounted by the kernel for root, without any program, and needs a driver for others (apptainer 106)', async function () {
    needTool(this, 'mksquashfs');
    const image = await makeSquashfs(lab().directory, lab().image);
    const avoid = ['squashfuse_ll', 'squashfuse', 'unpack'] as const;
    const { exitCode, stdout, stderr, events } = await lab().run({ image, command: ['ls', '-d', '/etc'] }, { avoid });
    assert.equal(events[0], 'mount squashfs', 'a driver would be asked first');
    if (who === 'root') assert.deepEqual([exitCode, stdout], [0, '/etc\n'], stderr);
    else assert.match(stderr, /^IMAGE_NEEDS_DRIVER /);
    await assertNothingLeft(lab());
  });
});
