import assert from 'node:assert/strict';
import { mkdir, readFile, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { it } from 'mocha';
import { describeForEach } from '../fixtures/each-who.js';

describeForEach('the files of a container', (lab, who) => {
  const sh = (script: string, changes: Parameters<ReturnType<typeof lab>['run']>[0] = {}) =>
    lab().run({ ...changes, command: ['sh', '-c', script] });
  const folder = async (name: string): Promise<string> => {
    const path = join(lab().directory, name);
    await mkdir(path, { recursive: true });
    await lab().give(path);
    return path;
  };

  it('keep programs, set-user-id bits and devices of a bind from working where it says so', async () => {
    const source = await folder('guarded');
    await writeFile(join(source, 'program'), '#!/bin/sh\necho ran\n', { mode: 0o755 });
    const bind = (options: string) => [`${source}:/guarded:${options}`];
    const look = '/guarded/program; grep " /guarded " /proc/self/mountinfo | cut -d" " -f6; touch /guarded/made 2>&1 && echo written';
    const free = await sh(look, { binds: bind('rw') });
    assert.match(free.stdout, /^ran\nrw[^\n]*\nwritten\n$/);
    const guarded = await sh(look, { binds: bind('ro,nosuid,nodev,noexec') });
    assert.match(guarded.stderr, /Permission denied/);
    assert.match(guarded.stdout, /^ro,nosuid,nodev,noexec[^\n]*\ntouch:.*Read-only file system\n$/);
    const writable = await sh(look, { binds: bind('noexec') });
    assert.match(writable.stdout, /^rw,noexec[^\n]*\nwritten\n$/);
  });

  it('skip an optional bind without a source, and refuse one that is needed', async () => {
    assert.equal((await sh('ls -d /nothing', { binds: ['/no/such/place:/nothing:optional'] })).exitCode, 2);
    assert.match((await sh('true', { binds: ['/no/such/place:/nothing'] })).stderr, /^MOUNT_SOURCE_MISSING /);
    assert.match((await sh('true', { binds: ['/tmp:/t:image-src=/x'] })).stderr, /^BIND_INVALID .*image-src/);
  });

  it('have a scratch directory of the size that was asked for', async () => {
    const { stdout, stderr } = await sh(
      'stat -f -c "%S %b" /scratch; dd if=/dev/zero of=/scratch/x bs=1M count=2 2>&1 | grep -o "No space"',
      {
        options: { scratch: ['/scratch:1M'] },
      },
    );
    assert.equal(stdout, '4096 256\nNo space\n', stderr);
  });

  it('have /tmp, /var/tmp and scratch directories in the work directory', async () => {
    const workdir = await folder('work');
    const options = { workdir, scratch: ['/scratch'] };
    const { stdout, stderr } = await sh('echo a >/tmp/a; echo b >/var/tmp/b; echo c >/scratch/c; stat -c %a /tmp', { options });
    assert.equal(stdout, '1777\n', stderr);
    assert.deepEqual((await readdir(workdir)).toSorted(), ['scratch', 'tmp', 'var_tmp']);
    for (const [path, text] of [
      ['tmp/a', 'a\n'],
      ['var_tmp/b', 'b\n'],
      ['scratch/scratch/c', 'c\n'],
    ] as const)
      assert.equal(await readFile(join(workdir, path), 'utf8'), text);
    await rm(join(workdir, 'scratch'), { recursive: true });
    await symlink('/etc', join(workdir, 'scratch'));
    assert.match((await sh('true', { options })).stderr, /^WORKDIR_UNUSABLE .*scratch is a symbolic link/);
    await rm(workdir, { recursive: true });
    assert.match((await sh('true', { options })).stderr, /^WORKDIR_UNUSABLE /);
  });

  it('have HOME where it was asked for: bound, in memory, or nowhere', async () => {
    const source = await folder('custom');
    await writeFile(join(source, 'mine'), 'mine');
    const look = 'echo "$HOME"; cat "$HOME/mine" 2>/dev/null; cd; pwd; touch "$HOME/new" && echo written';
    const bound = await sh(look, { options: { home: `${source}:/home/me` } });
    assert.equal(bound.stdout, '/home/me\nmine/home/me\nwritten\n', bound.stderr);
    assert.ok((await stat(join(source, 'new'))).isFile());
    const memory = await sh(look, { options: { home: 'tmpfs:/home/me' } });
    assert.equal(memory.stdout, '/home/me\n/home/me\nwritten\n', memory.stderr);
    assert.equal((await sh('echo "$HOME"', { options: { home: 'none' } })).stdout, '/\n');
    const own = await sh('echo "$HOME"; touch "$HOME/own" && echo written', { options: { home: 'bind' }, binds: [] });
    if (who === 'user') assert.equal(own.stdout, `${join(lab().directory, 'home')}\nwritten\n`, own.stderr);
    assert.equal((await sh('echo "$HOME"', { env: ['HOME=/mine'], options: { home: 'none' } })).stdout, '/mine\n');
  });

  it('can be written over the image up to the size that was asked for', async () => {
    await lab().give(join(lab().image, 'etc'));
    const fill = 'dd if=/dev/zero of=/etc/big bs=1M count=3 2>&1 | grep -o "No space"; true';
    assert.equal((await sh(fill, { options: { rootSize: '1M' } })).stdout, 'No space\n');
    assert.equal((await sh(fill, { options: { rootSize: '8M' } })).stdout, '');
  });
});
