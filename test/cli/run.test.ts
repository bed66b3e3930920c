import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openCli, repository, type Cli } from '../helpers/cli.js';
import { needUserNamespaces } from '../helpers/need.js';

const sample = (name: string) => join(repository, 'samples', name);

describe('bulkhead run, with plugins', () => {
  let cli: Cli;
  before(async function () {
    needUserNamespaces(this);
    cli = await openCli();
    for (const name of ['host-image', 'config-plugin', 'log-plugin', 'monitor-plugin']) await cli.install(sample(name));
  });
  after(() => cli?.close());

  it('exits with the code of the command', async () => {
    assert.equal((await cli.run('run', 'host:', '--', 'sh', '-c', 'exit 7')).exitCode, 7);
    assert.equal((await cli.run('run', 'host:', 'sh', '-c', 'kill -TERM $$')).exitCode, 143);
    assert.equal((await cli.run('run', 'host:', 'no-such-program')).exitCode, 127);
  });

  it('gives everything behind the image to the command, even flags', async () => {
    assert.equal((await cli.run('run', '--env', 'A=b', 'host:', 'echo', '--help', '-d', '--', 'x', '-d')).stdout, '--help -d -- x -d');
  });

  it('asks each plugin in a thread that is not the main one, or in a process, and says so with --debug', async () => {
    const { stderr } = await cli.run('run', '--debug', 'host:', 'true');
    // They ask for powers over the host, and are signed by nobody.
    for (const name of ['config-plugin', 'log-plugin'])
      assert.match(stderr, new RegExp(`^DEBUG: {3}example\\.com/${name}: runs in process \\d+; bulkhead is process \\d+$`, 'm'));
    const threads = [...stderr.matchAll(/^DEBUG: {3}(\S+): runs in thread (\d+); the main thread is 0$/gm)].map(([, name, thread]) => [
      name,
      thread,
    ]);
    assert.deepEqual(threads.map(([name]) => name).toSorted(), ['example.com/host-image', 'example.com/monitor-plugin']);
    assert.equal(new Set(threads.map(([, thread]) => thread)).size, 2);
    assert.ok(!threads.some(([, thread]) => thread === '0'));
  });

  it('passes a signal on to the command and tells the monitor', async () => {
    const run = cli.start(['run', 'host:', 'sh', '-c', "trap 'echo caught; exit 3' INT; echo ready; while :; do sleep 0.05; done"], {
      buffer: true,
    });
    await until(run, 'ready');
    run.kill('SIGINT');
    const { exitCode, stdout, stderr } = await run;
    assert.deepEqual([exitCode, stdout], [3, 'ready\ncaught']);
    assert.match(String(stderr), /was sent SIGINT/);
  });

  it('leaves nothing in the session directory, also after kill -9 and the next start', async () => {
    const sessions = sessionsOf(cli);
    await cli.run('run', 'host:', 'true');
    assert.deepEqual(await listLeft(sessions), []);
    const run = cli.start(['run', 'host:', 'sh', '-c', 'echo ready; exec sleep 300.125']);
    await until(run, 'ready');
    run.kill('SIGKILL');
    await run;
    await waitFor(async () => !(await isRunning('sleep\x00300.125')));
    await cli.run('run', 'host:', 'true');
    assert.deepEqual(await listLeft(sessions), []);
  });

  it('stops before the container starts when a required plugin has lost its package', async () => {
    await cli.install(sample('loop-plugin'), '--required');
    const packages = join(cli.env['BULKHEAD_ROOT'] ?? '', 'usr/local/libexec/bulkhead/plugin/packages');
    const { plugins } = JSON.parse((await cli.run('plugin', 'list', '--json')).stdout) as {
      plugins: { name: string; packageFile: string }[];
    };
    const lost = plugins.find(({ name }) => name === 'example.com/loop-plugin')?.packageFile ?? '';
    assert.ok(lost.startsWith(packages));
    await rm(lost);
    const { exitCode, stdout, stderr } = await cli.run('run', 'host:', 'echo', 'ran');
    assert.deepEqual([exitCode, stdout], [255, '']);
    assert.match(stderr, /loop-plugin/);
    assert.equal((await cli.run('plugin', 'uninstall', 'example.com/loop-plugin')).exitCode, 0);
    assert.equal((await cli.run('run', 'host:', 'echo', 'ran')).stdout, 'ran');
  });

  it('stops when a package was changed after it was installed', async () => {
    const { plugins } = JSON.parse((await cli.run('plugin', 'list', '--json')).stdout) as {
      plugins: { name: string; packageFile: string }[];
    };
    const file = plugins.find(({ name }) => name === 'example.com/config-plugin')?.packageFile ?? '';
    const original = await readFile(file);
    const changed = Buffer.from(original);
    changed[33_000] = (changed[33_000] ?? 0) ^ 1;
    try {
      await writeFile(file, changed);
      const { exitCode, stderr } = await cli.run('run', 'host:', 'true');
      assert.equal(exitCode, 255);
      assert.match(stderr, /config-plugin/);
    } finally {
      await writeFile(file, original);
    }
  });
});

function sessionsOf({ env }: Cli): string {
  return process.geteuid?.() === 0 ? join(env['BULKHEAD_ROOT'] ?? '', 'run/bulkhead') : join(env['XDG_RUNTIME_DIR'] ?? '', 'bulkhead');
}

/** Sessions, and records of containers in the foreground. */
async function listLeft(sessions: string): Promise<string[]> {
  const records = await listOrNone(join(sessions, 'containers'));
  return [...(await listOrNone(sessions)).filter((name) => name !== 'containers'), ...records];
}

async function listOrNone(directory: string): Promise<string[]> {
  return (await readdir(directory).catch(() => [])).filter((name) => !name.startsWith('.'));
}

async function until(run: ReturnType<Cli['start']>, text: string): Promise<void> {
  let seen = '';
  while (!seen.includes(text)) {
    const [chunk] = (await once(run.stdout ?? run, 'data')) as [Buffer];
    seen += String(chunk);
  }
}

async function waitFor(isSo: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    if (await isSo()) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  assert.fail('did not happen within 5 s');
}

async function isRunning(commandLine: string): Promise<boolean> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')));
  return lines.some((line) => line.startsWith(commandLine));
}
