/**
 * Kill -9 of whatever stands behind a container in the background, at random moments: each container is then either running and
 * listed, or gone, and `prune` leaves a clean machine. BULKHEAD_KILL_ROUNDS and BULKHEAD_KILL_CONTAINERS make more of it (200 and 50).
 */
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { judgeProcess, type Container } from '#containers/containers.js';
import { findChildren } from '#engine/lifecycle/process-tree.js';
import { findProcesses, killQuietly, openBackground, until, type Background } from '../helpers/background.js';
import { installSource } from '../helpers/source.js';

const rounds = Number(process.env['BULKHEAD_KILL_ROUNDS'] ?? 12);
const count = Number(process.env['BULKHEAD_KILL_CONTAINERS'] ?? 6);
/** How many command lines start containers at once. */
const AT_ONCE = 4;
const script = 'sleep 1000 & trap "exit 7" TERM; while :; do sleep 1; done';
const victims = ['command line', 'monitor', 'plugin host', 'runtime'] as const;
type Victim = (typeof victims)[number];

describe('containers of which something is killed', () => {
  let cli: Background;
  let started = 0;
  const ids = new Set<string>();
  let seed = Date.now() % 2_147_483_647;

  before(async function () {
    this.timeout(60_000 + (rounds + count) * 6_000);
    cli = await openBackground(this);
    // Takes part only where its flag is given: such a container has a plugin host, others have none.
    await installSource(cli, `flags: { run: { watched: { type: 'boolean' } } }, callbacks: { beforeCommand() {}, afterCommand() {} }`);
  });
  after(function () {
    this.timeout(60_000 + count * 2_000);
    return cli?.close();
  });

  it('are running and listed, or gone; and prune leaves a clean machine', async function () {
    this.timeout(120_000 + (rounds + count) * 10_000);
    await refill();
    await until(async () => (await running()).length === count, 'all of them run', 60_000);
    await sayMemory();
    for (let round = 0; round < rounds; round += 1) {
      const victim = pick(victims);
      const what = `round ${round}, seed ${seed}: kill -9 of the ${victim}`;
      await killOne(victim, what);
      await assertSound(what);
      await refill();
    }
    for (const { state } of await running()) killQuietly(state.monitor?.pid);
    await until(async () => (await findProcesses(cli.root)).length === 0, 'no process is left', 60_000);
    await until(async () => (await running()).length === 0, 'none is listed as running', 60_000);
    const pruned = await cli.run('prune');
    assert.equal(pruned.exitCode, 0, pruned.stderr);
    await assertClean();
  });

  function pick<One>(among: readonly One[]): One {
    seed = (seed * 48_271) % 2_147_483_647;
    return among[seed % among.length] as One;
  }

  async function running(): Promise<Container[]> {
    const all = await cli.list();
    for (const { record } of all) ids.add(record.id);
    return all.filter(({ status }) => status.status === 'running' || status.status === 'starting');
  }

  /** Every third has a plugin host, every fourth goes when it ends, every fifth has a control group where the machine lets it have one. */
  function words(): string[] {
    started += 1;
    const flags = [
      ...(started % 3 === 0 ? ['--watched'] : []),
      ...(started % 4 === 0 ? ['--rm'] : []),
      ...(started % 5 === 0 ? ['--pids-limit', '50'] : []),
    ];
    return ['run', '--quiet', '--detach', ...flags, cli.rootfs, 'sh', '-c', script];
  }

  async function refill(): Promise<void> {
    let missing = count - (await running()).length;
    const starter = async (): Promise<void> => {
      while (missing-- > 0) {
        const { exitCode, stderr } = await cli.run(...words());
        assert.equal(exitCode, 0, stderr);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, starter));
  }

  async function killOne(victim: Victim, what: string): Promise<void> {
    if (victim === 'command line') return killCommandLine();
    const container = pick((await running()).filter(({ state }) => state.command !== undefined));
    const { id } = container.record;
    const monitor = container.state.monitor?.pid ?? 0;
    const children = findChildren(monitor);
    const host = await findHost(children);
    if (victim === 'monitor') killQuietly(monitor);
    else if (victim === 'plugin host' && host !== undefined) {
      killQuietly(host);
      await until(async () => (await cli.find(id))?.state.reason !== undefined, `${what}: its record says so`);
      return assert.equal((await cli.find(id))?.status.status, 'running', what);
    } else killQuietly(pick([...children.filter((pid) => pid !== host), container.state.init?.pid]));
    await until(async () => isOver(await cli.find(id)), `${what}: container ${id} is over`);
  }

  function isOver(found: Container | undefined): boolean {
    return found === undefined || (found.status.status === 'stopped' && hasNoProcess(found));
  }

  function hasNoProcess({ state }: Container): boolean {
    return [state.monitor, state.init, state.command].every((one) => one === undefined || judgeProcess(one) === 'dead');
  }

  async function killCommandLine(): Promise<void> {
    const start = cli.start(words());
    await delay(pick(Array.from({ length: 60 }, (_, index) => index * 10)));
    killQuietly(start.pid);
    await start;
    // Whoever was about to start goes on, or gives up.
    await until(async () => (await cli.list()).every(({ status }) => status.status !== 'starting'), 'nothing is about to start');
  }

  async function findHost(children: readonly number[]): Promise<number | undefined> {
    for (const pid of children) if ((await readFile(`/proc/${pid}/cmdline`, 'utf8')).includes('plugin-host.js')) return pid;
    return undefined;
  }

  /** What runs is listed, and what is listed as running runs. */
  async function assertSound(what: string): Promise<void> {
    await until(async () => {
      const live = await running();
      const monitors = (await findProcesses(cli.root)).filter(({ words: line }) => line.includes('monitor.js')).map(({ pid }) => pid);
      const listed = live.map(({ state }) => state.monitor?.pid);
      return monitors.every((pid) => listed.includes(pid)) && live.every(isWhole);
    }, `${what}: what runs is listed, and what is listed runs`);
  }

  function isWhole({ state }: Container): boolean {
    return [state.monitor, state.init, state.command].every((one) => one !== undefined && judgeProcess(one) === 'alive');
  }

  async function assertClean(): Promise<void> {
    assert.deepEqual(await cli.list(), []);
    const left = async (directory: string) => (await readdir(directory).catch(() => [])).filter((name) => name !== 'names');
    assert.deepEqual(await left(cli.roots.kept), []);
    assert.deepEqual(await left(cli.roots.passing), []);
    assert.deepEqual(await left(join(cli.roots.kept, 'names')), []);
    const sessions = (await left(join(cli.roots.passing, '..'))).filter((name) => name !== 'containers');
    assert.deepEqual(sessions, []);
    assert.ok(!(await readFile('/proc/self/mountinfo', 'utf8')).includes(cli.root), 'a mount is left');
    assert.deepEqual(await findProcesses(cli.root), []);
    assert.deepEqual(await findGroups(), []);
  }

  /** Control groups of containers of this test, wherever they are. */
  async function findGroups(): Promise<string[]> {
    const found = await readdir('/sys/fs/cgroup', { recursive: true, encoding: 'utf8' }).catch(() => []);
    return found.filter((path) => [...ids].some((id) => path.includes(`bulkhead-${id}`)));
  }

  /** In the title, so that whoever runs it sees it. */
  async function sayMemory(): Promise<void> {
    const own: number[] = [];
    for (const { state } of await running()) {
      const rollup = await readFile(`/proc/${state.monitor?.pid}/smaps_rollup`, 'utf8').catch(() => '');
      own.push(Number(/^Private_Dirty: +(\d+)/m.exec(rollup)?.[1] ?? 0) / 1024);
    }
    const middle = own.toSorted((a, b) => a - b)[Math.floor(own.length / 2)] ?? 0;
    assert.ok(middle < 40, `a monitor has ${middle.toFixed(1)} MiB of memory of its own`);
  }
});
