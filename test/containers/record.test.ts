import assert from 'node:assert/strict';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import {
  chooseContainerId,
  containerId,
  createRecord,
  findPlace,
  judgeProcess,
  judgeStatus,
  listContainers,
  outputLine,
  openContainer,
  readRecord,
  readState,
  referToProcess,
  removeRecord,
  sweepRecords,
  writeState,
  type ContainerRoots,
  type NewRecord,
  type OutputLine,
  type ProcessReference,
} from '#containers/containers.js';
import * as v from 'valibot';
import { inTemporaryDirectory } from '../engine/fixtures/temporary.js';
import { needRoot } from '../helpers/need.js';

const draft: NewRecord = {
  image: './rootfs',
  command: ['sleep', '60'],
  autoRemove: false,
  tty: false,
  interactive: false,
  invocation: { words: ['./rootfs', 'sleep', '60'], pluginDirectories: [], cwd: '/home/ann' },
};
const kept = { isKept: true };

describe('records of containers', () => {
  it('are read as they were made, by id, by name and by a part of the id', async () => {
    await withRoots(async (roots) => {
      const place = await createRecord(roots, { ...draft, name: 'web', runtime: 'crun' }, { isKept: false });
      assert.equal(place.root, roots.kept);
      assert.ok(v.is(containerId, place.id));
      for (const what of [place.id, 'web', place.id.slice(0, 2)]) assert.deepEqual(await findPlace(roots, what), place);
      const { record, state, status } = await openContainer(place);
      assert.equal(record.name, 'web');
      assert.deepEqual(record.invocation, draft.invocation);
      assert.deepEqual([state, status], [{ status: 'created' }, { status: 'created' }]);
    });
  });

  it('are where nobody else can look', async () => {
    await withRoots(async (roots) => {
      const place = await createRecord(roots, draft, kept);
      for (const [path, mode] of [
        [roots.kept, '700'],
        [place.path, '700'],
        [join(place.path, 'container.json'), '600'],
        [join(place.path, 'state.json'), '600'],
      ] as const) {
        assert.equal(spawnSync('stat', ['-c', '%a', path], { encoding: 'utf8' }).stdout.trim(), mode, path);
      }
    });
  });

  it('a container in the foreground without a name is kept apart, and listed with the others, the youngest first', async () => {
    await withRoots(async (roots) => {
      const first = await createRecord(roots, draft, kept);
      const second = await createRecord(roots, draft, { isKept: false });
      assert.equal(second.root, roots.passing);
      const { containers } = await listContainers(roots);
      const sorted = containers.toSorted((a, b) => b.record.createdAt.localeCompare(a.record.createdAt));
      assert.deepEqual(containers, sorted);
      assert.deepEqual(new Set(containers.map(({ record }) => record.id)), new Set([first.id, second.id]));
    });
  });

  it('there are none where nothing was ever made', async () => {
    await withRoots(async (roots) => {
      assert.deepEqual(await listContainers(roots), { containers: [], problems: [] });
      await assert.rejects(findPlace(roots, 'web'), { code: 'CONTAINER_NOT_FOUND' });
      assert.deepEqual(await sweepRecords(roots), []);
    });
  });

  it('a part of an id that several have is refused, and so is a part of one character', async () => {
    await withRoots(async (roots) => {
      await createRecord(roots, { ...draft, id: 'aaaa00000001' }, kept);
      await createRecord(roots, { ...draft, id: 'aaaa00000002' }, { isKept: false });
      await assert.rejects(findPlace(roots, 'aaaa'), { code: 'CONTAINER_AMBIGUOUS' });
      await assert.rejects(findPlace(roots, 'a'), { code: 'CONTAINER_NOT_FOUND' });
      assert.equal((await findPlace(roots, 'aaaa00000002')).root, roots.passing);
    });
  });

  it('what is no id and no name is not found, and touches no path', async () => {
    await withRoots(async (roots) => {
      await createRecord(roots, { ...draft, name: 'web' }, kept);
      for (const what of ['', '..', '../names/web', 'web/', 'names', 'web\u001b[2J', '*', 'x'.repeat(10_000)]) {
        await assert.rejects(findPlace(roots, what), { code: 'CONTAINER_NOT_FOUND' }, JSON.stringify(what).slice(0, 40));
      }
      await assert.rejects(createRecord(roots, { ...draft, name: '../web' }, kept), { code: 'CONTAINER_NAME_INVALID' });
    });
  });

  it('a state replaces the one before as a whole', async () => {
    await withRoots(async (roots) => {
      const place = await createRecord(roots, draft, kept);
      const monitor = own();
      await writeState(place, { status: 'running', monitor, startedAt: '2026-11-23T12:00:00.000Z' });
      await writeState(place, { status: 'stopped', exitCode: 3 });
      assert.deepEqual(await readState(place), { status: 'stopped', exitCode: 3 });
      assert.deepEqual((await readdir(place.path)).toSorted(), ['container.json', 'state.json']);
    });
  });

  it('damaged ones are told and hide no other', async () => {
    await withRoots(async (roots) => {
      const good = await createRecord(roots, draft, kept);
      const damage: readonly [string, string, RegExp][] = [
        ['container.json', '{', /not JSON/],
        ['container.json', JSON.stringify({ version: 2 }), /version/],
        ['state.json', '', /not JSON/],
        ['state.json', JSON.stringify({ status: 'running', command: { pid: -1 } }), /pid/],
        ['state.json', JSON.stringify({ status: 'stopped', more: 1 }), /more/],
      ];
      for (const [file, text] of damage) {
        const place = await createRecord(roots, draft, kept);
        await writeFile(join(place.path, file), text);
      }
      const stranger = await createRecord(roots, draft, kept);
      await writeFile(join(stranger.path, 'container.json'), await readFile(join(good.path, 'container.json')));
      const { containers, problems } = await listContainers(roots);
      assert.deepEqual(
        containers.map(({ record }) => record.id),
        [good.id],
      );
      assert.equal(problems.length, damage.length + 1);
      const told = problems.map(({ error }) => String(error));
      for (const [, , pattern] of damage)
        assert.ok(
          told.some((text) => pattern.test(text)),
          `${String(pattern)}: ${told.join('\n')}`,
        );
    });
  });

  it('a damaged one can be removed, and its name is free then', async () => {
    await withRoots(async (roots) => {
      const place = await createRecord(roots, { ...draft, name: 'web' }, kept);
      await writeFile(join(place.path, 'container.json'), '');
      await removeRecord(await findPlace(roots, 'web'));
      assert.deepEqual(await readdir(join(roots.kept, 'names')), []);
      await createRecord(roots, { ...draft, name: 'web' }, kept);
    });
  });

  it('links, and files that others may write to or have made, are refused', async function () {
    await withRoots(async (roots) => {
      const [linked, open] = [await createRecord(roots, draft, kept), await createRecord(roots, draft, kept)];
      await removeRecord(linked);
      await symlink(open.path, linked.path);
      await assert.rejects(readRecord(linked), { code: 'CONTAINERS_UNSAFE' });
      await chmod(join(open.path, 'container.json'), 0o666);
      await assert.rejects(readRecord(open), { code: 'CONTAINER_RECORD_INVALID' });
      await chmod(open.path, 0o777);
      await assert.rejects(readRecord(open), { code: 'CONTAINERS_UNSAFE' });
      await chmod(roots.kept, 0o777);
      await assert.rejects(listContainers(roots), { code: 'CONTAINERS_UNSAFE' });
      await assert.rejects(createRecord(roots, draft, kept), { code: 'CONTAINERS_UNSAFE' });
    });
  });

  it('those of another user are refused, by root too', async function () {
    needRoot(this);
    await withRoots(async (roots) => {
      const place = await createRecord(roots, draft, kept);
      await chown(join(place.path, 'state.json'), 60_123, 60_123);
      await assert.rejects(readState(place), { code: 'CONTAINER_RECORD_INVALID' });
      await chown(roots.kept, 60_123, 60_123);
      await assert.rejects(listContainers(roots), { code: 'CONTAINERS_UNSAFE' });
    });
  });
});

describe('names of containers', () => {
  it('belong to one of many who claim one at once', async () => {
    await withRoots(async (roots) => {
      for (let round = 0; round < 5; round += 1) {
        const name = `web-${round}`;
        const made = await Promise.allSettled(Array.from({ length: 20 }, () => createRecord(roots, { ...draft, name }, kept)));
        const winners = made.filter((one) => one.status === 'fulfilled');
        assert.equal(winners.length, 1);
        for (const one of made) if (one.status === 'rejected') assert.equal((one.reason as { code?: string }).code, 'CONTAINER_NAME_TAKEN');
        assert.equal((await findPlace(roots, name)).id, winners[0]?.value.id);
      }
      // Nothing is left of those who lost.
      assert.equal((await readdir(roots.kept)).length, 6);
    });
  });

  it('can be had again once their container is removed', async () => {
    await withRoots(async (roots) => {
      const first = await createRecord(roots, { ...draft, name: 'web' }, kept);
      await assert.rejects(createRecord(roots, { ...draft, name: 'web' }, kept), {
        code: 'CONTAINER_NAME_TAKEN',
        data: { name: 'web', id: first.id },
      });
      await removeRecord(first);
      await removeRecord(first);
      const second = await createRecord(roots, { ...draft, name: 'web' }, kept);
      assert.deepEqual(await findPlace(roots, 'web'), second);
    });
  });

  it('that a killed process claimed are free, those of a living one are not', async () => {
    await withRoots(async (roots) => {
      await createRecord(roots, draft, kept);
      const living = await sleeper();
      const claim = await claimAs(roots, 'web', living.reference);
      await assert.rejects(createRecord(roots, { ...draft, name: 'web' }, kept), { code: 'CONTAINER_NAME_TAKEN' });
      await living.end();
      const made = await createRecord(roots, { ...draft, name: 'web' }, kept);
      assert.deepEqual(await findPlace(roots, 'web'), made);
      assert.ok(!(await readdir(join(roots.kept, 'names', 'web'))).includes(claim));
    });
  });
});

describe('the true status of a container', () => {
  it('is that it runs while its monitor or its command does', async () => {
    const [monitor, command] = [await sleeper(), await sleeper()];
    const state = { status: 'running', monitor: monitor.reference, command: command.reference } as const;
    assert.deepEqual(judgeStatus(state), { status: 'running' });
    await command.end();
    assert.deepEqual(judgeStatus(state), { status: 'running' });
    await monitor.end();
    const { status, exitCode, reason } = judgeStatus(state);
    assert.deepEqual([status, exitCode], ['stopped', 137]);
    assert.match(reason ?? '', /monitor was killed/);
  });

  it('is that it has stopped where another process has the pid by now', () => {
    const reference = own();
    assert.equal(judgeProcess(reference), 'alive');
    for (const other of [{ startTicks: '1' }, { bootId: '00000000-0000-4000-8000-000000000000' }]) {
      assert.equal(judgeProcess({ ...reference, ...other }), 'dead');
      assert.equal(judgeStatus({ status: 'running', monitor: { ...reference, ...other } }).status, 'stopped');
    }
  });

  it('is left as it was written where the process is of another pid namespace', () => {
    const foreign = { ...own(), startTicks: '1', pidNamespace: '1' };
    assert.equal(judgeProcess(foreign), 'foreign');
    assert.deepEqual(judgeStatus({ status: 'running', monitor: foreign }), { status: 'running' });
  });

  it('is that it stopped before it ran where its monitor was killed while it started', () => {
    assert.equal(judgeStatus({ status: 'starting' }).status, 'stopped');
    assert.deepEqual(judgeStatus({ status: 'stopped', exitCode: 3 }), { status: 'stopped', exitCode: 3 });
  });
});

describe('what killed processes left of containers', () => {
  it('is removed, and nothing of the living', async () => {
    await withRoots(async (roots) => {
      const [living, killed] = [await sleeper(), await sleeper()];
      const autoRemove = { ...draft, autoRemove: true };
      const run = (monitor: ProcessReference) => ({ isKept: false, state: { status: 'running', monitor } as const });
      const running = await createRecord(roots, autoRemove, run(living.reference));
      const lost = await createRecord(roots, autoRemove, run(killed.reference));
      const stopped = await createRecord(roots, { ...draft, name: 'web' }, { ...run(killed.reference), isKept: true });
      const busy = await stageAs(roots, living.reference, 'staged');
      for (const kind of ['staged', 'removed'] as const) await stageAs(roots, killed.reference, kind);
      await claimAs(roots, 'api', killed.reference);
      await killed.end();
      assert.deepEqual(await sweepRecords(roots), [lost.id]);
      assert.deepEqual(await readdir(roots.passing), [running.id]);
      assert.deepEqual(new Set(await readdir(roots.kept)), new Set([stopped.id, busy, 'names']));
      assert.deepEqual(await readdir(join(roots.kept, 'names')), ['web']);
      await living.end();
    });
  });

  it('may have directories without any mode', async () => {
    await withRoots(async (roots) => {
      const place = await createRecord(roots, draft, kept);
      const work = join(place.path, 'writable', 'work', 'work');
      await mkdir(join(work, 'deep'), { recursive: true });
      await chmod(work, 0);
      await removeRecord(place);
      assert.deepEqual(await readdir(roots.kept), []);
    });
  });
});

describe('a line of output', () => {
  it('is text or base64, of a time and a stream', () => {
    const good: OutputLine = { time: '2026-11-23T12:00:00.000Z', stream: 'stdout', text: 'a\n' };
    assert.ok(v.is(outputLine, good));
    assert.ok(v.is(outputLine, { time: good.time, stream: 'stderr', base64: '/w==' }));
    for (const bad of [
      { ...good, base64: '' },
      { ...good, stream: 'stdin' },
      { ...good, time: 'now' },
      { ...good, text: undefined },
    ]) {
      assert.ok(!v.is(outputLine, bad), JSON.stringify(bad));
    }
  });
});

async function withRoots(use: (roots: ContainerRoots) => Promise<void>): Promise<void> {
  await inTemporaryDirectory((directory) =>
    use({ kept: join(directory, 'state', 'containers'), passing: join(directory, 'run', 'containers') }),
  );
}

function own(): ProcessReference {
  const reference = referToProcess(process.pid);
  assert.ok(reference);
  return reference;
}

async function sleeper(): Promise<{ reference: ProcessReference; end: () => Promise<void> }> {
  const child: ChildProcess = spawn('sleep', ['600'], { stdio: 'ignore' });
  await once(child, 'spawn');
  const reference = referToProcess(child.pid ?? 0);
  assert.ok(reference);
  const end = async (): Promise<void> => {
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  };
  return { reference, end };
}

function ownedNameOf({ pidNamespace, pid, startTicks, bootId }: ProcessReference): string {
  return [chooseContainerId(), pidNamespace, pid, startTicks, bootId.replaceAll('-', '')].join('.');
}

/** As a process does that claims a name and is killed before it has put the container in its place. */
async function claimAs({ kept: root }: ContainerRoots, name: string, owner: ProcessReference): Promise<string> {
  const claim = ownedNameOf(owner);
  await mkdir(join(root, 'names', name), { recursive: true });
  await writeFile(join(root, 'names', name, claim), '');
  return claim;
}

async function stageAs({ kept: root }: ContainerRoots, owner: ProcessReference, kind: 'staged' | 'removed'): Promise<string> {
  const name = `${ownedNameOf(owner)}.${kind}`;
  await mkdir(join(root, name));
  await writeFile(join(root, name, 'container.json'), '');
  return name;
}
