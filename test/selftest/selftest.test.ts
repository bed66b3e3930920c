import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { escapeCases, openSuite, runSelftest, type EscapeCase, type SelftestReport } from '#selftest/selftest.js';

const sound: EscapeCase = {
  class: 'B',
  name: 'sound',
  run: 'probe',
  tries: 'return process',
  held: /^nothing$/,
  twin: 'return 1 + 1 === 2',
};

async function run(...cases: EscapeCase[]): Promise<SelftestReport> {
  return runSelftest({ isolation: 'thread', cases });
}

/** A runner that cannot fail is worth nothing: each of these must be found out. */
describe('the runner of the escape suite', () => {
  it('counts a case that is held and whose twin works', async () => {
    const { allHeld, classes, failures } = await run(sound);
    assert.deepEqual({ allHeld, failures }, { allHeld: true, failures: [] });
    assert.deepEqual(classes, [{ class: 'B', title: classes[0]?.title, tried: 1, held: 1, twinsWorking: 1 }]);
  });

  for (const [title, changes, expected] of [
    ['got something', { tries: 'return globalThis' }, { held: false, twinWorks: true, outcome: 'got [object Object]' }],
    ['is not what was expected', { held: /^not evaluated$/ }, { held: false, twinWorks: true, outcome: 'nothing' }],
    ['does not even compile', { tries: 'return (' }, { held: false, twinWorks: true, outcome: 'not evaluated' }],
    ['has a twin that throws', { twin: 'throw new Error("twin")' }, { held: true, twinWorks: false, twinOutcome: 'nothing' }],
    ['has a twin that is wrong', { twin: 'return false' }, { held: true, twinWorks: false, twinOutcome: 'got false' }],
    ['answers', { run: 'answer', tries: 'return {}' }, { held: false, outcome: 'answered {}' }],
    ['got out of the compartment and finds something', { run: 'escaped', tries: 'return globalThis' }, { held: false, outcome: /^got/ }],
    [
      'got out of the compartment and ends the thread',
      { run: 'escaped', tries: 'process.exit(3)' },
      { held: false, outcome: 'ended with 3' },
    ],
  ] as const) {
    it(`fails a case that ${title}`, async () => {
      const report = await run(sound, { ...sound, ...changes, name: 'broken' });
      assert.equal(report.allHeld, false);
      assert.equal(report.failures.length, 1);
      assert.equal(report.failures[0]?.name, 'broken');
      const failure: Readonly<Record<string, unknown>> = { ...report.failures[0] };
      for (const [key, value] of Object.entries(expected)) {
        if (value instanceof RegExp) assert.match(String(failure[key]), value);
        else assert.equal(failure[key], value);
      }
    });
  }

  it('fails a case after which the host is not as it was', async () => {
    const suite = await openSuite('thread');
    const trying = suite.try({ ...sound, tries: 'await new Promise((resolve) => setTimeout(resolve, 1000))' });
    // In the place of a plugin that reached the host's realm, while it runs.
    await sleep(300);
    Object.assign(Map.prototype, { polluted: 1 });
    process.env['ESCAPED'] = '1';
    try {
      const { held, outcome, broken } = await trying;
      assert.equal(outcome, 'nothing');
      assert.equal(held, false);
      assert.deepEqual(broken, ['Map.prototype.polluted changed', 'the environment of the process changed']);
    } finally {
      Reflect.deleteProperty(Map.prototype, 'polluted');
      delete process.env['ESCAPED'];
      await suite.close();
    }
  });

  it('does not call a suite without cases held', async () => assert.equal((await run()).allHeld, false));
});

describe('the table of ways out', () => {
  it('has at least 150 cases, none twice', () => {
    const names = escapeCases.map((escape) => `${escape.class}, ${escape.run}, ${escape.name}`);
    assert.ok(names.length >= 150);
    assert.deepEqual([...new Set(names)], names);
  });
});
