import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import * as v from 'valibot';
import type { BulkheadError } from '#base/errors.js';
import { askEvery, budgetSettings, budgetsOf, budgetTable, defaultBudgets } from '#host/host.js';
import { openTotalTime } from '../../src/host/total-time.js';
import { buildConfig, describeTiers, scriptOf, type TestHost } from '../helpers/compartment.js';

const config = buildConfig();
const container = { id: 'abcdefghijkl', image: 'host:', command: ['true'], pid: 1, startedAt: 0, uid: 0 };
const table = Object.entries(budgetTable);

describe('the table of budgets', () => {
  for (const [name, { min, max, otherwise }] of table) {
    it(`takes ${name} from ${min} to ${max}, and nothing else`, () => {
      const takes = (value: unknown): boolean => v.safeParse(budgetSettings, { [name]: value }).success;
      assert.deepEqual([min, otherwise, max].map(takes), [true, true, true]);
      assert.deepEqual([min - 1, max + 1, min + 0.5, String(min), null].map(takes), [false, false, false, false, false]);
    });
  }

  it('gives a plugin its own value before that for all, and that before the default', () => {
    const settings = v.parse(budgetSettings, { 'total-ms': 500, 'stack-mib': 2, 'example.com/plugin': { 'total-ms': 700 } });
    assert.deepEqual(budgetsOf(settings, 'example.com/plugin'), { ...defaultBudgets, 'total-ms': 700, 'stack-mib': 2 });
    assert.deepEqual(budgetsOf(settings, 'example.com/other'), { ...defaultBudgets, 'total-ms': 500, 'stack-mib': 2 });
  });

  it('gives a plugin that is named after a budget the values of all', () => {
    assert.deepEqual(budgetsOf(v.parse(budgetSettings, { 'total-ms': 500 }), 'total-ms'), { ...defaultBudgets, 'total-ms': 500 });
  });

  it('refuses what is no budget, also in the table of a plugin', () => {
    assert.equal(v.safeParse(budgetSettings, { 'total-s': 5 }).success, false);
    assert.equal(v.safeParse(budgetSettings, { 'example.com/plugin': { 'total-s': 5 } }).success, false);
    assert.equal(v.safeParse(budgetSettings, { 'example.com/plugin': { 'total-ms': 1 } }).success, false);
  });

  it('is the one that docs/limits.md shows', () => {
    const page = readFileSync(new URL('../../docs/limits.md', import.meta.url), 'utf8');
    const rows = [...page.matchAll(/^\| `([a-z-]+)` +\| *([^|]+?) *\| *([^|]+?) *\| *([^|]+?) *\|$/gm)];
    const shown = rows.map(([, name, otherwise, range, what]) => ({ name, otherwise, range, what }));
    const spaced = (value: number): string => String(value).replace(/\B(?=(\d{3})+$)/g, ' ');
    assert.deepEqual(
      shown,
      table.map(([name, { otherwise, min, max, what }]) => ({
        name,
        otherwise: spaced(otherwise),
        range: `${spaced(min)} to ${spaced(max)}`,
        what,
      })),
    );
  });
});

describeTiers('a budget', (open, isolation) => {
  let scene: TestHost;
  beforeEach(async () => (scene = await open()));
  afterEach(() => scene.close());

  it('of memory ends a compartment that uses more, and a larger one lets it live', async () => {
    const script = scriptOf(`engineConfig() { const all = []; for (let i = 0; i < 4e5; i += 1) all.push({ i, a: [i, i] }); }`);
    const small = scene.plugin(script, { name: 'test/small', budgets: { 'heap-old-mib': 16, 'heap-young-mib': 4 } });
    await rejectsWith(
      small.ask('engineConfig', { config }),
      'COMPARTMENT_ENDED',
      isolation === 'thread' ? /used more than 16 MiB of memory/ : /used more than its memory: 16 MiB of heap, 256 MiB in all/,
    );
    const large = scene.plugin(script, { name: 'test/large', budgets: { 'heap-old-mib': 256 } });
    assert.equal(await large.ask('engineConfig', { config }), undefined);
  });

  it('of the deadline is a share of the contract’s, and has a cap', async () => {
    const script = scriptOf(`engineConfig() { for (;;); }, monitorContainer() { for (;;); }`);
    const shared = scene.plugin(script, { name: 'test/shared', budgets: { 'deadline-percent': 10 } });
    await rejectsWith(shared.ask('engineConfig', { config }), 'DEADLINE_MISSED', /within 500 ms/);
    const capped = scene.plugin(script, { name: 'test/capped', budgets: { 'deadline-max-ms': 150 } });
    await rejectsWith(capped.ask('monitorContainer', { container, event: { type: 'start' } }), 'DEADLINE_MISSED', /within 150 ms/);
  });

  it('of total time stops a required plugin, and passes over an optional one, once told', async () => {
    const script = scriptOf(
      `async postStartProcess() { let n = 0; for (let i = 0; i < 3e8; i += 1) n += i; return n > 0 ? undefined : n }`,
    );
    const budgets = { 'total-ms': 100, 'total-percent': 0 };
    const required = scene.plugin(script, { name: 'test/required', onFailure: 'required', budgets });
    await askEvery([required], 'postStartProcess', { container }, scene.log);
    await rejectsWith(askEvery([required], 'postStartProcess', { container }, scene.log), 'TOTAL_TIME_SPENT', /more than 100 ms/);
    const optional = scene.plugin(script, { name: 'test/optional', onFailure: 'optional', budgets });
    for (let call = 0; call < 3; call += 1) await askEvery([optional], 'postStartProcess', { container }, scene.log);
    const told = scene.log.lines.filter(({ message }) => message.includes('"test/optional"'));
    assert.deepEqual(
      told.map(({ level }) => level),
      ['warning', 'debug'],
    );
  });

  it('of the store is on its bytes too', async () => {
    const script = scriptOf(`async engineConfig(_, host) {
      await host.store.set('a', 'x'.repeat(1000));
      return { env: { R: await host.store.set('b', 'x'.repeat(22)).then(() => 'fits', (error) => error.code) + await host.store.set('b', 'x'.repeat(23)).catch((error) => error.code) } };
    }`);
    const plugin = scene.plugin(script, { budgets: { 'store-bytes': 1024 } });
    assert.deepEqual(await plugin.ask('engineConfig', { config }), { env: { R: 'fitsPOWER_STORE_FULL' } });
  });

  describe('of idle CPU', () => {
    // Where all cores are busy, a process gets less than a quarter of one.
    const budgets = { 'idle-cpu-window-ms': 300, 'idle-cpu-percent': isolation === 'thread' ? 25 : 10 };
    /** Answers, and begins to compute a thousand microtasks later. */
    const burning = scriptOf(
      `engineConfig({ config }) {
        if (config.image === 'burn:') (async () => { for (let i = 0; i < 1000; i += 1) await null; for (;;); })();
        return { env: { COUNT: String(count += 1) } };
      }`,
      { before: 'let count = 0' },
    );

    it('ends a compartment that computes between calls, and says so', async () => {
      const failed: string[] = [];
      const plugin = scene.plugin(burning, { budgets, conduct: { failed: ({ code }) => failed.push(code), succeeded: () => undefined } });
      await plugin.ask('engineConfig', { config: buildConfig({ image: 'burn:' }) });
      for (let turn = 0; turn < 100 && failed.length === 0; turn += 1) await sleep(50);
      assert.deepEqual(failed, ['BUDGET_OVERSPENT']);
      assert.match(scene.log.text(), /^warning: .*"test\/plugin".*idle-cpu-percent/m);
      assert.deepEqual(await plugin.ask('engineConfig', { config }), { env: { COUNT: '1' } });
    });

    it('leaves alone one that computes for longer while it is asked', async () => {
      const plugin = scene.plugin(
        scriptOf(`engineConfig() { let n = 0; for (let i = 0; i < 1e9; i += 1) n += i; return { env: { N: String(n > 0) } } }`),
        { budgets: { 'idle-cpu-window-ms': 100 } },
      );
      const startedAt = performance.now();
      assert.deepEqual(await plugin.ask('engineConfig', { config }), { env: { N: 'true' } });
      assert.ok(performance.now() - startedAt > 200);
    });

    it('leaves alone one that rests', async () => {
      const plugin = scene.plugin(scriptOf(`engineConfig: () => ({ env: { COUNT: String(count += 1) } })`, { before: 'let count = 0' }), {
        budgets,
      });
      await plugin.ask('engineConfig', { config });
      await sleep(1000);
      assert.deepEqual(await plugin.ask('engineConfig', { config }), { env: { COUNT: '2' } });
    });
  });
});

describe('the time of a plugin in one command', () => {
  it('counts calls that overlap once, and grows with the command by its share', async () => {
    let at = 0;
    const time = openTotalTime(1000, 25, () => at);
    let done: () => void = () => undefined;
    const call = time.spend(() => new Promise<void>((resolve) => (done = resolve)));
    at = 300;
    const other = time.spend(() => Promise.resolve());
    await other;
    at = 800;
    assert.equal(time.leftMs(), 1000 + 200 - 800);
    done();
    await call;
    at = 2000;
    assert.equal(time.leftMs(), 1000 + 500 - 800);
  });

  it('is used up at the last millisecond', async () => {
    let at = 0;
    const time = openTotalTime(1000, 0, () => at);
    await time.spend(() => Promise.resolve(void (at = 999)));
    assert.equal(time.leftMs(), 1);
    await time.spend(() => Promise.resolve(void (at = 1000)));
    assert.equal(time.leftMs(), 0);
  });
});

async function rejectsWith(asked: Promise<unknown>, code: string, message: RegExp): Promise<void> {
  await assert.rejects(asked, (error: BulkheadError) => {
    assert.equal(error.kind, 'plugin');
    assert.equal(error.code, code);
    assert.match(error.message, message);
    return true;
  });
}
