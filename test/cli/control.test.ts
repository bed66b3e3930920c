import assert from 'node:assert/strict';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { findArguments, findChildren, findProcess, isAlive, type ProcessStatus } from '#engine/lifecycle/process-tree.js';
import { needStops } from '../helpers/need.js';
import { openOnHost } from '../helpers/run-on-host.js';
import { installSource } from '../helpers/source.js';
import { writeConfig } from '../helpers/policy.js';
import { startPrinting, type Printing } from '../helpers/start-printing.js';
import type { Cli } from '../helpers/cli.js';

const control = `monitor: { mode: 'control' }, permissions: { 'container.control': ['signals', 'exit'] }`;
const monitor = (body: string) => `callbacks: { monitorContainer({ event }, host) { ${body} } }`;

describe('a plugin that controls the container', () => {
  let cli: Cli;
  beforeEach(async function () {
    cli = await openOnHost(this, []);
  });
  afterEach(() => cli?.close());

  /** A shell that tells its process id on the host, so that a test can see whether it is gone. */
  const sleep = ['run', 'host:', 'sh', '-c', 'echo up; sleep 60'];
  const install = (members: string, flags: readonly string[] = [], name = 'test/control') => installSource(cli, members, { name, flags });

  it('decides the exit code (apptainer 25)', async () => {
    await install(`${control}, ${monitor(`if (event.type === 'exit') return { action: 'exit', exitCode: 42 };`)}`);
    assert.equal((await cli.run('run', 'host:', 'true')).exitCode, 42);
  });

  it('leaves the status as it is where it says nothing, and ends bulkhead by the signal that it names (apptainer 120)', async () => {
    await install(
      `${control}, ${monitor(`if (event.type === 'exit' && event.exitCode === 3) return { action: 'raise', signal: 'SIGTERM' };
        if (event.type === 'exit' && event.exitCode === 4) return { action: 'raise', signal: 'SIGSEGV' };`)}`,
    );
    const run = (script: string) => startPrinting(cli, ['run', 'host:', 'sh', '-c', script]).outcome;
    assert.equal((await run('exit 9')).exitCode, 9);
    assert.equal((await run('kill -KILL $$')).exitCode, 137);
    const raised = await run('echo out; echo err >&2; exit 3');
    assert.deepEqual([raised.exitCode, raised.signal, raised.stdout], [undefined, 'SIGTERM', 'out\n']);
    assert.equal((await run('exit 4')).exitCode, 139);
  });

  it('may return early: the container is ended with it', async () => {
    await install(`${control}, ${monitor(`if (event.type === 'signal') return { action: 'exit', exitCode: 5 };`)}`);
    const running = startPrinting(cli, sleep);
    await running.printed('up');
    const shell = findShell(running);
    running.child.kill('SIGUSR1');
    assert.equal((await running.outcome).exitCode, 5);
    assert.equal(isAlive(shell), false);
  });

  it('that hangs does not keep a Ctrl-C from the command', async () => {
    await install(`${control}, ${monitor(`if (event.type === 'signal') for (;;);`)}`);
    // A shell would wait for its child before it minds a SIGINT.
    const running = startPrinting(cli, ['run', 'host:', 'sh', '-c', 'echo up; exec sleep 60']);
    await running.printed('up');
    running.child.kill('SIGINT');
    const { exitCode, stderr } = await running.outcome;
    assert.equal(exitCode, 130);
    assert.match(
      stderr,
      /WARNING: Cannot let plugin "test\/control" control the container any more: it did not decide on SIGINT within 1000 ms;/,
    );
  });

  it('that is killed while it decides loses control at once, and the command gets the signal', async () => {
    // A deadline that does not come first, however busy the machine.
    await writeConfig(cli, '[budgets]\ndeadline-percent = 1000\n');
    await install(`${control}, ${monitor(`if (event.type === 'signal') return new Promise(() => undefined);`)}`, [
      '--isolation',
      'process',
    ]);
    const running = startPrinting(cli, ['run', '--debug', ...sleep.slice(1)]);
    await running.printed('up');
    await running.printed('monitorContainer answered');
    running.child.kill('SIGTERM');
    await delay(100);
    const [, pid = '0'] = /test\/control: runs in process (\d+)/.exec(running.text.stderr) ?? [];
    process.kill(Number(pid), 'SIGKILL');
    const { exitCode, stderr } = await running.outcome;
    assert.equal(exitCode, 143);
    assert.match(stderr, /"test\/control" control the container any more: .*ended by SIGKILL/);
  });

  it('that is required and fails ends the run, and the container with it', async () => {
    await install(`${control}, ${monitor(`if (event.type === 'signal') throw new Error('lost the plot');`)}`, ['--required']);
    const running = startPrinting(cli, sleep);
    await running.printed('up');
    const shell = findShell(running);
    running.child.kill('SIGUSR1');
    const { exitCode, stderr } = await running.outcome;
    assert.equal(exitCode, 255);
    assert.match(stderr, /FATAL: {3}Cannot let plugin "test\/control" control the container any more: .*lost the plot/);
    assert.equal(isAlive(shell), false);
  });

  it('may not decide what was not granted', async () => {
    const members = `${control}, ${monitor(`if (event.type === 'exit') return { action: 'exit', exitCode: 42 };`)}`;
    await install(members);
    await cli.run('plugin', 'revoke', 'test/control', 'container.control:exit');
    const { exitCode, stderr } = await cli.run('run', 'host:', 'sh', '-c', 'exit 6');
    assert.equal(exitCode, 6);
    assert.match(stderr, /Cannot let plugin "test\/control" decide to exit: it was not granted container\.control:exit/);
  });

  it('may not send by replacement what it was not granted to send', async () => {
    await install(`${control}, ${monitor(`if (event.type === 'signal') return { action: 'replace', signal: 'SIGKILL' };`)}`);
    const running = startPrinting(cli, ['run', 'host:', 'sh', '-c', 'trap "exit 8" USR1; echo up; while :; do sleep 0.02; done']);
    await running.printed('up');
    running.child.kill('SIGUSR1');
    const { exitCode, stderr } = await running.outcome;
    assert.equal(exitCode, 8);
    assert.match(stderr, /replace by SIGKILL: it was not granted container\.signal:SIGKILL/);
  });

  it('is watching already when the start is told, and a plugin that fails there ends the run with 255 (apptainer 26, 119)', async () => {
    await install(`${control}, ${monitor(`host.log.info('watching'); return new Promise(() => undefined);`)}`);
    await install(
      `callbacks: { async postStartProcess() { await new Promise((resolve) => setTimeout(resolve, 500)); throw new Error('not here') } }`,
      [],
      'test/starter',
    );
    const { exitCode, stderr } = await startPrinting(cli, sleep).outcome;
    assert.equal(exitCode, 255);
    assert.match(stderr, /\[test\/control\] watching[^]*FATAL: .*"test\/starter" failed in postStartProcess.*not here/);
  });

  it('is the only one: a second is refused when it is installed and when it is enabled, by name (apptainer 115)', async () => {
    await install(`${control}, ${monitor('')}`);
    await assert.rejects(
      install(`${control}, ${monitor('')}`, [], 'test/second'),
      /plugin "test\/second" adds a controller of containers \(monitor mode "control"\), as the enabled plugin "test\/control" does/,
    );
    assert.equal((await cli.run('plugin', 'disable', 'test/control')).exitCode, 0);
    await install(`${control}, ${monitor('')}`, [], 'test/second');
    const refused = await cli.run('plugin', 'enable', 'test/control');
    assert.equal(refused.exitCode, 255);
    assert.match(refused.stderr, /plugin "test\/control" adds a controller.*"test\/second" does/);
    // Those that observe are as many as you like.
    await install(monitor(''), [], 'test/third');
  });

  it('is the only one also where another directory of plugins has one', async () => {
    await install(`${control}, ${monitor('')}`);
    const home = join(cli.root, 'elsewhere');
    const elsewhere: Cli = {
      ...cli,
      install: async (directory) => {
        const argv = ['plugin', 'install', '--user', '--grant-all', await cli.compile(directory)];
        await cli.start(argv, { env: { ...cli.env, HOME: home, BULKHEAD_ROOT: home }, reject: true });
      },
    };
    await installSource(elsewhere, `${control}, ${monitor('')}`, { name: 'test/other' });
    const { exitCode, stderr } = await cli.start(['run', '--plugin-dir', join(home, '.local/libexec/bulkhead/plugin'), 'host:', 'true']);
    assert.equal(exitCode, 255);
    assert.match(String(stderr), /Cannot let two plugins control a container: "test\/other" and "test\/control" are both enabled/);
  });

  it('is no plugin that only observes: its answer changes nothing, and that is said', async () => {
    await install(monitor(`if (event.type === 'exit') return { action: 'exit', exitCode: 42 };`));
    const { exitCode, stderr } = await cli.run('run', 'host:', 'true');
    assert.equal(exitCode, 0);
    assert.match(stderr, /Cannot use the answer of plugin "test\/control" to monitorContainer: it observes/);
  });

  for (const decision of ['forward', 'swallow'] as const) {
    it(`that answers ${decision} to SIGTSTP ${decision === 'forward' ? 'lets the container and bulkhead stop, until SIGCONT' : 'lets nothing stop'}`, async function () {
      await needStops(this);
      await install(
        `${control}, ${monitor(`if (event.type === 'signal' && event.signal === 'SIGTSTP') return { action: '${decision}' };`)}`,
      );
      const running = startPrinting(cli, ['run', 'host:', 'sh', '-c', 'echo up; while :; do sleep 0.02; done']);
      await running.printed('up');
      const shell = findShell(running);
      running.child.kill('SIGTSTP');
      await delay(1_500);
      const states = [shell.pid, running.child.pid ?? 0].map((pid) => findProcess(pid)?.state === 'T');
      running.child.kill('SIGCONT');
      assert.deepEqual(states, decision === 'forward' ? [true, true] : [false, false]);
      for (let tries = 0; findProcess(shell.pid)?.state === 'T' && tries < 100; tries += 1) await delay(20);
      running.child.kill('SIGTERM');
      assert.equal((await running.outcome).exitCode, 143);
    });
  }
});

/** The container's command, a shell: among all that descends from the CLI the one whose script prints "up". */
function findShell({ child }: Printing): ProcessStatus {
  const descendants = (pid: number): number[] => findChildren(pid).flatMap((one) => [one, ...descendants(one)]);
  const isShell = (pid: number): boolean => {
    const [name, option, script] = findArguments(pid) ?? [];
    return name === 'sh' && option === '-c' && script?.startsWith('echo up') === true;
  };
  const found = descendants(child.pid ?? 0).find(isShell);
  return (found === undefined ? undefined : findProcess(found)) ?? assert.fail('the command does not run');
}
