import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { ContainerEvent } from '#engine/engine.js';
import { observe } from '#engine/lifecycle/observe.js';

const exit = { type: 'exit', exitCode: 0, runMs: 1 } as const;
const sample = { type: 'sample', memoryBytes: 1, peakMemoryBytes: 1, cpuMs: 0, runMs: 0 } as const;

describe('an observer', () => {
  it('that is slow gets every signal up to a bound, and no sample meanwhile', async () => {
    const told: ContainerEvent[] = [];
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    const tell = async (event: ContainerEvent): Promise<void> => {
      told.push(event);
      await released;
    };
    const observation = observe({ tell, takeSample: () => sample, log: () => undefined, sampleEveryMs: 1 });
    await new Promise((resolve) => setTimeout(resolve, 30));
    for (let count = 0; count < 1000; count += 1) observation.signal('SIGUSR1');
    release();
    await observation.close(exit);
    const types = told.map((event) => event.type);
    assert.deepEqual(types.slice(0, 2), ['start', 'sample']);
    assert.equal(types.filter((type) => type === 'sample').length, 1);
    assert.equal(types.filter((type) => type === 'signal').length, 62);
    assert.equal(types.at(-1), 'exit');
  });

  it('gets no sample of a process that has ended, and nothing after the exit', async () => {
    const told: string[] = [];
    const observation = observe({ tell: async (event) => void told.push(event.type), takeSample: () => undefined, log: () => undefined });
    await observation.close(exit);
    observation.signal('SIGTERM');
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(told, ['start', 'exit']);
  });
});
