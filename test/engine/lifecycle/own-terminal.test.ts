import assert from 'node:assert/strict';
import { afterEach, beforeEach, it } from 'mocha';
import { findChildren, findProcess } from '#engine/lifecycle/process-tree.js';
import { until } from '../../helpers/background.js';
import { needTool } from '../../helpers/need.js';
import { openTerminal, type OpenTerminal } from '../../helpers/open-terminal.js';
import { changeWindow, interruptNow, stopAndGoOn } from '../../helpers/type-at-shell.js';
import { describeForEachRuntime } from '../fixtures/each-who.js';

describeForEachRuntime('a terminal of the command’s own', (lab, who, runtime) => {
  const terminals: OpenTerminal[] = [];
  // With an OCI runtime two stand in a row.
  const path = `/dev/pts/${runtime === 'embedded' ? 0 : 1}`;
  beforeEach(function () {
    needTool(this, 'script');
  });
  afterEach(() => terminals.splice(0).forEach(({ child }) => child.kill('SIGKILL')));

  const open = (command: string[]): OpenTerminal => {
    const terminal = openTerminal(lab().words({ command, terminal: true }));
    terminals.push(terminal);
    return terminal;
  };

  it('is where a shell has job control: window, ^C, ^Z, fg, exit code', async () => {
    const terminal = open(['sh', '-i']);
    terminal.type('tty; ls -l /dev/console /dev/stdin; stty size; echo "begun $TERM."\n');
    await terminal.printed(new RegExp(`${path}\\r\\n[^]*24 80[^]*begun \\w+\\.`));
    await changeWindow(terminal, { rows: 41, columns: 97 });
    await stopAndGoOn(terminal);
    await interruptNow(terminal);
    terminal.type('echo "code $?"\n');
    await terminal.printed(/code 130/);
    terminal.type('exit 9\n');
    assert.equal(await terminal.exitCode, 9, terminal.text());
    assert.doesNotMatch(terminal.text(), /job control turned off|Cannot set tty/);
  });

  it('tells a program of the window as it changes, and gives ^C and ^\\ to whoever catches them', async () => {
    const script =
      'trap "stty size" WINCH; trap "echo got-INT" INT; trap "echo got-QUIT; exit 5" QUIT; echo up; while :; do sleep 0.02; done';
    const terminal = open(['sh', '-c', script]);
    await terminal.printed(/up\r\n/);
    terminal.resize(30, 100);
    await terminal.printed(/30 100/);
    terminal.type('\u0003');
    await terminal.printed(/got-INT/);
    terminal.type('\u001c');
    assert.equal(await terminal.exitCode, 5, terminal.text());
  });

  it('is raw at the caller’s side while it is there, and the caller’s terminal is afterwards what it was', async () => {
    const words = lab().words({ command: ['sh', '-c', 'echo up; read -r line; exit 3'], terminal: true });
    const terminal = openTerminal(['sh', '-c', 'stty -echo; "$@"; echo "code $?"; read -r end', 'sh', ...words]);
    terminals.push(terminal);
    await terminal.printed(/up/);
    assert.match(terminal.modes(), / -icanon/);
    terminal.type('\n');
    await terminal.printed(/code 3/);
    assert.match(terminal.modes(), / icanon/);
    assert.match(terminal.modes(), / -echo /);
  });

  it('leaves the caller’s terminal as it was also where what makes it, or the command, is killed', async () => {
    for (const victim of ['script', 'sleep']) {
      const words = lab().words({ command: ['sh', '-c', 'echo up; exec sleep 60'], terminal: true });
      const terminal = openTerminal(['sh', '-c', '"$@"; echo "code $?"; read -r end', 'sh', ...words]);
      terminals.push(terminal);
      await terminal.printed(/up/);
      process.kill(await findDescendant(terminal.child.pid ?? 0, victim), 'SIGKILL');
      await terminal.printed(/code 137/);
      assert.match(terminal.modes(), / icanon/, victim);
    }
  });

  it('leaves it so too where what runs the container is killed', async () => {
    const words = lab().words({ command: ['sh', '-c', 'echo up; exec sleep 60'], terminal: true });
    const terminal = openTerminal(['sh', '-c', '"$@"; echo "code $?"; read -r end', 'sh', ...words]);
    terminals.push(terminal);
    await terminal.printed(/up/);
    assert.match(terminal.modes(), / -icanon/);
    process.kill(await findDescendant(terminal.child.pid ?? 0, 'node'), 'SIGKILL');
    await terminal.printed(/code 137/);
    await until(() => /^isig icanon/m.test(terminal.modes()), 'the terminal is what it was');
  });

  it('is not there without being asked for, and needs no terminal of the caller', async () => {
    assert.equal((await lab().run({ command: ['tty'] })).exitCode, 1);
    const { exitCode, stdout, events } = await lab().run({
      command: ['sh', '-c', 'tty; echo wrong >&2; stty size; exit 4'],
      terminal: true,
    });
    assert.equal(exitCode, 4);
    assert.match(stdout, new RegExp(`${path}\\r\\nwrong\\r\\n24 80\\r\\n`));
    assert.ok(events.some((line) => line.startsWith('started ')));
  });

  it('takes what is typed by a program, and 126 and 127 mean what they do without it', async () => {
    const running = lab().start({ command: ['sh', '-c', 'echo up; read -r line; echo "read $line"'], terminal: true });
    await running.printed('up');
    running.child.stdin?.end('by a program\n');
    const { exitCode, stdout } = await running.outcome;
    assert.equal(exitCode, 0);
    assert.match(stdout, /read by a program\r\n/);
    assert.equal((await lab().run({ command: ['/no/such'], terminal: true })).exitCode, 127);
    assert.equal((await lab().run({ command: ['/etc'], terminal: true })).exitCode, 126);
  });

  it('can be opened by whoever the command is', async () => {
    const user = who === 'root' ? { options: { user: '1234:1234' } } : { fakeroot: true };
    // What ls(1) itself opens, and what the tests were given and hand on.
    const { stdout: fds } = await lab().run({ command: ['ls', '-1', '/proc/self/fd'] });
    for (const changes of [{}, user]) {
      const { stdout } = await lab().run({
        command: ['sh', '-c', 'echo again >/dev/tty; echo more >/dev/stdout; ls -1 /proc/self/fd | cat'],
        terminal: true,
        ...changes,
      });
      assert.equal(stdout.replaceAll('\r', ''), `again\nmore\n${fds}`);
    }
  });
});

interface Descendant {
  readonly pid: number;
  readonly name: string;
  readonly depth: number;
}

/**
 * Not the terminal's own script(1), which is the ancestor of all. The shell that was seen may not have become it yet. The youngest: crun has a child beside the command, see oci/keeper.ts.
 */
async function findDescendant(pid: number, name: string): Promise<number> {
  for (;;) {
    const found = descendantsOf(pid).findLast((one) => one.name === name && one.depth > 0);
    if (found !== undefined) return found.pid;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

function descendantsOf(pid: number, depth = 0): Descendant[] {
  return findChildren(pid).flatMap((child) => {
    const name = findProcess(child)?.name;
    return name === undefined ? [] : [{ pid: child, name, depth }, ...descendantsOf(child, depth + 1)];
  });
}
