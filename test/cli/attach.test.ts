import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { killQuietly, openBackground, until, type Background } from '../helpers/background.js';
import { repository } from '../helpers/cli.js';
import { needTool } from '../helpers/need.js';
import { openTerminal, type OpenTerminal } from '../helpers/open-terminal.js';
import { RUNTIMES } from '../helpers/runtimes.js';
import { changeWindow, interruptNow, stopAndGoOn } from '../helpers/type-at-shell.js';

/** The first of a process. */
function childOf(pid = 0): number {
  return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ')[0]);
}

const LEAVE = '\u0010\u0011';

describe('who attaches to a container in the background', () => {
  let cli: Background;
  let image: string;
  const terminals: OpenTerminal[] = [];
  beforeEach(async function () {
    needTool(this, 'script');
    cli = await openBackground(this);
    image = cli.rootfs;
    await cp('/bin/stty', join(image, 'bin/stty'), { dereference: true });
  });
  afterEach(async () => {
    for (const { child } of terminals.splice(0)) child.kill('SIGKILL');
    for (const { state } of await cli.list()) killQuietly(state.monitor?.pid, 'SIGTERM');
    await cli.close();
  });

  const sitDown = (...words: string[]): OpenTerminal => {
    const terminal = openTerminal(
      ['sh', '-c', '"$@"; echo "left with $?."; read -r end', 'sh', process.execPath, join(repository, 'bin/run.js'), ...words],
      cli.env,
    );
    terminals.push(terminal);
    return terminal;
  };
  const make = async (...words: string[]): Promise<void> => {
    const { exitCode, stderr } = await cli.run(...words);
    assert.equal(exitCode, 0, stderr);
  };
  /** What was typed before somebody listened is kept for whoever reads: the shell has to be there for keys that are signals. */
  const greet = async (terminal: OpenTerminal, word: string): Promise<void> => {
    terminal.type(`echo hello "${word}"\n`);
    await terminal.printed(new RegExp(`hello ${word}\\r\\n`));
  };

  for (const [runtime, program] of Object.entries(RUNTIMES)) {
    it(`has its terminal: all keys and the window, leaves it, comes again, and ends as it ends, with ${runtime}`, async function () {
      if (program !== undefined) needTool(this, program);
      // runc runs nobody but uid 0 in a user namespace.
      const flags = ['--runtime', runtime, ...(runtime === 'runc' ? ['--fakeroot'] : [])];
      await make('run', '--detach', '-it', '--name', 'shell', ...flags, image, 'sh', '-i');
      const first = sitDown('attach', 'shell');
      await greet(first, 'one');
      await changeWindow(first, { rows: 41, columns: 97 });
      await stopAndGoOn(first);
      await interruptNow(first);
      await greet(first, 'two');
      assert.match(first.modes(), / -icanon/);
      first.type(LEAVE);
      await first.printed(/left with 0\./);
      assert.match(first.modes(), / icanon/);
      assert.equal((await cli.find('shell'))?.status.status, 'running');
      const second = sitDown('attach', 'shell');
      await greet(second, 'three');
      second.type('exit 7\n');
      await second.printed(/left with 7\./);
      assert.match(second.modes(), / icanon/);
    });
  }

  it('starts it, types into it, and is shown what it says (start -ai)', async () => {
    await make('create', '-it', '--name', 'shell', image, 'sh', '-i');
    const terminal = sitDown('start', '-ai', 'shell');
    await greet(terminal, 'there');
    terminal.type('exit 3\n');
    await terminal.printed(/left with 3\./);
  });

  it('hands on a file to its end to one without a terminal, and a second time', async () => {
    await make('create', '-i', '--name', 'cat', image, 'cat');
    for (const text of ['a line\nand another', 'x'.repeat(300_000)]) {
      const { exitCode, stdout } = await cli.start(['start', '-ai', 'cat'], { stdin: 'pipe', input: text });
      assert.equal(exitCode, 0);
      assert.equal(stdout, text);
    }
  });

  it('leaves it alone when killed, and the terminal as it was', async () => {
    await make('run', '--detach', '-it', '--name', 'shell', image, 'sh', '-i');
    const terminal = sitDown('attach', 'shell');
    await greet(terminal, 'one');
    // Of the shell that script(1) runs.
    killQuietly(childOf(childOf(terminal.child.pid)));
    await terminal.printed(/left with 137\./);
    await until(() => /^isig icanon/m.test(terminal.modes()), 'the terminal is what it was');
    assert.equal((await cli.find('shell'))?.status.status, 'running');
  });

  it('is told of a container that does not run, and of one that reads nothing', async () => {
    await make('create', '--name', 'quiet', image, 'sleep', '1000');
    const stopped = await cli.run('attach', 'quiet');
    assert.equal(stopped.exitCode, 255);
    assert.match(stopped.stderr, /does not run: it is created/);
    const refused = await cli.run('start', '-ai', 'quiet');
    assert.equal(refused.exitCode, 255);
    assert.match(refused.stderr, /Cannot type into container \w+ \(quiet\): it was made without --interactive/);
    assert.equal((await cli.find('quiet'))?.status.status, 'created');
  });
});
