import assert from 'node:assert/strict';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { afterEach, it } from 'mocha';
import { findChildren, findProcess } from '#engine/lifecycle/process-tree.js';
import { until } from '../../helpers/background.js';
import { findProcesses } from '../../helpers/leftovers.js';
import { needTool } from '../../helpers/need.js';
import { openTerminal } from '../../helpers/open-terminal.js';
import { changeWindow, interruptNow, stopAndGoOn } from '../../helpers/type-at-shell.js';
import { describeForEachRuntime } from '../fixtures/each-who.js';
import type { Running } from '../fixtures/container-lab.js';

const NAMESPACES = ['user', 'mnt', 'pid', 'ipc', 'uts', 'net', 'cgroup'];
/** An argument of sleep(1) that nobody else on this machine has. */
let seconds = process.pid;
const WAIT = ['sh', '-c', 'echo up; exec sleep 60'];

describeForEachRuntime('a further command in a container that runs', (lab, who, runtime) => {
  const running: Running[] = [];
  const start = async (changes: Parameters<ReturnType<typeof lab>['start']>[0] = {}): Promise<number> => {
    const container = lab().start({ command: WAIT, ...changes });
    running.push(container);
    await container.printed('up');
    return container.readPid();
  };
  const exec = (pid: number, command: string[], changes: Parameters<ReturnType<typeof lab>['startExec']>[2] = {}) =>
    lab().startExec(pid, command, changes).outcome;
  afterEach(async () => {
    for (const { child, outcome } of running.splice(0)) {
      child.kill('SIGTERM');
      await outcome;
    }
    assert.deepEqual(readdirSync(lab().runDirectory), []);
    seconds += 10_000_000;
  });

  const kinds =
    who === 'root'
      ? [{}, { options: { userns: true } }, { options: { user: '1234:1234', dropCapabilities: ['all'] } }]
      : [...(runtime === 'runc' ? [] : [{ fakeroot: false }]), { fakeroot: true }];
  for (const changes of kinds) {
    it(`has its namespaces, its rights and its control groups: ${JSON.stringify(changes)}`, async () => {
      const pid = await start(changes);
      const further = lab().startExec(pid, ['sh', '-c', `echo "inner $$"; exec sleep ${seconds}`]);
      await further.printed('inner');
      const other = await findSleep(seconds);
      for (const name of NAMESPACES) assert.equal(namespaceOf(other, name), namespaceOf(pid, name), name);
      for (const field of ['Uid', 'Gid', 'CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb', 'NoNewPrivs', 'Seccomp'])
        assert.equal(statusOf(other, field), statusOf(pid, field), field);
      assert.equal(readFileSync(`/proc/${other}/cgroup`, 'utf8'), readFileSync(`/proc/${pid}/cgroup`, 'utf8'));
      further.child.kill('SIGTERM');
      assert.equal((await further.outcome).exitCode, 143);
      assert.equal((await exec(pid, ['ls', '/usr/bin/env', '/dev'])).exitCode, 0);
    });
  }

  it('has its environment and its working directory, and may have others', async () => {
    const pid = await start({ env: ['MODE=test', "QUOTED=it's $HOME"], workingDirectory: '/tmp' });
    const print = ['sh', '-c', 'echo "$PWD|$MODE|$QUOTED|$EXTRA|$TERM"'];
    assert.equal((await exec(pid, print)).stdout, "/tmp|test|it's $HOME||\n");
    const changed = await exec(pid, print, { env: ['MODE=other', 'EXTRA=1', 'LD_BIND_NOW=1'], workingDirectory: '/usr/bin' });
    assert.equal(changed.stdout, "/usr/bin|other|it's $HOME|1|\n");
    assert.equal((await exec(pid, ['true'], { workingDirectory: '/no/such' })).exitCode, runtime === 'embedded' ? 1 : 255);
  });

  it('says by its exit code what a shell would', async () => {
    const pid = await start();
    assert.equal((await exec(pid, ['sh', '-c', 'exit 9'])).exitCode, 9);
    assert.equal((await exec(pid, ['sh', '-c', 'kill -KILL $$'])).exitCode, 137);
    assert.equal((await exec(pid, ['/no/such'])).exitCode, 127);
    assert.equal((await exec(pid, ['/etc'])).exitCode, 126);
  });

  it('reads what it is given only where it is interactive, and gets the signals', async () => {
    const pid = await start();
    const silent = lab().startExec(pid, ['cat']);
    assert.equal((await silent.outcome).stdout, '');
    const reading = lab().startExec(pid, ['cat'], { interactive: true });
    reading.child.stdin?.end('typed\n');
    assert.equal((await reading.outcome).stdout, 'typed\n');
    const caught = lab().startExec(pid, ['sh', '-c', 'trap "echo got-USR1; exit 5" USR1; echo up; while :; do sleep 0.02; done']);
    await caught.printed('up');
    caught.child.kill('SIGUSR1');
    const { exitCode, stdout } = await caught.outcome;
    assert.deepEqual([exitCode, stdout], [5, 'up\ngot-USR1\n']);
  });

  it('ends with the container, and with whoever runs it', async () => {
    const pid = await start();
    const [first, second] = [lab().startExec(pid, ['sleep', String(seconds)]), lab().startExec(pid, ['sleep', String(seconds + 1)])];
    const [one, other] = [await findSleep(seconds), await findSleep(seconds + 1)];
    first.child.kill('SIGKILL');
    await first.outcome;
    await untilGone(one);
    assert.ok(isThere(other));
    process.kill(pid, 'SIGKILL');
    assert.equal((await second.outcome).exitCode, 137);
    await untilGone(other);
    const late = await exec(pid, ['true']);
    assert.equal(late.exitCode, 255);
  });

  it('ends also where one of those is killed that lead to it, whichever it is, and the container goes on', async () => {
    const pid = await start();
    for (let [index, count] = [0, 1]; index < count; index += 1) {
      const further = lab().startExec(pid, ['sleep', String((seconds += 1))]);
      const command = await findSleep(seconds);
      const leading = listDescendants(further.child.pid ?? 0).filter((one) => one !== command);
      count = leading.length;
      process.kill(leading[index] ?? 0, 'SIGKILL');
      await further.outcome;
      for (const one of [...leading, command]) await untilGone(one);
      await until(() => findFurther().length === 0, 'what watched over it has ended');
    }
    assert.equal((await exec(pid, ['true'])).exitCode, 0);
  });

  /** Whatever has to do with further commands; other than the container, whose session they are in. */
  const findFurther = (): string[] => findProcesses({ directory: lab().runDirectory }).filter((line) => line.includes('/exec-'));

  it('can have a terminal of its own', async function () {
    needTool(this, 'script');
    const pid = await start();
    const terminal = openTerminal(lab().execWords(pid, ['sh', '-i'], { terminal: true, interactive: true }));
    try {
      terminal.type('tty; echo "begun $TERM."\n');
      await terminal.printed(/\/dev\/pts\/\d[^]*begun \w+\./);
      await changeWindow(terminal, { rows: 41, columns: 97 });
      await stopAndGoOn(terminal);
      await interruptNow(terminal);
      terminal.type('exit 9\n');
      assert.equal(await terminal.exitCode, 9, terminal.text());
      assert.doesNotMatch(terminal.text(), /job control turned off/);
    } finally {
      terminal.child.kill('SIGKILL');
    }
  });

  // An ordinary user's container has no namespaces below it.
  const itWithNamespaces = who === 'root' && runtime === 'embedded' ? it : () => undefined;
  itWithNamespaces('is refused where the command has mounts of its own, that nobody has written down', async () => {
    const words = ['unshare', '--user', '--map-root-user', '--mount', ...WAIT];
    const { exitCode, stderr } = await exec(await start({ command: words }), ['true']);
    assert.match(`${exitCode} ${stderr}`, /^255 EXEC_ELSEWHERE /);
  });

  it('is who it is told to be, where there are others', async () => {
    const pid = await start();
    const { exitCode, stdout, stderr } = await exec(pid, ['id', '-u'], { user: '1234' });
    if (who === 'root') assert.equal(stdout, '1234\n');
    else assert.match(`${exitCode} ${stderr}`, /^255 OPTION_UNSUPPORTED .*there is only/);
  });
});

function namespaceOf(pid: number, name: string): string {
  return readlinkSync(`/proc/${pid}/ns/${name}`);
}

function statusOf(pid: number, field: string): string | undefined {
  return new RegExp(`^${field}:\\s*(.*)$`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
}

/** With itself; parents before their children. */
function listDescendants(pid: number): number[] {
  return [pid, ...findChildren(pid).flatMap(listDescendants)];
}

function isThere(pid: number): boolean {
  const state = findProcess(pid)?.state;
  return state !== undefined && state !== 'Z';
}

async function untilGone(pid: number): Promise<void> {
  await until(() => !isThere(pid), `process ${pid} is gone`);
}

/** By its argument, which no other process has. */
async function findSleep(argument: number): Promise<number> {
  for (;;) {
    const found = readdirSync('/proc').find((name) => /^\d+$/.test(name) && argumentsOf(name) === `sleep\0${argument}\0`);
    if (found !== undefined) return Number(found);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

function argumentsOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}
