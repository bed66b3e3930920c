import assert from 'node:assert/strict';
import { chmod, chown, lstat, mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { closeSession, openSession, removeStaleSessions } from '#engine/lifecycle/session.js';
import { findProcess, readPidNamespace } from '#engine/lifecycle/process-tree.js';
import { inTemporaryDirectory } from '../fixtures/temporary.js';

/** A session of a process that has ended; a test changes the part it is about. */
async function makeSession(run: string, { pid = 2 ** 22 + 1, startTicks = '1', namespace = '' } = {}): Promise<string> {
  const name = `abcdefghij12.${namespace || (await readPidNamespace())}.${pid}.${startTicks}`;
  await mkdir(join(run, name, 'root', 'deep'), { recursive: true });
  await writeFile(join(run, name, 'fstab'), '');
  return name;
}

describe('a session', () => {
  it('is a directory of this user alone, gone when it is closed', () =>
    inTemporaryDirectory(async (directory) => {
      const run = join(directory, 'made', 'here');
      const session = await openSession(run);
      assert.match(session.id, /^[a-z0-9]{12}$/);
      assert.equal((await lstat(session.path)).mode & 0o777, 0o700);
      assert.equal((await lstat(run)).mode & 0o777, 0o700);
      await closeSession(session);
      assert.deepEqual(await readdir(run), []);
    }));

  it('is refused in a directory to which others may write, or that is none', () =>
    inTemporaryDirectory(async (directory) => {
      const open = join(directory, 'open');
      await mkdir(open);
      await chmod(open, 0o720);
      await assert.rejects(openSession(open), { code: 'RUN_DIRECTORY_UNSAFE' });
      await symlink(directory, join(directory, 'link'));
      await assert.rejects(openSession(join(directory, 'link')), { code: 'RUN_DIRECTORY_UNSAFE' });
      await writeFile(join(directory, 'file'), '');
      await assert.rejects(openSession(join(directory, 'file')), { code: 'RUN_DIRECTORY_UNSAFE' });
    }));

  it('is refused in a directory of someone else (needs root to make one)', async function () {
    if (process.getuid?.() !== 0) return this.skip();
    await inTemporaryDirectory(async (directory) => {
      await chown(directory, 60_123, 60_123);
      await assert.rejects(openSession(directory), { code: 'RUN_DIRECTORY_UNSAFE' });
    });
  });
});

describe('removing stale sessions', () => {
  it('removes those of processes that have ended, and those whose pid is another process now', () =>
    inTemporaryDirectory(async (run) => {
      await makeSession(run);
      await makeSession(run, { pid: process.pid, startTicks: '1' });
      await removeStaleSessions(run);
      assert.deepEqual(await readdir(run), []);
    }));

  it('leaves those of living processes, of other pid namespaces, and what is no session', () =>
    inTemporaryDirectory(async (run) => {
      const own = findProcess(process.pid);
      assert.ok(own);
      const kept = [await makeSession(run, own), await makeSession(run, { namespace: '1' })];
      await mkdir(join(run, 'something-else'));
      assert.deepEqual(await removeStaleSessions(run), []);
      assert.deepEqual((await readdir(run)).toSorted(), [...kept, 'something-else'].toSorted());
    }));

  it('can be done by many at once', () =>
    inTemporaryDirectory(async (run) => {
      for (let pid = 2 ** 22 + 1; pid < 2 ** 22 + 30; pid += 1) await makeSession(run, { pid });
      await Promise.all(Array.from({ length: 8 }, () => removeStaleSessions(run)));
      assert.deepEqual(await readdir(run), []);
    }));
});
