import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { MessageChannel } from 'node:worker_threads';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BulkheadError } from '#base/errors.js';
import { openClient, openMeter, serve, type Meter } from '#wire/wire.js';
import { buildConfig, describeTiers, scriptOf, type TestHost } from '../helpers/compartment.js';
import { snapshotRealm } from './realm.js';

const config = buildConfig();
const dropped = /\[test\/plugin\] … ([\d,]+) further lines were dropped/;

describeTiers('a flood out of a compartment', (open) => {
  let scene: TestHost;
  let realm: ReturnType<typeof snapshotRealm>;
  before(async () => {
    // What the store writes with listens for signals from its first use on.
    scene = await open();
    await scene.plugin(scriptOf(`engineConfig: (_, host) => host.store.set('k', 'v')`)).ask('engineConfig', { config });
    await scene.close();
  });
  beforeEach(async () => {
    realm = snapshotRealm();
    scene = await open();
  });
  afterEach(async () => {
    await scene.close();
    assert.deepEqual(snapshotRealm(), realm);
  });

  const told = (): string[] => scene.log.lines.filter(({ level }) => level === 'info').map(({ message }) => message);
  const engineConfig = (body: string): string => scriptOf(`async engineConfig({ config }, host) { ${body} }`);
  const runCommand = (body: string, budgets = {}): Promise<number | undefined> =>
    scene
      .plugin(scriptOf('', { commands: `'flood': { summary: 's', async run(_, host) { ${body} } }` }), { budgets })
      .ask('command', { name: 'flood', args: [], flags: {} });

  it('of log lines is dropped and counted', async () => {
    await scene.plugin(engineConfig(`for (let i = 0; i < 10000; i += 1) host.log.info('line ' + i)`)).ask('engineConfig', { config });
    const count = Number(dropped.exec(scene.log.text())?.[1]?.replaceAll(',', ''));
    assert.equal(count + told().length, 10_000);
    assert.ok(told().length >= 200 && told().length <= 2000, `${told().length} lines came through`);
    assert.equal(scene.log.text().match(new RegExp(dropped, 'g'))?.length, 1);
  });

  it('of log lines: 50 lines all come through', async () => {
    await scene.plugin(engineConfig(`for (let i = 0; i < 50; i += 1) console.log('line', i)`)).ask('engineConfig', { config });
    assert.equal(told().length, 50);
    assert.doesNotMatch(scene.log.text(), dropped);
  });

  it('of log lines that never pauses ends with its deadline, and the host has kept no more than it may', async () => {
    const heapBefore = process.memoryUsage().rss;
    const plugin = scene.plugin(engineConfig(`for (;;) host.log.info('x'.repeat(4000))`), { budgets: { 'deadline-max-ms': 1000 } });
    await rejectsWith(plugin.ask('engineConfig', { config }), /^(?:DEADLINE_MISSED|COMPARTMENT_ENDED)$/);
    assert.ok(told().length <= 64);
    assert.ok(process.memoryUsage().rss - heapBefore < 200 * 1_048_576, 'the host has grown by more than 200 MiB');
  });

  it('of prints ends the call, with the reason', async () => {
    await rejectsWith(
      runCommand(`for (let i = 0; i < 5000; i += 1) host.print('x'.repeat(4000)); return 0`),
      /^BUDGET_OVERSPENT$/,
      /print-bytes-per-call, which is 8,388,608/,
    );
    assert.ok(scene.printed().length <= 8_388_608);
  });

  it('of prints that never pauses ends the call too', async () => {
    await rejectsWith(runCommand(`for (;;) host.print('')`), /^BUDGET_OVERSPENT$/);
  });

  it('of prints: 20,000 short ones all come through, in order', async () => {
    assert.equal(await runCommand(`for (let i = 0; i < 20000; i += 1) host.print(String(i)); return 0`), 0);
    assert.equal(scene.printed(), Array.from({ length: 20_000 }, (_, index) => `${index}\n`).join(''));
  });

  it('of prints: exactly the budget comes through, and not one byte more', async () => {
    const budgets = { 'print-bytes-per-call': 1024 };
    assert.equal(await runCommand(`host.print('x'.repeat(1023)); return 0`, budgets), 0);
    assert.equal(scene.printed().length, 1024);
    await scene.host.close();
    await rejectsWith(runCommand(`host.print('x'.repeat(1024)); return 0`, budgets), /^BUDGET_OVERSPENT$/);
    assert.equal(scene.printed().length, 1024);
  });

  it('of requests that nobody waits for is refused, and ends with its deadline or its own memory', async () => {
    const plugin = scene.plugin(
      engineConfig(`if (config.image === 'benign:') return { env: { OK: '1' } }; for (;;) host.store.set('k', 'v').catch(() => undefined)`),
      { budgets: { 'deadline-max-ms': 1000 } },
    );
    await rejectsWith(plugin.ask('engineConfig', { config }), /^(?:DEADLINE_MISSED|COMPARTMENT_ENDED)$/);
    assert.deepEqual(await plugin.ask('engineConfig', { config: buildConfig({ image: 'benign:' }) }), { env: { OK: '1' } });
  });

  it('of requests: 64 at once are all carried out', async () => {
    const plugin = scene.plugin(
      engineConfig(`await Promise.all(Array.from({ length: 64 }, (_, i) => host.store.set('k' + i, 'v')));
        return { env: { KEYS: String((await host.store.keys()).length) } }`),
    );
    assert.deepEqual(await plugin.ask('engineConfig', { config }), { env: { KEYS: '64' } });
  });

  for (const [title, value, code] of [
    ['half a gigabyte of text', `'x'.repeat(2 ** 29 - 24)`, 'POWER_BAD_ARGUMENT'],
    [
      'a text that doubles itself',
      `(() => { let s = 'x'.repeat(1000); for (let i = 0; i < 18; i += 1) s += s; return s })()`,
      'POWER_BAD_ARGUMENT',
    ],
    ['one character too many for the contract', `'x'.repeat(65537)`, 'POWER_BAD_ARGUMENT'],
    ['as much as the contract takes', `'x'.repeat(65536)`, undefined],
  ] as const) {
    it(`of one large request: ${title} ${code === undefined ? 'is stored' : 'is refused, and the host does not grow'}`, async () => {
      const rssBefore = process.memoryUsage().rss;
      const plugin = scene.plugin(
        engineConfig(`return { env: { R: String(await host.store.set('k', ${value}).then(() => undefined, (error) => error.code)) } }`),
      );
      assert.deepEqual(await plugin.ask('engineConfig', { config }), { env: { R: String(code) } });
      assert.ok(process.memoryUsage().rss - rssBefore < 100 * 1_048_576, 'the host has grown by more than 100 MiB');
    });
  }

  for (const [title, value] of [
    ['a text of half a gigabyte', `{ hostname: 'x'.repeat(2 ** 29 - 24) }`],
    [
      'objects nested ten thousand deep',
      `(() => { let value = {}; for (let i = 0; i < 10000; i += 1) value = { value }; return value })()`,
    ],
    ['a million values', `{ command: new Array(1e6).fill('') }`],
  ] as const) {
    it(`of one large answer is turned into a fault before it is sent: ${title}`, async () => {
      const rssBefore = process.memoryUsage().rss;
      const plugin = scene.plugin(engineConfig(`if (config.image === 'benign:') return { env: { OK: '1' } }; return ${value}`));
      await rejectsWith(plugin.ask('engineConfig', { config }), /^PLUGIN_FAULT$/, /not plain data, such as (?:more than|nested more than)/);
      assert.ok(process.memoryUsage().rss - rssBefore < 100 * 1_048_576, 'the host has grown by more than 100 MiB');
      // The compartment is the same: it was a mistake, not an attack.
      assert.deepEqual(await plugin.ask('engineConfig', { config: buildConfig({ image: 'benign:' }) }), { env: { OK: '1' } });
      assert.doesNotMatch(scene.log.text(), /open answered[^]*open answered/);
    });
  }

  it('of text is bounded by its budget in both directions: at it, and one character over', async () => {
    const budgets = { 'message-characters': 65_536 };
    const room = 65_536 - 'env'.length - 'A'.length - 'B'.length - 32_000;
    const halves = (extra: number) => `return { env: { A: 'x'.repeat(32000), B: 'x'.repeat(${room + extra}) } }`;
    const fits = scene.plugin(engineConfig(halves(0)), { name: 'test/fits', budgets });
    assert.equal(Object.keys((await fits.ask('engineConfig', { config }))?.env ?? {}).length, 2);
    const over = scene.plugin(engineConfig(halves(1)), { name: 'test/over', budgets });
    await rejectsWith(over.ask('engineConfig', { config }), /^PLUGIN_FAULT$/, /more than 65536 characters/);

    const asked = scene.plugin(engineConfig(`return { env: { LENGTH: String(config.env.LONG.length) } }`), { name: 'test/asked', budgets });
    const texts = (value: unknown): number =>
      typeof value === 'string'
        ? value.length
        : typeof value === 'object' && value !== null
          ? Object.entries(value).reduce((sum, [key, item]) => sum + (Array.isArray(value) ? 0 : key.length) + texts(item), 0)
          : 0;
    const long = 65_536 - texts({ config: buildConfig({ env: { LONG: '' } }) });
    const question = (length: number) => ({ config: buildConfig({ env: { LONG: 'x'.repeat(length) } }) });
    assert.deepEqual(await asked.ask('engineConfig', question(long)), { env: { LENGTH: String(long) } });
    await rejectsWith(asked.ask('engineConfig', question(long + 1)), /^QUESTION_TOO_LARGE$/, /more than 65536 characters/);
  });

  it('of requests beside lines of log loses neither', async () => {
    const plugin = scene.plugin(
      engineConfig(`const all = Array.from({ length: 64 }, (_, i) => host.store.set('k' + i, 'v'));
        for (let i = 0; i < 150; i += 1) host.log.info('line ' + i);
        await Promise.all(all)`),
    );
    await plugin.ask('engineConfig', { config });
    assert.equal(told().length, 150);
  });
});

describe('a flood by code that has got out of its compartment', () => {
  const limits = { messagesPerSecond: 1000, inFlight: 8, strayReplies: 4 };
  const open = () => {
    const { port1, port2 } = new MessageChannel();
    const floods: string[] = [];
    const meter: Meter = openMeter({ limits, onFlood: (why) => floods.push(why), makeId: randomUUID, now: () => performance.now() });
    return { port1, port2, floods, meter };
  };
  const call = (id: string) => ({ id, type: 'APPLY', path: ['echo'], argumentList: [{ type: 'RAW', value: 1 }] });
  const fail = (): never => assert.fail('violation');

  it('of calls is told once, and nothing after it is carried out', async () => {
    const { port1, port2, floods, meter } = open();
    let calls = 0;
    serve(meter.calls(port1), { echo: () => (calls += 1) }, fail);
    for (let index = 0; index < 5000; index += 1) port2.postMessage(call(`c${index}`));
    await sleep(200);
    assert.deepEqual(floods, ['more than 1000 messages in a second']);
    assert.equal(calls, 1000);
    port1.close();
  });

  it('of calls that take their time is told when too many are in flight', async () => {
    const { port1, port2, floods, meter } = open();
    let calls = 0;
    serve(meter.calls(port1), { echo: () => ((calls += 1), new Promise(() => undefined)) }, fail);
    for (let index = 0; index < 9; index += 1) port2.postMessage(call(`c${index}`));
    await sleep(50);
    assert.deepEqual(floods, ['more than 8 requests that are not answered yet']);
    assert.equal(calls, 8);
    port1.close();
  });

  it('of calls: as many as may be in flight, again and again, are all answered', async () => {
    const { port1, port2, floods, meter } = open();
    serve(meter.calls(port1), { echo: (value) => sleep(1, value) }, fail);
    const ask = openClient(port2, ['echo'], fail);
    for (let round = 0; round < 10; round += 1) {
      const replies = await Promise.all(Array.from({ length: 8 }, (_, index) => ask('echo', index)));
      assert.deepEqual(
        replies,
        Array.from({ length: 8 }, (_, value) => ({ ok: true, value })),
      );
    }
    assert.deepEqual(floods, []);
    port1.close();
  });

  it('of replies that nobody asked for, or that come twice, is dropped, counted, and told when it does not end', async () => {
    const { port1, port2, floods, meter } = open();
    const reply = (id: string, value: unknown) => port2.postMessage({ id, type: 'RAW', value: { ok: true, value } });
    const seen: string[] = [];
    port2.on('message', ({ id }: { id: string }) => {
      for (const old of seen) reply(old, 'replayed');
      seen.push(id);
      reply('guessed', 'forged');
      reply(id, seen.length);
      reply(id, 'twice');
    });
    const ask = openClient(meter.answers(port1), ['echo'], fail);
    assert.deepEqual(await ask('echo', 0), { ok: true, value: 1 });
    await sleep(20);
    assert.equal(meter.strayReplies, 2);
    assert.deepEqual(floods, []);
    await Promise.race([ask('echo', 0), sleep(100)]);
    await sleep(20);
    assert.deepEqual(floods, ['more than 4 replies that nobody waits for']);
    port1.close();
  });

  it('of replies: ids that go out are new each time and say nothing of each other', async () => {
    const { port1, port2, meter } = open();
    serve(port2, { echo: (value) => value }, fail);
    const ids: string[] = [];
    port2.on('message', ({ id }: { id: string }) => ids.push(id));
    const ask = openClient(meter.answers(port1), ['echo'], fail);
    for (let turn = 0; turn < 20; turn += 1) assert.deepEqual(await ask('echo', turn), { ok: true, value: turn });
    assert.equal(new Set(ids).size, 20);
    assert.ok(ids.every((id) => /^[0-9a-f-]{36}$/.test(id)));
    assert.equal(meter.strayReplies, 0);
    port1.close();
  });
});

async function rejectsWith(asked: Promise<unknown>, code: RegExp, message = /test\/plugin/): Promise<void> {
  await assert.rejects(asked, (error: BulkheadError) => {
    assert.match(error.code, code);
    assert.match(error.message, message);
    return true;
  });
}
