import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { messageOf } from '#base/errors.js';
import type { ContainerEvent, ControlDecision } from '#engine/engine.js';
import { openControl, type ControlRequest } from '#engine/lifecycle/control.js';

const exit = { type: 'exit', exitCode: 7, runMs: 1 } as const;
const sample = { type: 'sample', memoryBytes: 1, peakMemoryBytes: 1, cpuMs: 0, runMs: 0 } as const;
const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const never = () => new Promise<undefined>(() => undefined);

type Decide = ControlRequest['decide'];

/** A controller under test: what it was told, what was done to the container, and why it was lost. */
function open(decide: Decide, changes: Partial<ControlRequest> = {}) {
  const told: string[] = [];
  const done: string[] = [];
  const lost: string[] = [];
  const control = openControl({
    decide: (event) => {
      told.push(event.type === 'signal' ? event.signal : event.type);
      return decide(event);
    },
    onLost: (why) => lost.push(messageOf(why)),
    forward: (signal) => done.push(signal),
    send: (signal) => done.push(`sent ${signal}`),
    takeSample: () => undefined,
    ...changes,
  });
  return { control, told, done, lost };
}

function onSignal(decisions: Record<string, ControlDecision>): Decide {
  return (event: ContainerEvent) => Promise.resolve(event.type === 'signal' ? decisions[event.signal] : undefined);
}

describe('a controller', () => {
  it('forwards, replaces and swallows signals, in the order in which they came', async () => {
    const { control, done, told } = open(
      onSignal({ SIGHUP: { action: 'swallow' }, SIGTERM: { action: 'replace', signal: 'SIGUSR1' }, SIGINT: { action: 'forward' } }),
    );
    for (const signal of ['SIGUSR2', 'SIGHUP', 'SIGTERM', 'SIGINT'] as const) control.signal(signal);
    assert.deepEqual(await control.finish(exit), { exitCode: 7, runMs: 1 });
    assert.deepEqual(told, ['start', 'SIGUSR2', 'SIGHUP', 'SIGTERM', 'SIGINT', 'exit']);
    assert.deepEqual(done, ['SIGUSR2', 'sent SIGUSR1', 'SIGINT']);
    control.close();
  });

  it('maps the exit status: n is n, a signal is 128 and its number (apptainer 120)', async () => {
    const answers: [ControlDecision | undefined, object][] = [
      [undefined, { exitCode: 7 }],
      [{ action: 'exit', exitCode: 0 }, { exitCode: 0 }],
      [{ action: 'exit', exitCode: 255 }, { exitCode: 255 }],
      [
        { action: 'raise', signal: 'SIGTERM' },
        { exitCode: 143, signal: 'SIGTERM' },
      ],
    ];
    for (const [answer, expected] of answers) {
      const { control } = open(async (event) => (event.type === 'exit' ? answer : undefined));
      assert.deepEqual(await control.finish(exit), { ...expected, runMs: 1 });
      control.close();
    }
  });

  it('may end the run at any event', async () => {
    for (const at of ['start', 'sample', 'signal'] as const) {
      const { control } = open(async ({ type }) => (type === at ? { action: 'exit', exitCode: 3 } : undefined), {
        takeSample: () => sample,
      });
      control.signal('SIGUSR1');
      assert.deepEqual(await control.ended, { exitCode: 3 });
      control.close();
    }
  });

  it('that hangs is lost: what waits is forwarded in order, and all that comes later at once', async () => {
    const { control, done, lost } = open(never, { decisionMs: 30 });
    control.signal('SIGUSR1');
    control.signal('SIGINT');
    assert.deepEqual(done, []);
    await wait(60);
    assert.deepEqual(done, ['SIGUSR1', 'SIGINT']);
    control.signal('SIGTERM');
    assert.deepEqual(done, ['SIGUSR1', 'SIGINT', 'SIGTERM']);
    assert.deepEqual(lost, ['it did not decide on SIGUSR1 within 30 ms']);
    assert.deepEqual(await control.finish(exit), { exitCode: 7, runMs: 1 });
  });

  it('that hangs at the exit is not waited for once a signal comes', async () => {
    const { control } = open((event) => (event.type === 'exit' ? never() : Promise.resolve(undefined)), { decisionMs: 10 });
    const result = control.finish(exit);
    control.signal('SIGINT');
    assert.deepEqual(await result, { exitCode: 7, runMs: 1 });
  });

  it('that throws is lost once, with the reason, and asked no more', async () => {
    const { control, done, lost, told } = open(() => Promise.reject(new Error('no idea')));
    control.signal('SIGTERM');
    await wait(5);
    control.signal('SIGHUP');
    assert.deepEqual(done, ['SIGTERM', 'SIGHUP']);
    assert.deepEqual(lost, ['no idea']);
    assert.deepEqual(told, ['start']);
    assert.deepEqual(await control.finish(exit), { exitCode: 7, runMs: 1 });
  });

  it('that decides late changes nothing any more', async () => {
    const { control, done } = open(
      (event) => wait(40).then(() => (event.type === 'signal' ? { action: 'exit', exitCode: 1 } : { action: 'exit', exitCode: 2 })),
      { decisionMs: 5 },
    );
    control.signal('SIGTERM');
    await wait(60);
    assert.deepEqual(done, ['SIGTERM']);
    assert.equal(await Promise.race([control.ended, wait(20)]), undefined);
  });

  it('under load gets signals up to a bound, and those beyond go to the command at once', async () => {
    const { control, done, told } = open((event) => (event.type === 'start' ? wait(20).then(() => undefined) : Promise.resolve(undefined)));
    for (let count = 0; count < 100; count += 1) control.signal('SIGUSR1');
    assert.equal(done.length, 36);
    await control.finish(exit);
    assert.equal(done.length, 100);
    assert.equal(told.filter((name) => name === 'SIGUSR1').length, 64);
    control.close();
  });

  it('gets no sample while it is busy', async () => {
    const { control, told } = open(() => wait(60).then(() => undefined), { takeSample: () => sample, sampleEveryMs: 2 });
    await wait(40);
    control.close();
    assert.deepEqual(told, ['start']);
  });
});
