/** Apptainer's own suites of callbacks, step by step, in our terms. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Cli } from '../helpers/cli.js';
import { openOnHost } from '../helpers/run-on-host.js';
import { installSource } from '../helpers/source.js';

describe('callbacks, from compile to uninstall', () => {
  let cli: Cli;
  beforeEach(async function () {
    cli = await openOnHost(this, []);
  });
  afterEach(() => cli?.close());

  it('of the command line: a command with its exit code, and a run that ends before its container begins (apptainer 18-22)', async () => {
    await installSource(
      cli,
      `commands: { exit: { summary: '', args: [{ name: 'code', required: true }], run: ({ args }) => Number(args[0]) } },
       hooks: ['run'], callbacks: { beforeCommand: ({ args }) => args[0] === 'host:' && args[1] === 'touch' ? { abort: { message: 'no', exitCode: 43 } } : undefined }`,
    );
    assert.equal((await cli.run('exit', '42')).exitCode, 42);
    const mark = join(cli.root, 'mark');
    assert.equal((await cli.run('run', '--bind', cli.root, 'host:', 'touch', mark)).exitCode, 43);
    assert.equal(existsSync(mark), false);
    assert.equal((await cli.run('plugin', 'uninstall', 'test/plugin')).exitCode, 0);
    assert.equal((await cli.run('exit', '42')).exitCode, 1);
    assert.equal((await cli.run('run', '--bind', cli.root, 'host:', 'touch', mark)).exitCode, 0);
    assert.equal(existsSync(mark), true);
  });

  it('of the runtime: a monitor that decides the exit code, while it is installed (apptainer 23-25, 27)', async () => {
    await installSource(
      cli,
      `monitor: { mode: 'control' }, permissions: { 'container.control': ['exit'] }, callbacks: {
        monitorContainer: ({ event }) => event.type === 'exit' ? { action: 'exit', exitCode: 42 } : undefined }`,
    );
    assert.equal((await cli.run('run', 'host:', 'true')).exitCode, 42);
    assert.equal((await cli.run('plugin', 'uninstall', 'test/plugin')).exitCode, 0);
    assert.equal((await cli.run('run', 'host:', 'true')).exitCode, 0);
  });
});
