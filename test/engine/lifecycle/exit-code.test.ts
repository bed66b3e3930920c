import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { it } from 'mocha';
import { describeForEachRuntime } from '../fixtures/each-who.js';

describeForEachRuntime('the exit code of a run', (lab, _who, runtime) => {
  const cases: [title: string, command: string[], exitCode: number][] = [
    ['is that of the command', ['sh', '-c', 'exit 7'], 7],
    ['is 0 of a command that is over at once', ['true'], 0],
    ['is 0 of a command that is also a step of its launcher', ['env'], 0],
    ['is 1 of a command that fails at once', ['false'], 1],
    ['is 128 + n of a command that dies by a signal', ['sh', '-c', 'kill -TERM $$'], 143],
    ['is 137 of a command that is killed', ['sh', '-c', 'kill -KILL $$'], 137],
    ['is 127 of a shell that finds no command, and the shell has started', ['sh', '-c', 'no-such-command'], 127],
  ];
  for (const [title, command, exitCode] of cases) {
    it(title, async () => {
      const outcome = await lab().run({ command });
      assert.equal(outcome.exitCode, exitCode, outcome.stderr);
      assert.match(outcome.events[0] ?? '', /^started \d+$/);
      assert.equal(outcome.events[1], 'start');
      assert.equal(outcome.events.at(-1), 'exit');
    });
  }

  const unexecuted: [title: string, command: string[], exitCode: number][] = [
    ['a command that is nowhere', ['no-such-command'], 127],
    ['a directory', ['/etc'], 126],
    ['a file that is not executable', ['/plain'], 126],
    ['a script without its interpreter', ['/script'], 127],
  ];
  for (const [title, command, exitCode] of unexecuted) {
    // The last step of crun and runc fails in the container itself, and cannot be told from a command that ends with 1.
    if (runtime !== 'embedded' && command[0] === '/script') continue;
    it(`is ${exitCode} for ${title}, which has not started`, async () => {
      await writeFile(join(lab().image, 'plain'), '', { mode: 0o644 });
      await writeFile(join(lab().image, 'script'), '#!/no/such/interpreter\n', { mode: 0o755 });
      const outcome = await lab().run({ command });
      assert.equal(outcome.exitCode, exitCode, outcome.stderr);
      assert.deepEqual(outcome.events, []);
    });
  }
});
