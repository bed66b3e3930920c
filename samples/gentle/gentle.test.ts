import assert from 'node:assert/strict';
import { chmod, cp } from 'node:fs/promises';
import { getPriority } from 'node:os';
import { join } from 'node:path';
import { findProcesses, killQuietly, openBackground, until, type Background } from '../../test/helpers/background.js';
import { userPlugins } from '../../test/helpers/bundles.js';
import { needTool } from '../../test/helpers/need.js';
import { writeConfig } from '../../test/helpers/policy.js';

describe('gentle, a runtime in Python', () => {
  let cli: Background;
  before(async function () {
    needTool(this, 'python3');
    needTool(this, 'crun');
    cli = await openBackground(this);
    const directory = join(userPlugins(cli), 'gentle');
    await cp(import.meta.dirname, directory, { recursive: true });
    // Whatever the umask with which it was checked out: nobody else may write to it.
    for (const path of ['..', '.', 'bin', 'bin/gentle']) await chmod(join(directory, path), 0o755);
    await chmod(join(directory, 'config.toml'), 0o644);
    assert.equal((await cli.run('system', 'start')).exitCode, 0);
  });
  after(async () => {
    await cli?.run('system', 'stop');
    for (const { pid } of cli === undefined ? [] : await findProcesses(cli.root)) killQuietly(pid);
    await cli?.close();
  });

  const words = (...flags: string[]): string[] => ['run', '--fakeroot', '--runtime', 'gentle', ...flags, cli.rootfs];
  /** On top of what the test itself runs at. */
  const expected = (nice: number): number => Math.min(19, getPriority() + nice);
  const priorityOf = (stat: string): number => Number(stat.slice(stat.lastIndexOf(')')).split(' ')[17]);

  it('runs a container at a lower priority, as its configuration says, or the operator', async () => {
    for (const [settings, priority] of [
      ['', 10],
      ['[plugin.gentle]\nnice = 5\n', 5],
    ] as const) {
      await writeConfig(cli, settings);
      const { exitCode, stdout, stderr } = await cli.run(...words(), 'sh', '-c', 'cat /proc/self/stat; exit 7');
      assert.equal(exitCode, 7, stderr);
      assert.equal(priorityOf(stdout), expected(priority));
    }
  });

  it('says why it runs none', async () => {
    await writeConfig(cli, '[plugin.gentle]\nnice = 77\n');
    const { exitCode, stderr } = await cli.run(...words(), 'true');
    assert.equal(exitCode, 255);
    assert.match(stderr, /plugin "gentle" does not run this container with its runtime "gentle": nice is 77, and can be 0 to 19/);
  });

  it('runs one in the background, and nothing of it is left', async () => {
    await writeConfig(cli, '');
    const { exitCode, stdout: id, stderr } = await cli.run(...words('--detach'), 'cat', '/proc/self/stat');
    assert.equal(exitCode, 0, stderr);
    await until(async () => (await cli.find(id))?.state.status === 'stopped', 'it has stopped');
    assert.equal(priorityOf(await cli.output(id)), expected(10));
    await until(
      async () => (JSON.parse((await cli.run('system', 'status', '--json')).stdout) as { services: object[] }).services.length === 0,
      'its instance is gone',
    );
  });
});
