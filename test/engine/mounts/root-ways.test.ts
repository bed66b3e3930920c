import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { tryWays } from '#engine/lifecycle/try-ways.js';
import { chooseWay, describeChoice, type Circumstances, type RootNeed, type RootWay } from '#engine/mounts/root-ways.js';
import { inTemporaryDirectory } from '../fixtures/temporary.js';

const ALL = ['squashfuse_ll', 'squashfuse', 'unsquashfs', 'fuse2fs', 'fuse-overlayfs'];

/** With these programs, and no other. */
async function choose(need: RootNeed, programs: readonly string[], changes: Partial<Circumstances> = {}) {
  return inTemporaryDirectory(async (directory) => {
    const bin = join(directory, 'bin');
    await mkdir(bin);
    for (const name of programs) await writeFile(join(bin, name), '', { mode: 0o755 });
    const circumstances = { identity: 'user', hasUsers: false, directory: '/images', programDirectories: [bin], ...changes } as const;
    const chosen = await chooseWay(need, circumstances);
    return { ...chosen, passed: chosen.passed.map(({ way, why }) => `${way}: ${why}`) };
  });
}

describe('the table of ways to a root file system', () => {
  it('takes the kernel first where it can be, and looks for nothing else', async () => {
    const nowhere = { programDirectories: ['/nowhere'] };
    for (const need of ['squashfs', 'ext3', 'overlay'] as const) {
      const { way, passed } = await choose(need, [], { ...nowhere, identity: 'root', avoid: [] });
      // A machine may have no loop devices.
      if (passed[0] !== 'kernel: there are no loop devices here') assert.deepEqual([way, passed], ['kernel', []]);
    }
  });

  it('names every way that it passes, and why', async () => {
    const { way, passed } = await choose('squashfs', ['unsquashfs']);
    assert.equal(way, 'unpack');
    assert.deepEqual(passed, [
      'kernel: it mounts files for root alone',
      'squashfuse_ll: squashfuse_ll is not installed',
      'squashfuse: squashfuse is not installed',
    ]);
  });

  it('shows no FUSE mount to a container of several users, which could not see it', async () => {
    const { way } = await choose('squashfs', ALL, { identity: 'fakeroot', hasUsers: true });
    assert.equal(way, 'unpack');
    assert.equal((await choose('ext3', ALL, { identity: 'fakeroot', hasUsers: true })).way, undefined);
  });

  it('has nowhere to unpack without a directory', async () => {
    const { way, passed } = await choose('squashfs', ['unsquashfs'], { directory: undefined });
    assert.equal(way, undefined);
    assert.equal(passed.at(-1), 'unpack: there is no place to unpack it in');
  });

  it('asks for a driver only when its turn comes', async () => {
    let asked = 0;
    const hasDriver = async () => ((asked += 1), true);
    assert.equal((await choose('overlay', ALL, { hasDriver })).way, 'kernel');
    assert.equal(asked, 0);
    assert.equal((await choose('overlay', ALL, { hasDriver, avoid: ['kernel'] })).way, 'driver');
    assert.equal(asked, 1);
    assert.equal((await choose('overlay', [], { avoid: ['kernel'] })).way, 'copy');
  });
});

describe('trying ways', () => {
  const circumstances: Circumstances = { identity: 'user', hasUsers: false, programDirectories: ['/nowhere'] };
  const attempts = (failing: readonly RootWay[], final: boolean) => {
    const lines: string[] = [];
    return {
      lines,
      need: 'overlay' as const,
      circumstances,
      log: (line: string) => lines.push(line),
      attempt: async ({ way }: { way: RootWay }) => {
        if (failing.includes(way)) throw new Error(`${way} failed`);
        return way;
      },
      explain: (thrown: unknown) => (final ? undefined : String((thrown as Error).message)),
      giveUp: () => new Error('none'),
    };
  };

  it('goes on after a failure, and says in one line per choice what was passed', async () => {
    const trying = attempts(['kernel'], false);
    assert.equal(await tryWays(trying), 'copy');
    assert.deepEqual(trying.lines, [
      'overlay by kernel',
      'overlay by copy; not by kernel: kernel failed; driver: no enabled plugin offers to; fuse-overlayfs: fuse-overlayfs is not installed',
    ]);
  });

  it('ends with the first failure where none is left, and at once where one is final', async () => {
    await assert.rejects(tryWays(attempts(['kernel', 'copy'], false)), { message: 'kernel failed' });
    const final = attempts(['kernel'], true);
    await assert.rejects(tryWays(final), { message: 'kernel failed' });
    assert.equal(final.lines.length, 1);
    const none = { ...attempts([], false), circumstances: { ...circumstances, avoid: ['kernel', 'copy'] as const } };
    await assert.rejects(tryWays(none), { message: 'none' });
  });

  it('describes a choice that passed nothing in three words', () => {
    assert.equal(describeChoice('overlay', { way: 'kernel', passed: [] }), 'overlay by kernel');
  });
});
