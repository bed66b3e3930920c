import assert from 'node:assert/strict';
import { chmod, mkdir, readFile, readlink, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, it } from 'mocha';
import { findBoundMounts, parseMountTable } from '#engine/mounts/mount-table.js';
import { describeForEach } from '../fixtures/each-who.js';

describeForEach('the file systems of a container', (lab, who) => {
  const data = (): string => join(lab().directory, 'data with space, comma:colon');
  before(async () => {
    await mkdir(data());
    await lab().give(data());
    await writeFile(join(data(), 'file'), 'content\n');
    await lab().give(join(data(), 'file'));
  });
  const sh = (script: string, changes = {}) => lab().run({ command: ['sh', '-c', script], ...changes });

  it('show a bind of a directory at a mount point that the image lacks, writable', async () => {
    await symlink(data(), join(lab().directory, 'link'));
    const { stdout, stderr } = await sh('cat /a/b/data/file && echo new >/a/b/data/new && ls /a/b', {
      binds: [`${lab().directory}/link:/a/b/data`],
    });
    assert.equal(stdout, 'content\ndata\n', stderr);
    assert.equal(await readFile(join(data(), 'new'), 'utf8'), 'new\n');
  });

  it('show a read-only bind of a directory and of a file, and neither can be written', async () => {
    const binds = [`${lab().directory}/link:/data:ro`, `${lab().directory}/link/file:/etc/deep/file:ro`];
    const { stdout } = await sh('cat /data/file /etc/deep/file; touch /data/x 2>&1; (echo x >/etc/deep/file) 2>&1', { binds });
    assert.match(stdout, /^content\ncontent\n.*Read-only file system\n.*Read-only file system\n$/);
  });

  it('show a read-only bind read-only all the way down, and nothing of what is being mounted', async () => {
    const { stdout } = await sh('cat /proc/self/mountinfo; touch /host/dev/shm/x 2>&1', { binds: ['/:/host:ro'] });
    assert.match(stdout, /Read-only file system|Permission denied|No such file/);
    assert.ok(!stdout.includes(`/host${lab().runDirectory}`), stdout);
    const [bound, ...below] = findBoundMounts(parseMountTable(stdout), '/host');
    // What an ordinary user cannot reach stays as it is, and out of reach.
    for (const mount of [bound, ...(who === 'root' ? below : [])]) assert.ok(mount?.flags.includes('ro'), `${mount?.point} is writable`);
  });

  it('let a mount point inside a read-only bind be provided, without a trace on the host', async () => {
    const { stdout, stderr } = await sh('ls /outer /outer/inner', {
      binds: [`${lab().directory}/link:/outer:ro`, '/usr/bin:/outer/inner:ro'],
    });
    assert.match(stdout, /file/, stderr);
    assert.match(stdout, /\bsh\b/);
    assert.ok(!(await sh('ls /outer', { binds: [`${lab().directory}/link:/outer:ro`] })).stdout.includes('inner'));
  });

  it('refuse a missing mount point inside a writable bind', async () => {
    const { stderr, exitCode } = await sh('true', { binds: [`${lab().directory}/link:/outer`, '/usr/bin:/outer/inner:ro'] });
    assert.match(stderr, /^MOUNT_POINT_MISSING /);
    assert.equal(exitCode, 255);
  });

  it('give a writable root that is gone with the container; the image stays as it is', async () => {
    const { stdout, stderr } = await sh('echo a >/created && mkdir /tmp/t && cat /created', {});
    assert.equal(stdout, 'a\n', stderr);
    assert.equal((await sh('ls /created /tmp/t', {})).exitCode, 2);
  });

  it('give a read-only root on demand, with a /tmp that can be written', async () => {
    const { stdout, exitCode } = await sh('touch /tmp/t && echo yes; touch /x 2>&1', { readOnly: true });
    assert.match(stdout, /^yes\n.*Read-only file system/);
    assert.equal(exitCode, 1);
  });

  it('keep the owner and mode of the image’s directories, also where a mount point was added to them', async () => {
    await mkdir(join(lab().image, 'kept'), { mode: 0o755 });
    await chmod(join(lab().image, 'kept'), 0o1755);
    const { stdout } = await sh('stat -c %a /kept; ls /kept', { binds: ['/usr/bin:/kept/added:ro'] });
    assert.equal(stdout, '1755\nadded\n');
  });

  it('do not follow a link of the image to the host', async () => {
    await symlink('/etc', join(lab().image, 'trap'));
    const { stdout, stderr } = await sh('ls /etc/sub; cat /trap/sub/file', { binds: [`${lab().directory}/link:/trap/sub:ro`] });
    assert.equal(stdout, 'file\nnew\ncontent\n', stderr);
  });

  it('have a /proc of the own processes only, a read-only /sys, and a minimal /dev that works', async () => {
    const { stdout, stderr } = await sh(
      'ls -d /proc/[0-9]* | wc -l; touch /sys/x 2>&1; echo x >/dev/null && head -c 4 /dev/zero | wc -c; head -c 4 /dev/urandom | wc -c; echo y >/dev/shm/y && cat /dev/shm/y; readlink /dev/fd /dev/ptmx; test -e /dev/sda -o -e /dev/vda -o -e /dev/kmsg || echo minimal',
    );
    const [processes, sys, ...rest] = stdout.split('\n');
    assert.ok(Number(processes) <= 5, `${processes} processes`);
    assert.match(sys ?? '', /Read-only file system|Permission denied/);
    assert.deepEqual(rest, ['4', '4', 'y', '/proc/self/fd', 'pts/ptmx', 'minimal', ''], stderr);
  });

  it('have namespaces of their own', async () => {
    const { stdout } = await sh('readlink /proc/self/ns/mnt /proc/self/ns/pid /proc/self/ns/ipc /proc/self/ns/uts');
    const own = await Promise.all(['mnt', 'pid', 'ipc', 'uts'].map((name) => readlink(`/proc/self/ns/${name}`)));
    const inside = stdout.trim().split('\n');
    assert.equal(inside.length, 4);
    for (const [index, name] of inside.entries()) assert.notEqual(name, own[index]);
  });

  if (who === 'root') {
    it('keep root away from what would change the host', async () => {
      const { stdout } = await sh(
        '(echo x >/proc/sys/kernel/core_pattern) 2>&1; mknod /disk b 254 0 2>&1; ls /proc/1/root 2>&1; mount -t tmpfs t /tmp 2>&1; head -c 1 /proc/keys | wc -c',
      );
      assert.match(stdout, /core_pattern: Read-only.*\n.*mknod: .*not permitted\n.*Permission denied\n.*mount: (?:.*\n)*0\n$/);
    });
  }
});
