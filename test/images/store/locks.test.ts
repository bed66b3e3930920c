import assert from 'node:assert/strict';
import { once } from 'node:events';
import { spawn } from 'node:child_process';
import { mkdir, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { findProcess } from '#base/process.js';
import { claimLock } from '#images/store/claims.js';
import { lockWork } from '#images/store/locks.js';
import { makeOwnedName, type ImageStore } from '#images/store/place.js';
import { inLab } from '../builder.js';

const options = { what: 'a thing', waitMs: 60_000 };
const lockIn = (store: ImageStore): string => join(store.directory, 'locks/thing.lock');

/** As if somebody had it; of a time to come, so that no age makes it free. */
async function giveTo(store: ImageStore, owner: string): Promise<string> {
  await mkdir(lockIn(store));
  const file = join(lockIn(store), owner);
  await writeFile(file, '');
  await utimes(file, 4e9, 4e9);
  return file;
}

describe('locks of the image store', () => {
  it('are had by one at a time, however many want one at once', () =>
    inLab(async ({ store }) => {
      let inside = 0;
      const work = async (): Promise<void> => {
        const lock = await claimLock(store, 'thing', options);
        inside += 1;
        assert.equal(inside, 1);
        await new Promise(setImmediate);
        lock.requireHeld();
        inside -= 1;
        await lock.release();
      };
      await Promise.all(Array.from({ length: 8 }, work));
      for (const part of ['locks', 'staged']) assert.deepEqual(await readdir(join(store.directory, part)), []);
    }));

  it('of a process that was killed are free at once, and of one that stands still they are not', () =>
    inLab(async ({ store }) => {
      const child = spawn('sleep', ['600']);
      await once(child, 'spawn');
      const own = await makeOwnedName();
      const startTicks = findProcess(child.pid ?? 0)?.startTicks;
      await giveTo(store, own.replace(/-\d+-\d+\.([0-9a-f]+)$/, `-${child.pid}-${startTicks}.$1`));
      child.kill('SIGSTOP');
      const stop = new AbortController();
      const given = claimLock(store, 'thing', { ...options, signal: stop.signal });
      await new Promise((resolve) => setTimeout(resolve, 120));
      stop.abort();
      await assert.rejects(given, { name: 'AbortError' });
      child.kill('SIGKILL');
      await once(child, 'exit');
      const lock = await lockWork(store, 'thing', { what: 'a thing' });
      await lock.release();
      assert.deepEqual(await readdir(join(store.directory, 'locks')), []);
    }));

  it('of another machine are theirs as long as they are renewed', () =>
    inLab(async ({ store }) => {
      const file = await giveTo(store, (await makeOwnedName()).replace(/^[0-9a-f]{8}/, '00000000'));
      await assert.rejects(claimLock(store, 'thing', { what: 'a thing', waitMs: 0 }), {
        code: 'IMAGE_STORE_BUSY',
        message: /Cannot use a thing/,
      });
      await utimes(file, 1, 1);
      await (await claimLock(store, 'thing', options)).release();
    }));

  it('that somebody else took over are lost, and theirs is not let go of', () =>
    inLab(async ({ store }) => {
      const first = await claimLock(store, 'thing', options);
      const [file = ''] = await readdir(lockIn(store));
      await rm(join(lockIn(store), file));
      const second = await claimLock(store, 'thing', options);
      assert.throws(() => first.requireHeld(), { code: 'IMAGE_STORE_LOCK_LOST' });
      await first.release();
      second.requireHeld();
      await second.release();
    }));
});
