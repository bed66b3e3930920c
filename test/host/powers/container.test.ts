import assert from 'node:assert/strict';
import { describeTiers } from '../../helpers/compartment.js';
import { evaluate } from '../../helpers/powers.js';

const use = { memoryBytes: 1024, cpuMs: 20, pids: 3 };

describeTiers('the powers over a container', (open) => {
  it('send the signals that were granted, and no others', async () => {
    const sent: string[] = [];
    const scene = await open({ container: () => ({ signal: (name) => void sent.push(name), use: () => use }) });
    try {
      const send = (signal: string) =>
        evaluate(scene, `return await host.container.signal(${signal}).catch(tell)`, { 'container.signal': ['SIGUSR1'] });
      assert.equal(await send(`'SIGUSR1'`), 'undefined');
      assert.equal(await send(`'SIGKILL'`), 'POWER_NOT_GRANTED');
      assert.equal(await send(`'SIGUSR1,SIGKILL'`), 'POWER_BAD_ARGUMENT');
      assert.equal(await send(`'9'`), 'POWER_BAD_ARGUMENT');
      assert.equal(await send(`'usr1'`), 'POWER_BAD_ARGUMENT');
      assert.equal(await evaluate(scene, `return await host.container.signal('SIGUSR1').catch(tell)`), 'POWER_NOT_GRANTED');
      assert.deepEqual(sent, ['SIGUSR1']);
    } finally {
      await scene.close();
    }
  });

  it('tell of its use what was granted, and nothing else', async () => {
    const scene = await open({ container: () => ({ signal: () => undefined, use: () => use }) });
    try {
      const stats = 'return JSON.stringify(await host.container.stats().catch(tell))';
      assert.equal(await evaluate(scene, stats, { 'container.stats': ['memory', 'cpu', 'pids'] }), JSON.stringify(use));
      assert.equal(await evaluate(scene, stats, { 'container.stats': ['pids'] }), '{"pids":3}');
      assert.equal(await evaluate(scene, stats, { 'container.stats': [] }), '"POWER_NOT_GRANTED"');
      assert.equal(await evaluate(scene, stats, { 'container.signal': ['SIGKILL'] }), '"POWER_NOT_GRANTED"');
    } finally {
      await scene.close();
    }
  });

  it('reach nothing where no container runs', async () => {
    const scene = await open();
    try {
      const grants = { 'container.stats': ['pids'], 'container.signal': ['SIGTERM'] } as const;
      const own = { 'container.stats': [...grants['container.stats']], 'container.signal': [...grants['container.signal']] };
      assert.equal(await evaluate(scene, `return await host.container.signal('SIGTERM').catch(tell)`, own), 'POWER_NO_CONTAINER');
      assert.equal(await evaluate(scene, `return await host.container.stats().catch(tell)`, own), 'POWER_NO_CONTAINER');
    } finally {
      await scene.close();
    }
  });
});
