import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { openCli, repository, type Cli } from '../helpers/cli.js';
import { needTool, needUserNamespaces } from '../helpers/need.js';
import { openTerminal } from '../helpers/open-terminal.js';
import { makeRootfs } from '../helpers/rootfs.js';
import { interrupt } from '../helpers/type-at-shell.js';

describe('bulkhead run --interactive --tty', () => {
  let cli: Cli;
  let image: string;
  before(async function () {
    needTool(this, 'script');
    needUserNamespaces(this);
    cli = await openCli();
    image = await makeRootfs(join(cli.root, 'image'));
  });
  after(() => cli?.close());

  it('is a shell at a terminal of its own, whose exit code is the command’s', async () => {
    const terminal = openTerminal([process.execPath, join(repository, 'bin/run.js'), 'run', '-it', image], cli.env);
    try {
      await terminal.printed(/[$#] /);
      terminal.type('cat /etc/marker; echo "term $TERM."; ls /dev/pts\n');
      await terminal.printed(/from the image\r\nterm xterm\.\r\n0 +ptmx\r\n/);
      await interrupt(terminal);
      terminal.type('exit 7\n');
      assert.equal(await terminal.exitCode, 7, terminal.text());
    } finally {
      terminal.child.kill('SIGKILL');
    }
  });

  it('is refused where nobody can type; without --interactive the terminal takes what it is given', async () => {
    const refused = await cli.run('run', '-it', image, '/bin/touch', '/etc/ran');
    assert.equal(refused.exitCode, 255);
    assert.match(refused.stderr, /the input device is not a TTY/);
    const { exitCode, stdout } = await cli.start(['run', '--tty', image, '/bin/cat'], { stdin: 'pipe', input: 'a line\n' });
    assert.equal(exitCode, 0);
    assert.match(String(stdout), /a line/);
  });
});
