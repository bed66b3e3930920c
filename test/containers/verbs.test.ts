import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { constants } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { after, before, describe, it } from 'mocha';
import {
  findContainer,
  listContainers,
  openContainer,
  parseSignal,
  pruneContainers,
  readOutput,
  referToProcess,
  removeContainer,
  signalContainer,
  stopContainer,
  waitForExit,
  watchStats,
  writeState,
  type Container,
} from '#containers/containers.js';
import { needTool } from '../helpers/need.js';
import { openShelf, untilGone, type Shelf } from './fixtures/shelf.js';

const { SIGKILL, SIGTERM, SIGINT, SIGUSR1, SIGSTOP } = constants.signals;
/** Says when it is ready for signals. */
const TRAPS = `trap 'echo got TERM; exit 7' TERM; trap 'echo got USR1' USR1; echo ready; while :; do sleep 0.02; done`;
const DEAF = `trap '' TERM; echo ready; while :; do sleep 0.02; done`;

describe('verbs on containers', () => {
  let shelf: Shelf;
  before(async function () {
    needTool(this, 'setpriv');
    shelf = await openShelf();
  });
  after(() => shelf?.close());

  async function startReady(script: string): Promise<Container> {
    const container = await shelf.start(['sh', '-c', script]);
    await untilWritten(container, 'ready\n');
    return container;
  }

  it('stop lets the command end as it likes', async () => {
    const { place } = await startReady(TRAPS);
    await stopContainer(place, { signal: SIGTERM, timeoutMs: 60_000 });
    const { status } = await openContainer(place);
    assert.deepEqual(status, { status: 'stopped', exitCode: 7 });
    assert.match(await readAll(place), /monitor got SIGTERM\n.*got TERM\n/s);
    await stopContainer(place, { signal: SIGTERM, timeoutMs: 0 });
  });

  it('the exit code is never lost between a look at the record and a look at the processes', async () => {
    for (let round = 0; round < 10; round += 1) {
      const { place } = await shelf.start(['sh', '-c', 'exit 3']);
      let status = 'starting';
      while (status !== 'stopped') {
        const found = await openContainer(place);
        ({ status } = found.status);
        if (status === 'stopped') assert.equal(found.status.exitCode, 3, found.status.reason);
      }
      await removeContainer(place, { force: false });
    }
  });

  it('stop kills what has not ended in time', async () => {
    const { place } = await startReady(DEAF);
    await stopContainer(place, { signal: SIGTERM, timeoutMs: 100 });
    assert.deepEqual((await openContainer(place)).status, { status: 'stopped', exitCode: 137 });
  });

  it('stop ends one whose monitor hangs', async () => {
    const container = await startReady(DEAF);
    const { monitor } = container.state;
    assert.ok(monitor);
    process.kill(monitor.pid, SIGSTOP);
    await stopContainer(container.place, { signal: SIGTERM, timeoutMs: 50 });
    assert.equal((await openContainer(container.place)).status.exitCode, 137);
    await untilGone(container, 'command');
  });

  it('kill sends a signal, by the monitor where plugins are to see it, and does not wait', async () => {
    const { place } = await startReady(TRAPS);
    signalContainer(await openContainer(place), SIGUSR1);
    await untilWritten({ place }, 'got USR1\n');
    assert.match(await readAll(place), /monitor got SIGUSR1/);
    signalContainer(await openContainer(place), SIGKILL);
    assert.equal(await waitForExit(place), 137);
    assert.doesNotMatch(await readAll(place), /monitor got SIGKILL/);
    assert.throws(() => signalContainer({ ...blank(place), status: { status: 'stopped' } }, SIGKILL), { code: 'CONTAINER_NOT_RUNNING' });
  });

  it('a process that has the pid of a dead command by now gets no signal', async () => {
    const { place } = await startReady(TRAPS);
    const container = await openContainer(place);
    const other = referToProcess(process.pid);
    assert.ok(other);
    const usedAgain = { ...other, startTicks: String(Number(other.startTicks) - 1) };
    const forged: Container = { ...container, state: { status: 'running', monitor: usedAgain, command: usedAgain } };
    assert.throws(() => signalContainer(forged, SIGKILL), { code: 'CONTAINER_NOT_RUNNING' });
    const elsewhere = { ...other, pidNamespace: '1' };
    const foreign: Container = { ...container, state: { status: 'running', monitor: elsewhere, command: elsewhere } };
    assert.throws(() => signalContainer(foreign, SIGKILL), { code: 'CONTAINER_ELSEWHERE' });
    await removeContainer(place, { force: true });
  });

  it('signals have names and numbers, and no others', () => {
    for (const text of ['INT', 'SIGINT', 'sigint', '2']) assert.equal(parseSignal(text), SIGINT);
    for (const text of ['', '0', '65', 'NONE', '-9', '1e1', 'SIGSIGINT', '__proto__']) {
      assert.throws(() => parseSignal(text), { code: 'SIGNAL_UNKNOWN' }, text);
    }
  });

  it('wait answers with the exit code, also of one that removes itself, to all who wait', async () => {
    const { place } = await shelf.start(['sh', '-c', 'while [ ! -e "$0" ]; do sleep 0.02; done; exit 3', join(shelf.roots.kept, 'go')], {
      autoRemove: true,
    });
    const waiting = Promise.all(Array.from({ length: 10 }, () => waitForExit(place)));
    while ((await readdir(place.path)).filter((name) => name.startsWith('wait.')).length < 10) await delay(5);
    await writeFile(join(shelf.roots.kept, 'go'), '');
    assert.deepEqual(
      await waiting,
      Array.from({ length: 10 }, () => 3),
    );
    while ((await findContainer(place)) !== undefined) await delay(5);
    await assert.rejects(waitForExit(place), { code: 'CONTAINER_REMOVED' });
  });

  it('remove refuses what runs, and with force ends it first', async () => {
    const container = await startReady(DEAF);
    await assert.rejects(removeContainer(container.place, { force: false }), { code: 'CONTAINER_RUNS' });
    await removeContainer(container.place, { force: true });
    await untilGone(container, 'command');
    assert.equal(await findContainer(container.place), undefined);
    await removeContainer(container.place, { force: true });
  });

  it('remove with force takes damaged ones, and those of a pid namespace that is not the caller’s', async () => {
    const damaged = await shelf.create();
    await writeFile(join(damaged.path, 'state.json'), '');
    await assert.rejects(removeContainer(damaged, { force: false }), { code: 'CONTAINER_RECORD_INVALID' });
    const foreign = await shelf.create();
    const own = referToProcess(process.pid);
    assert.ok(own);
    await writeState(foreign, { status: 'running', monitor: { ...own, pidNamespace: '1' } });
    await assert.rejects(removeContainer(foreign, { force: false }), { code: 'CONTAINER_RUNS' });
    for (const place of [damaged, foreign]) {
      await removeContainer(place, { force: true });
      assert.equal(await findContainer(place), undefined);
    }
  });

  it('one that a monitor is about to run is not removed from under it', async () => {
    const place = await shelf.create({ name: 'claimed' });
    const busy = spawn('sleep', ['600'], { stdio: 'ignore' });
    await once(busy, 'spawn');
    const own = referToProcess(busy.pid ?? 0);
    assert.ok(own);
    const claim = [place.id, own.pidNamespace, own.pid, own.startTicks, own.bootId.replaceAll('-', '')].join('.');
    await mkdir(join(place.path, 'monitor'));
    await writeFile(join(place.path, 'monitor', claim), '');
    const removal = removeContainer(place, { force: false });
    await delay(100);
    assert.notEqual(await findContainer(place), undefined);
    busy.kill('SIGKILL');
    await removal;
    assert.equal(await findContainer(place), undefined);
  });

  it('prune takes all that do not run, and none that does', async () => {
    const running = await startReady(DEAF);
    const stopped = await startReady(TRAPS);
    await stopContainer(stopped.place, { signal: SIGTERM, timeoutMs: 60_000 });
    const created = await shelf.create();
    const lost = await startReady(DEAF);
    process.kill(lost.state.monitor?.pid ?? 0, SIGKILL);
    await untilGone(lost, 'monitor');
    await untilGone(lost, 'command');
    const damaged = await shelf.create();
    await writeFile(join(damaged.path, 'state.json'), '');
    const { containers, problems } = await pruneContainers(shelf.roots);
    for (const { id } of [stopped.place, created, lost.place]) assert.ok(containers.includes(id), id);
    assert.deepEqual(
      problems.map(({ id }) => id),
      [damaged.id],
    );
    const left = await listContainers(shelf.roots);
    assert.deepEqual(
      left.containers.map(({ record }) => record.id),
      [running.place.id],
    );
    await removeContainer(damaged, { force: true });
    await removeContainer(running.place, { force: true });
  });

  it('stats tell of the processor and the memory that a container uses', async () => {
    const { place } = await startReady('echo ready; while :; do :; done');
    const idle = await startReady(DEAF);
    for await (const all of watchStats(shelf.roots, [place, idle.place])) {
      assert.deepEqual(
        all.map(({ id }) => id),
        [place.id, idle.place.id],
      );
      assert.ok((all[0]?.cpuPercent ?? 0) > 1, JSON.stringify(all));
      break;
    }
    await removeContainer(place, { force: true });
    await removeContainer(idle.place, { force: true });
  });
});

function blank(place: Container['place']): Pick<Container, 'place' | 'record' | 'state'> {
  const invocation = { words: [], pluginDirectories: [], cwd: '/' };
  const record = { version: 1, id: place.id, image: '', command: [], createdAt: '2026-11-23T12:00:00.000Z', invocation } as const;
  return {
    place,
    state: { status: 'stopped' },
    record: { ...record, command: [], autoRemove: false, tty: false, interactive: false, invocation },
  };
}

async function readAll(place: Container['place']): Promise<string> {
  let text = '';
  for await (const { bytes } of readOutput(place, { follow: false, warn: assert.fail })) text += Buffer.from(bytes).toString();
  return text;
}

async function untilWritten({ place }: Pick<Container, 'place'>, text: string): Promise<void> {
  while (!(await readAll(place)).includes(text)) await delay(5);
}
