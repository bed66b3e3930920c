import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { afterEach, it } from 'mocha';
import { openTerminal as openAny, type OpenTerminal } from '../../helpers/open-terminal.js';
import { describeForEachRuntime } from '../fixtures/each-who.js';

const CAUGHT = ['TERM', 'HUP', 'INT', 'QUIT', 'USR1', 'USR2', 'WINCH'] as const;
const script = existsSync('/usr/bin/script') ? '/usr/bin/script' : undefined;

describeForEachRuntime('signals to the engine', (lab) => {
  it('reach the command, each of them, and the observers', async () => {
    const traps = CAUGHT.map((name) => `trap 'echo got-${name}' ${name}`).join('; ');
    const running = lab().start({ command: ['sh', '-c', `${traps}; echo up; while :; do sleep 0.02; done`] });
    await running.printed('up');
    for (const name of CAUGHT) {
      running.child.kill(`SIG${name}`);
      await running.printed(`got-${name}`);
    }
    running.child.kill('SIGTERM');
    await running.printed('got-TERM\n');
    process.kill(await running.readPid(), 'SIGKILL');
    const { exitCode, events } = await running.outcome;
    assert.equal(exitCode, 137);
    for (const name of CAUGHT) assert.ok(events.includes(`signal SIG${name}`), `${name} was not observed`);
  });

  it('end a command that does not mind them', async () => {
    const running = lab().start({ command: ['sh', '-c', 'echo up; exec sleep 60'] });
    await running.printed('up');
    running.child.kill('SIGINT');
    assert.equal((await running.outcome).exitCode, 130);
  });

  const terminals: ChildProcess[] = [];
  afterEach(() => terminals.splice(0).forEach((terminal) => terminal.kill('SIGKILL')));

  it('a ^C at a terminal ends the command, and the engine says its exit code', async function () {
    if (script === undefined) return this.skip(); // needs script(1)
    const terminal = openTerminal(
      terminals,
      lab().words({ command: ['sh', '-c', 'trap "echo caught; exit 5" INT; echo up; while :; do sleep 0.02; done'] }),
    );
    await terminal.printed(/up/);
    terminal.type('\u0003');
    assert.equal(await terminal.exitCode, 5, terminal.text());
  });

  it('an interactive shell at a terminal has job control, and a ^C is its own', async function () {
    if (script === undefined || !existsSync('/usr/bin/bash')) return this.skip(); // needs script(1) and bash
    const terminal = openTerminal(terminals, lab().words({ command: ['/usr/bin/bash', '--norc', '--noediting', '-i'] }));
    // What cat(1) repeats was typed when it had the terminal.
    terminal.type('tty; cat\nbefore\n');
    await terminal.printed(/\/dev\/(?:console|pts)[^]*before[^]*before|before[^]*\/dev\/(?:console|pts)[^]*before/);
    terminal.type('\u001a');
    await terminal.printed(/Stopped/);
    terminal.type('fg\nafter\n');
    await terminal.printed(/after[^]*after/);
    terminal.type('\u0003');
    await terminal.printed(/after[^]*after[^]*\^C[^]*bash/);
    terminal.type('exit 9\n');
    assert.equal(await terminal.exitCode, 9, terminal.text());
    assert.doesNotMatch(terminal.text(), /job control turned off/);
  });
});

/** Put among those that are closed after the test. */
function openTerminal(terminals: ChildProcess[], words: readonly string[]): OpenTerminal {
  const terminal = openAny(words);
  terminals.push(terminal.child);
  return terminal;
}
