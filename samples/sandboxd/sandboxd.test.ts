import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { RuntimeQuestion } from '@bulkhead/plugin-sdk/contract';
import { openTestPlugin } from '@bulkhead/plugin-sdk/testing';
import { findProcesses, killQuietly, openBackground, until, type Background } from '../../test/helpers/background.js';
import { needTool, needUserNamespaces } from '../../test/helpers/need.js';

const directory = import.meta.dirname;

const question: RuntimeQuestion = {
  runtime: 'sandboxd',
  container: { id: 'a1b2c3d4e5f6', image: './rootfs', identity: 'user' },
  config: {
    process: {
      terminal: false,
      user: { uid: 1000, gid: 1000, umask: 0o22 },
      args: ['true'],
      envNames: ['PATH'],
      cwd: '/',
      capabilities: [],
      rlimits: [],
    },
    linux: { namespaces: ['mount', 'user'], seccomp: true },
  },
};

describe('sandboxd in a compartment', () => {
  it('says that crun is to be run where all of the host is read-only but the session, and its /tmp is not there', async function () {
    needTool(this, 'bwrap');
    needUserNamespaces(this);
    const plugin = await openTestPlugin(directory);
    const session = await mkdtemp(join(tmpdir(), 'sandboxd-'));
    try {
      assert.deepEqual(plugin.description.runtimes, ['sandboxd']);
      const answer = await plugin.call('runtime', question);
      assert.ok('program' in answer && answer.wrapper !== undefined);
      assert.equal(answer.program, 'crun');
      const { program, args } = answer.wrapper;
      const words = args.map((word) => word.replaceAll('{session}', session));
      const script = 'touch "$1/state"; touch "$2" 2>/dev/null || echo read-only; ls /tmp';
      // A file of whoever runs the test: not its mode keeps it from being written.
      const out = execFileSync(program, [...words, 'sh', '-c', script, 'sh', session, join(homedir(), 'sandboxd')], { encoding: 'utf8' });
      assert.equal(out, `read-only\n${basename(session)}\n`);
      assert.deepEqual(await readdir(session), ['state']);
    } finally {
      await rm(session, { recursive: true, force: true });
      await plugin.close();
    }
  });
});

describe('sandboxd and a container', () => {
  let cli: Background;
  before(async function () {
    needTool(this, 'bwrap');
    needTool(this, 'crun');
    cli = await openBackground(this);
    await cli.install(directory);
  });
  after(() => cli?.close());

  it('confines the command, as it can see itself, and hands on its output and its exit code', async () => {
    const script = 'cat /proc/self/status /proc/self/cgroup; exit 7';
    const [confined, plain] = await Promise.all(
      ['sandboxd', 'crun'].map((runtime) => cli.run('run', '--fakeroot', '--runtime', runtime, cli.rootfs, 'sh', '-c', script)),
    );
    assert.deepEqual([confined?.exitCode, plain?.exitCode], [7, 7], confined?.stderr);
    const boundOf = (text = ''): bigint => BigInt(`0x${/^CapBnd:\s+([0-9a-f]+)$/m.exec(text)?.[1] ?? ''}`);
    const netRaw = 1n << 13n;
    assert.deepEqual([boundOf(plain?.stdout) & netRaw, boundOf(confined?.stdout) & netRaw], [netRaw, 0n]);
    const groups = (confined?.stdout ?? '').split('\n').filter((line) => /^\d+:/.test(line));
    assert.ok(groups.length > 0 && groups.every((line) => line.endsWith(':/')), groups.join(', '));
  });

  it('runs one in the background, with its signals, its logs and its end', async () => {
    const id = await start(cli.rootfs, 'sh', '-c', 'trap "echo asked; exit 5" TERM; echo up; while :; do sleep 0.05; done');
    assert.equal((await cli.run('stop', id)).exitCode, 0);
    await stopped(id, 5);
    assert.equal((await cli.run('logs', id)).stdout, 'up\nasked');
    assert.equal((await cli.run('start', id)).exitCode, 0);
    await until(async () => (await cli.output(id)).endsWith('up\n') && (await cli.find(id))?.state.status === 'running', 'it runs again');
    await cli.run('stop', id);
    await stopped(id, 5);
  });

  it('leaves nothing when its monitor is killed', async () => {
    const id = await start('--env', `MARK=${cli.root}`, cli.rootfs, 'sh', '-c', 'echo up; while :; do sleep 0.05; done');
    killQuietly((await cli.find(id))?.state.monitor?.pid);
    await until(async () => (await findProcesses(cli.root)).length === 0, 'neither bubblewrap, crun nor the command is left');
  });

  async function start(...words: string[]): Promise<string> {
    const { exitCode, stdout, stderr } = await cli.run('run', '--detach', '--runtime', 'sandboxd', ...words);
    assert.equal(exitCode, 0, stderr);
    await until(async () => (await cli.output(stdout)) === 'up\n', 'it is up');
    return stdout;
  }

  async function stopped(id: string, exitCode: number): Promise<void> {
    await until(async () => (await cli.find(id))?.state.status === 'stopped', 'it has stopped');
    assert.equal((await cli.find(id))?.status.exitCode, exitCode);
  }
});
