import assert from 'node:assert/strict';
import { before, it } from 'mocha';
import { setTimeout as delay } from 'node:timers/promises';
import { runContainer, type ContainerReach, type ContainerUse } from '#engine/engine.js';
import type { Lab } from '../fixtures/container-lab.js';
import { describeAsMyself } from '../fixtures/each-who.js';

describeAsMyself('what can be done with a container that runs', (open) => {
  let lab: Lab;
  before(() => (lab = open()));

  /** Runs a line of shell and calls `look` again and again until it says that it has seen enough, then ends the command. */
  async function watch(script: string, look: (use: ContainerUse) => boolean): Promise<ContainerReach> {
    let reached: ContainerReach | undefined;
    const running = runContainer(
      lab.request({ command: ['sh', '-c', script] }),
      { reach: (reach) => void (reached = reach) },
      { runDirectory: lab.runDirectory },
    );
    for (let tries = 0; tries < 300; tries += 1) {
      await delay(20);
      if (reached !== undefined && look(reached.use())) break;
      if (tries === 299) assert.fail(`It saw ${JSON.stringify(reached?.use())}`);
    }
    reached?.signal('SIGKILL');
    assert.equal((await running).exitCode, 137);
    return reached ?? assert.fail('it was never reached');
  }

  it('counts all of its processes, those without a parent too, and their memory', async () => {
    let memoryBytes = 0;
    await watch('(sleep 60 & sleep 60 &) ; sleep 60 & sleep 60', (use) => {
      memoryBytes = use.memoryBytes;
      return use.pids === 5;
    });
    assert.ok(memoryBytes > 5 * 100_000, `${memoryBytes}`);
  });

  it('counts the time of processes that have ended', async () => {
    await watch(
      'sh -c "i=0; while [ \\$i -lt 150000 ]; do i=\\$((i+1)); done"; sh -c "exec sleep 60"',
      (use) => use.cpuMs >= 30 && use.pids === 2,
    );
  });

  it('reaches nobody any more once it has ended: neither by signals nor by numbers', async () => {
    const reach = await watch('exec sleep 60', (use) => use.pids === 1);
    reach.signal('SIGTERM');
    await delay(150);
    assert.deepEqual({ ...reach.use(), cpuMs: 0 }, { memoryBytes: 0, cpuMs: 0, pids: 0 });
  });

  it('is looked at ten times a second at most', async () => {
    let looks = 0;
    let different = 0;
    let last = '';
    await watch('while :; do :; done', (use) => {
      const text = JSON.stringify(use);
      different += text === last ? 0 : 1;
      last = text;
      return (looks += 1) === 20;
    });
    assert.ok(different <= 7, `${different} different answers within 0.4 s`);
  });
});
