import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { openCli, repository, type Cli } from '../helpers/cli.js';
import { needTool, needUserNamespaces } from '../helpers/need.js';
import { openTerminal } from '../helpers/open-terminal.js';
import { makeRootfs } from '../helpers/rootfs.js';
import { RUNTIMES } from '../helpers/runtimes.js';
import { interrupt } from '../helpers/type-at-shell.js';

for (const [runtime, program] of Object.entries(RUNTIMES)) {
  describe(`bulkhead exec in a container of ${runtime}`, () => testExec(runtime, program));
}

function testExec(runtime: string, program: string | undefined): void {
  let cli: Cli;
  before(async function () {
    needUserNamespaces(this);
    if (program !== undefined) needTool(this, program);
    cli = await openCli();
    const image = await makeRootfs(join(cli.root, 'image'));
    // runc runs nobody but uid 0 in a user namespace.
    const who = runtime === 'runc' ? ['--fakeroot'] : [];
    const flags = ['--detach', '--name', 'web', '--runtime', runtime, ...who, '--env', 'MODE=test', '-w', '/etc'];
    const made = await cli.run('run', ...flags, image, '/bin/sh', '-c', 'read -r line </dev/zero');
    assert.equal(made.exitCode, 0, made.stderr);
  });
  after(async () => {
    await cli?.run('remove', '--force', 'web');
    await cli?.close();
  });

  it('runs a command beside the one of a container in the background, and ends with its exit code', async () => {
    const { exitCode, stdout } = await cli.run(
      'exec',
      '--env',
      'EXTRA=1',
      'web',
      '/bin/sh',
      '-c',
      'cat marker; echo "$MODE $EXTRA $PWD"; exit 3',
    );
    assert.deepEqual([exitCode, stdout], [3, 'from the image\ntest 1 /etc']);
    assert.equal((await cli.run('exec', '--cwd', '/tmp', 'web', '/bin/sh', '-c', 'echo "$PWD"')).stdout, '/tmp');
    assert.equal((await cli.run('exec', 'web', '/no/such')).exitCode, 127);
    const { stdout: read } = await cli.start(['exec', '-i', 'web', '/bin/cat'], { stdin: 'pipe', input: 'typed' });
    assert.equal(read, 'typed');
  });

  it('gives it a terminal of its own', async function () {
    needTool(this, 'script');
    const terminal = openTerminal([process.execPath, join(repository, 'bin/run.js'), 'exec', '-it', 'web', '/bin/sh'], cli.env);
    try {
      await terminal.printed(/[$#] /);
      await interrupt(terminal);
      terminal.type('exit 7\n');
      assert.equal(await terminal.exitCode, 7, terminal.text());
    } finally {
      terminal.child.kill('SIGKILL');
    }
    assert.match((await cli.run('exec', '-it', 'web', '/bin/sh')).stderr, /the input device is not a TTY/);
  });

  it('says what is missing: the container, the command, a container that runs', async () => {
    assert.match((await cli.run('exec', 'nobody', '/bin/sh')).stderr, /Cannot find container "nobody"/);
    assert.match((await cli.run('exec', 'web')).stderr, /Name the command/);
    await cli.run('kill', 'web');
    await cli.run('wait', 'web');
    const { exitCode, stderr } = await cli.run('exec', 'web', '/bin/sh');
    assert.match(`${exitCode} ${stderr}`, /^255 .*does not run: it is stopped/);
  });
}
