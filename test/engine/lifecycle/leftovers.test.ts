import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { it } from 'mocha';
import { findProcess } from '#engine/lifecycle/process-tree.js';
import { assertNothingLeft, findMounts, findProcesses } from '../../helpers/leftovers.js';
import { describeForEachRuntime } from '../fixtures/each-who.js';

/** Seconds that no other process of this machine sleeps. */
const NAP = `60.${process.pid}`;

describeForEachRuntime('what a run leaves', (lab) => {
  const place = () => ({ ...lab(), word: NAP });

  it('is nothing after a normal end', async () => {
    await lab().run({ binds: ['/etc:/made/for/it:ro'] });
    await assertNothingLeft(place());
    assert.ok(!(await readdir(lab().image)).includes('made'), 'the image was written to');
  });

  it('is nothing after a failure', async () => {
    const { stderr, exitCode } = await lab().run({ workingDirectory: '/no/such/place' });
    assert.match(stderr, /^WORKING_DIRECTORY_MISSING /);
    assert.equal(exitCode, 255);
    await assertNothingLeft(place());
  });

  it('is nothing after SIGTERM', async () => {
    const running = lab().start({ command: ['sh', '-c', `echo up; exec sleep ${NAP}`] });
    await running.printed('up');
    running.child.kill('SIGTERM');
    assert.equal((await running.outcome).exitCode, 143);
    await assertNothingLeft(place());
  });

  it('is no process of what the command left in the background', async () => {
    const { stdout } = await lab().run({ command: ['sh', '-c', `sleep ${NAP} >/dev/null 2>&1 & echo "$!"`] });
    assert.match(stdout, /^\d+\n$/);
    assert.deepEqual(findProcesses(place()), []);
  });

  it('is neither a process nor a mount after SIGKILL, and the next start removes the directory', async () => {
    const running = lab().start({ command: ['sh', '-c', `echo up; exec sleep ${NAP}`] });
    await running.printed('up');
    const pid = await running.readPid();
    assert.ok(findProcess(pid));
    running.child.kill('SIGKILL');
    await running.outcome;
    while (findProcess(pid) !== undefined) await new Promise((resolve) => setTimeout(resolve, 5));
    assert.deepEqual(findMounts(lab()), []);
    assert.equal((await readdir(lab().runDirectory)).length, 1);
    await lab().run();
    await assertNothingLeft(place());
  });
});
