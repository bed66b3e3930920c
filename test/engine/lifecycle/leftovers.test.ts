import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { it } from 'mocha';
import { findProcess } from '#engine/lifecycle/process-tree.js';
import type { Lab } from '../fixtures/container-lab.js';
import { describeForEach } from '../fixtures/each-who.js';

/** Seconds that no other process of this machine sleeps. */
const NAP = `60.${process.pid}`;

describeForEach('what a run leaves', (lab) => {
  it('is nothing after a normal end', async () => {
    await lab().run({ binds: ['/etc:/made/for/it:ro'] });
    await assertNothingLeft(lab());
    assert.ok(!(await readdir(lab().image)).includes('made'), 'the image was written to');
  });

  it('is nothing after a failure', async () => {
    const { stderr, exitCode } = await lab().run({ workingDirectory: '/no/such/place' });
    assert.match(stderr, /^WORKING_DIRECTORY_MISSING /);
    assert.equal(exitCode, 255);
    await assertNothingLeft(lab());
  });

  it('is nothing after SIGTERM', async () => {
    const running = lab().start({ command: ['sh', '-c', `echo up; exec sleep ${NAP}`] });
    await running.printed('up');
    running.child.kill('SIGTERM');
    assert.equal((await running.outcome).exitCode, 143);
    await assertNothingLeft(lab());
  });

  it('is no process of what the command left in the background', async () => {
    const { stdout } = await lab().run({ command: ['sh', '-c', `sleep ${NAP} >/dev/null 2>&1 & echo "$!"`] });
    assert.match(stdout, /^\d+\n$/);
    assert.deepEqual(await findProcessesOf(lab()), []);
  });

  it('is neither a process nor a mount after SIGKILL, and the next start removes the directory', async () => {
    const running = lab().start({ command: ['sh', '-c', `echo up; exec sleep ${NAP}`] });
    await running.printed('up');
    const pid = await running.readPid();
    assert.ok(findProcess(pid));
    running.child.kill('SIGKILL');
    await running.outcome;
    while (findProcess(pid) !== undefined) await new Promise((resolve) => setTimeout(resolve, 5));
    assert.deepEqual(await findMounts(lab()), []);
    assert.equal((await readdir(lab().runDirectory)).length, 1);
    await lab().run();
    await assertNothingLeft(lab());
  });
});

async function assertNothingLeft(lab: Lab): Promise<void> {
  assert.deepEqual(await readdir(lab.runDirectory), []);
  assert.deepEqual(await findMounts(lab), []);
  assert.deepEqual(await findProcessesOf(lab), []);
}

async function findMounts(lab: Lab): Promise<string[]> {
  return (await readFile('/proc/self/mountinfo', 'utf8')).split('\n').filter((line) => line.includes(lab.directory));
}

/** The chain's programs all have the session's path among their arguments; the command was the child of one of them. */
async function findProcessesOf(lab: Lab): Promise<string[]> {
  const found: string[] = [];
  for (const name of (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry))) {
    const words = await readFile(`/proc/${name}/cmdline`, 'utf8').catch(() => '');
    if (words.includes(lab.runDirectory) || words === `sleep\0${NAP}\0`) found.push(words);
  }
  return found;
}
