import assert from 'node:assert/strict';
import * as v from 'valibot';
import { userError } from '#base/errors.js';
import { openChannel, type Port } from '#monitor/channel.js';
import { hostCalls } from '#monitor/protocol.js';

const calls = {
  double: { input: v.strictObject({ number: v.number() }), output: v.number() },
  fail: { input: v.undefined(), output: v.undefined() },
};
const handlers = {
  double: ({ number }: { number: number }) => number * 2,
  fail: () => {
    throw userError('MONITOR_LOST', 'no', { hint: 'yes', data: { id: 'x' } });
  },
};
const lost = () => new Error('gone');

describe('the channel between the processes of a container', () => {
  it('answers, and throws what the other side threw', async () => {
    const [here, there] = pair();
    const channel = openChannel(here, { ours: {}, handlers: {}, theirs: calls, lost });
    openChannel(there, { ours: calls, handlers, theirs: {}, lost });
    assert.equal(await channel.call('double', { number: 21 }), 42);
    await assert.rejects(channel.call('fail', undefined), { code: 'MONITOR_LOST', kind: 'user', hint: 'yes', data: { id: 'x' } });
  });

  it('refuses an answer that the schema of the call does not know', async () => {
    const [here, there] = pair();
    const channel = openChannel(here, { ours: {}, handlers: {}, theirs: calls, lost });
    there.onMessage((message) => there.send({ id: (message as { id: number }).id, answer: 'forty-two' }));
    await assert.rejects(channel.call('double', { number: 21 }), { code: 'MESSAGE_INVALID' });
  });

  it('refuses a call that is not in its table, or not of its schema', async () => {
    const questions: [string, unknown][] = [
      ['double', { number: 1, more: true }],
      ...['constructor', '__proto__', 'toString', 'nothing'].map((name): [string, unknown] => [name, undefined]),
    ];
    for (const [call, input] of questions) {
      const [here, there] = pair();
      openChannel(here, { ours: calls, handlers, theirs: {}, lost });
      const told = new Promise<unknown>((resolve) => there.onMessage(resolve));
      there.send({ id: 1, call, input });
      assert.equal(((await told) as { fault: { code: string } }).fault.code, 'MESSAGE_INVALID');
    }
  });

  it('ends at a message that is none, and rejects what waits for an answer', async () => {
    const [here, there] = pair();
    const channel = openChannel(here, { ours: {}, handlers: {}, theirs: calls, lost });
    const waiting = channel.call('double', { number: 1 });
    there.send({ id: 'one', answer: 2 });
    await assert.rejects(waiting, /gone/);
    await channel.closed;
    await assert.rejects(channel.call('double', { number: 1 }), /gone/);
  });

  it('lets no answer of a plugin pass that the contract would not', () => {
    const { openImage, configure, decide, mapUsers } = hostCalls;
    const refused: [v.GenericSchema, unknown][] = [
      [openImage.output, { answer: { type: 'directory', path: '../etc' } }],
      [openImage.output, { answer: { type: 'directory', path: '/etc', more: true } }],
      [configure.output, { image: './x', command: [] }],
      [decide.output, { action: 'replace', signal: 'SIGNOTHING' }],
      [mapUsers.output, { uids: [{ inside: -1, outside: 0, count: 1 }], gids: [] }],
    ];
    for (const [schema, value] of refused) assert.ok(!v.is(schema, value), JSON.stringify(value));
    assert.ok(v.is(openImage.output, { answer: { type: 'directory', path: '/srv/image' } }));
    assert.ok(v.is(decide.output, { action: 'swallow' }));
  });
});

/** Two ends; what one sends the other gets a turn later, as a copy. */
function pair(): [Port, Port] {
  const ends = [0, 1].map(() => ({ takes: [] as ((message: unknown) => void)[], closes: [] as (() => void)[] }));
  const port = (own: number, other: number): Port => ({
    send: (message) => void setImmediate(() => ends[other]?.takes.forEach((take) => take(structuredClone(message)))),
    onMessage: (take) => void ends[own]?.takes.push(take),
    onClose: (tell) => void ends[own]?.closes.push(tell),
    close: () => void setImmediate(() => ends.forEach(({ closes }) => closes.forEach((tell) => tell()))),
  });
  return [port(0, 1), port(1, 0)];
}
