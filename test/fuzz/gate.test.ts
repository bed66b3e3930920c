import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { openClient, serve, type Reply } from '#wire/wire.js';
import { snapshotRealm } from '../attack/realm.js';
import { holds, timeoutMs, within } from './fuzz.js';
import {
  answerOf,
  applyChange,
  callOf,
  change,
  isPlain,
  isRightAnswer,
  isRightCall,
  openTestPort,
  raw,
  reply,
  type Change,
} from './messages.js';
import { cloneable, plain, recipeOf, type Recipe } from './values.js';

const names = ['echo', 'fail'] as const;
/** Whatever it is, the host is back at its other work by then, copying included, on a machine that is busy. */
const messageMsMax = 2000;

/** Past counterexamples; each was a message that harmed. */
const pastCalls: [Recipe][] = [
  // Took a minute to print in the reason of the refusal, on the main thread: no deadline could end it.
  [recipeOf(() => ({ ...(callOf('a', 'echo', 1) as object), id: 1n << (1n << 25n) }))],
  [recipeOf(() => callOf('a', 'echo', 1n << (1n << 25n)))],
  // Its name was the reason, all of it.
  [recipeOf(() => ({ ...(callOf('a', 'echo', 1) as object), ['k'.repeat(2_000_000)]: 1 }))],
  // Handed on to the schemas of the powers, which walk an array from end to end.
  [recipeOf(() => callOf('a', 'echo', new Array(2 ** 32 - 1)))],
];

describe('the gate, given any message', function () {
  this.timeout(timeoutMs);

  const calls = fc.oneof(
    cloneable(),
    cloneable().map((value) => around('raw', raw, value)),
    cloneable().map((value) => around('a call with', (argument) => callOf('a', 'echo', argument), value)),
    fc
      .tuple(fc.string(), fc.constantFrom(...names, 'constructor'), plain(), fc.array(change(), { maxLength: 2 }))
      .map(([id, name, argument, changes]) => changed(callOf(id, name, argument), changes)),
  );

  it('lets exactly the right calls through, answers each once, and reports the others', () =>
    holds(
      fc.asyncProperty(calls, async ({ make }) => {
        const message: unknown = structuredClone(make());
        const before = snapshotRealm();
        const received: unknown[] = [];
        const violations: string[] = [];
        const port = openTestPort();
        serve(port, { echo: (value) => void received.push(value), fail: (value) => failWith(received, value) }, (why) =>
          violations.push(why),
        );
        within(messageMsMax, () => {
          received.length = violations.length = 0;
          port.deliver(message);
        });
        await turn();

        if (isRightCall(message, names)) {
          assert.deepEqual(violations, []);
          assert.equal(received.length, 1);
          assert.ok(isPlain(received[0]));
          assert.equal(port.sent.every(isRightAnswer), true);
          assert.equal(new Set(port.sent.map((sent) => (sent as { id: unknown }).id)).size, 1);
        } else {
          assert.deepEqual(port.sent, []);
          assert.deepEqual(received, []);
          assert.equal(violations.length, 1);
          assert.ok((violations[0] ?? '').length <= 300, 'the reason is short');
        }
        assert.deepEqual(snapshotRealm(), before);
      }),
      { runs: 700, examples: pastCalls },
    ));

  /** What the other side does, in any order: `which` is the n-th question that was asked so far. */
  const step = fc.oneof(
    fc.record({ act: fc.constant('ask' as const), argument: plain() }),
    fc.record({ act: fc.constant('answer' as const), which: fc.nat(), reply: reply(), changes: fc.array(change(), { maxLength: 1 }) }),
    fc.record({ act: fc.constant('answer' as const), which: fc.nat(), reply: reply(), changes: fc.constant([]) }),
    fc.record({ act: fc.constant('say' as const), message: cloneable() }),
    fc.record({ act: fc.constant('guess' as const), id: fc.string(), reply: reply() }),
  );

  it('settles a question by the first right answer to it and by nothing else: not twice, not by another id, not unasked', () =>
    holds(
      fc.asyncProperty(fc.array(step, { maxLength: 20 }), async (steps) => {
        const before = snapshotRealm();
        const port = openTestPort();
        let violations = 0;
        const ask = openClient(port, names, () => (violations += 1));
        const settled: (Reply | undefined)[] = [];
        const expected: unknown[] = [];
        let expectedViolations = 0;
        const deliver = (message: unknown): void => {
          const copy: unknown = structuredClone(message);
          if (!isRightAnswer(copy)) expectedViolations += 1;
          else {
            const { id, value } = copy as { id: string; value: unknown };
            const index = port.sent.findIndex((sent) => (sent as { id: string }).id === id);
            if (index !== -1 && expected[index] === undefined) expected[index] = value;
          }
          port.deliver(copy);
        };
        for (const one of steps) {
          if (one.act === 'ask') {
            const index = settled.push(undefined) - 1;
            expected.push(undefined);
            void ask('echo', one.argument).then((answer) => (settled[index] = answer));
          } else if (one.act === 'say') deliver(one.message.make());
          else if (one.act === 'guess') deliver(answerOf(one.id, one.reply));
          else if (port.sent.length > 0) {
            const asked = port.sent[one.which % port.sent.length] as { id: string };
            deliver(changed(answerOf(asked.id, one.reply), one.changes).make());
          }
          await turn();
        }
        assert.deepEqual(settled, expected);
        assert.equal(violations, expectedViolations);
        assert.equal(new Set(port.sent.map((sent) => (sent as { id: string }).id)).size, port.sent.length);
        assert.deepEqual(snapshotRealm(), before);
      }),
      { runs: 250 },
    ));

  it('sends an answer that is not plain data as a fault that says so', () =>
    holds(
      fc.asyncProperty(cloneable(), async ({ make }) => {
        const port = openTestPort();
        serve(port, { echo: () => make() }, () => assert.fail('violation'));
        port.deliver(callOf('a', 'echo', 1));
        for (let turns = 0; turns < 5 && port.sent.length === 0; turns++) await turn();
        assert.equal(port.sent.length, 1);
        assert.ok(isRightAnswer(port.sent[0]));
      }),
      { runs: 400 },
    ));
});

function changed(message: unknown, changes: readonly Change[]): Recipe {
  return recipeOf(
    () => changes.reduce(applyChange, message),
    () => `${fc.stringify(message)} with ${fc.stringify(changes)}`,
  );
}

function around(told: string, build: (value: unknown) => unknown, value: Recipe): Recipe {
  return recipeOf(
    () => build(value.make()),
    () => `${told} ${fc.stringify(value)}`,
  );
}

function failWith(received: unknown[], value: unknown): never {
  received.push(value);
  throw value;
}
