import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import type { BulkheadError } from '#base/errors.js';
import { buildConfig, describeTiers, scriptOf, type TestHost } from '../helpers/compartment.js';

const config = buildConfig();

describeTiers('a compartment', (open, isolation) => {
  let scene: TestHost;
  beforeEach(async () => (scene = await open()));
  afterEach(() => scene.close());

  it('answers with what the contract lets pass', async () => {
    const plugin = scene.plugin(scriptOf(`engineConfig: async ({ config }) => ({ env: { SEEN: config.image } })`));
    assert.deepEqual(await plugin.ask('engineConfig', { config }), { env: { SEEN: 'host:' } });
  });

  it('runs in a thread that is not the main one, or in a process that is not ours', async () => {
    await scene.plugin(scriptOf(`engineConfig() {}`)).ask('engineConfig', { config });
    if (isolation === 'thread') return assert.match(scene.log.text(), /runs in thread [1-9]\d*; the main thread is 0/);
    const [, pid] = /runs in process (\d+); bulkhead is process \d+/.exec(scene.log.text()) ?? [];
    assert.notEqual(pid, undefined);
    assert.notEqual(Number(pid), process.pid);
  });

  it('keeps its variables from call to call', async () => {
    const plugin = scene.plugin(scriptOf(`engineConfig: () => ({ env: { COUNT: String(count += 1) } })`, { before: 'let count = 0' }));
    await plugin.ask('engineConfig', { config });
    assert.deepEqual(await plugin.ask('engineConfig', { config }), { env: { COUNT: '2' } });
  });

  it('refuses an answer that the contract does not know, and says where', async () => {
    const plugin = scene.plugin(scriptOf(`engineConfig: () => ({ mounts: [{ type: 'bind', source: '../x', destination: '/x' }] })`));
    await rejectsWith(plugin.ask('engineConfig', { config }), 'ANSWER_REFUSED', /mounts\.0\.source/);
  });

  it('refuses a field that the contract does not name', async () => {
    const plugin = scene.plugin(scriptOf(`engineConfig: () => ({ privileged: true })`));
    await rejectsWith(plugin.ask('engineConfig', { config }), 'ANSWER_REFUSED', /privileged/);
  });

  it('refuses an answer that is not plain data', async () => {
    const plugin = scene.plugin(scriptOf(`engineConfig: () => ({ env: { A: () => 1 } })`));
    await rejectsWith(plugin.ask('engineConfig', { config }), 'PLUGIN_FAULT', /not plain data/);
  });

  it('says which plugin threw, in which callback, and what', async () => {
    const plugin = scene.plugin(scriptOf(`engineConfig() { null.x }`));
    await rejectsWith(
      plugin.ask('engineConfig', { config }),
      'PLUGIN_THREW',
      /"test\/plugin" failed in engineConfig: TypeError: Cannot read/,
    );
  });

  for (const thrown of [
    'null',
    'undefined',
    'Symbol("s")',
    '1n',
    '() => 1',
    'Object.freeze({})',
    '{ get message() { throw 1 } }',
    'new Proxy({}, { get() { throw 1 } })',
    'Object.assign(new Error("m"), { name: Symbol() })',
  ]) {
    it(`survives throw ${thrown}`, async () => {
      const plugin = scene.plugin(scriptOf(`engineConfig() { throw (${thrown}) }, postStartProcess() {}`));
      await rejectsWith(plugin.ask('engineConfig', { config }), 'PLUGIN_THREW', /engineConfig/);
    });
  }

  it('is replaced after it ended', async () => {
    const quick = await open({ deadlineMs: 300 });
    try {
      const plugin = quick.plugin(
        scriptOf(`engineConfig({ config }) { if (config.image === 'loop:') for (;;); return { env: { OK: '1' } } }`),
      );
      await rejectsWith(
        plugin.ask('engineConfig', { config: buildConfig({ image: 'loop:' }) }),
        'DEADLINE_MISSED',
        /did not answer within 300 ms/,
      );
      assert.deepEqual(await plugin.ask('engineConfig', { config }), { env: { OK: '1' } });
    } finally {
      await quick.close();
    }
  });

  it('does not let one plugin see what another left', async () => {
    const script = scriptOf(
      `engineConfig() { const seen = String(globalThis.left); globalThis.left = 'here'; return { env: { SEEN: seen } } }`,
    );
    await scene.plugin(script, { name: 'test/one' }).ask('engineConfig', { config });
    assert.deepEqual(await scene.plugin(script, { name: 'test/two' }).ask('engineConfig', { config }), { env: { SEEN: 'undefined' } });
  });

  it('leaves no thread behind', async () => {
    await scene.plugin(scriptOf(`engineConfig() {}`)).ask('engineConfig', { config });
    await scene.close();
    const left = () => process.getActiveResourcesInfo().filter((name) => /Worker|MessagePort/.test(name));
    for (let turn = 0; turn < 100 && left().length > 0; turn += 1) await new Promise((resolve) => setTimeout(resolve, 20));
    assert.deepEqual(left(), []);
    assert.equal(existsSync(scene.stateDirectory), false);
  });
});

describeTiers('a callback that burns CPU', (open) => {
  it('does not delay the event loop of the host by more than 50 ms', async () => {
    const scene = await open();
    try {
      const plugin = scene.plugin(
        scriptOf(`engineConfig() { let n = 0; for (let i = 0; i < 1.5e9; i++) n += i; return { env: { N: String(n) } } }`),
      );
      await plugin.ask('engineConfig', { config: buildConfig() }).catch(() => undefined);
      let shortest = Infinity;
      // What else runs on the machine delays the loop too, now and then; the callback would do so each time.
      for (let turn = 0; turn < 3 && shortest >= 50; turn += 1) {
        const delay = await measureDelayMs(() => plugin.ask('engineConfig', { config: buildConfig() }));
        assert.ok(delay.workMs > 500, `the callback took only ${delay.workMs} ms`);
        shortest = Math.min(shortest, delay.longestMs);
      }
      assert.ok(shortest < 50, `the event loop was held for ${shortest} ms`);
    } finally {
      await scene.close();
    }
  });
});

/** The longest gap between ticks of a 5 ms timer, beyond those 5 ms. */
async function measureDelayMs(work: () => Promise<unknown>): Promise<{ longestMs: number; workMs: number }> {
  const startedAt = performance.now();
  let last = startedAt;
  let longestMs = 0;
  const timer = setInterval(() => {
    const now = performance.now();
    longestMs = Math.max(longestMs, now - last - 5);
    last = now;
  }, 5);
  await work().finally(() => clearInterval(timer));
  return { longestMs, workMs: performance.now() - startedAt };
}

async function rejectsWith(asked: Promise<unknown>, code: string, message: RegExp): Promise<void> {
  await assert.rejects(asked, (error: BulkheadError) => {
    assert.equal(error.kind, 'plugin');
    assert.equal(error.code, code);
    assert.match(error.message, message);
    return true;
  });
}
