/** A plugin that would like to reach another process than its container, or more of it than was granted; with benign twins that work. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { describe, it } from 'mocha';
import type { Cli } from '../helpers/cli.js';
import { openOnHost } from '../helpers/run-on-host.js';
import { installSource } from '../helpers/source.js';

describe('the powers over a container, of a plugin that means harm', () => {
  let cli: Cli;
  beforeEach(async function () {
    cli = await openOnHost(this, []);
  });
  afterEach(() => cli?.close());

  const install = (permissions: string, callbacks: string) =>
    installSource(cli, `permissions: ${permissions}, callbacks: { ${callbacks} }`);
  const run = (script: string) => cli.run('run', 'host:', 'sh', '-c', script);

  it('end its container by the signal that was granted', async () => {
    await install(`{ 'container.signal': ['SIGTERM'] }`, `async postStartProcess(_, host) { await host.container.signal('SIGTERM'); }`);
    assert.equal((await run('exec sleep 60')).exitCode, 143);
  });

  it('do nothing to it by another one', async () => {
    await install(
      `{ 'container.signal': ['SIGUSR2'] }`,
      `async postStartProcess(_, host) { await host.container.signal('SIGKILL').catch((error) => host.log.info(error.code)); }`,
    );
    const { exitCode, stderr } = await run('sleep 0.3; exit 4');
    assert.equal(exitCode, 4);
    assert.match(stderr, /POWER_NOT_GRANTED/);
  });

  it('reach no other process, by whatever they name it', async () => {
    const victim = spawn('sleep', ['60'], { stdio: 'ignore' });
    try {
      await install(
        `{ 'container.signal': ['SIGKILL', 'SIGTERM'] }`,
        `async monitorContainer({ container, event }, host) {
          const forged = [{ signal: 'SIGKILL', pid: ${victim.pid} }, ['SIGKILL', ${victim.pid}], ${victim.pid}, { toString: () => 'SIGKILL' }];
          if (event.type === 'start') for (const one of forged) await host.container.signal(one, ${victim.pid}).catch((error) => host.log.info('no: ' + error.message));
          if (event.type === 'exit') { container.pid = ${victim.pid}; }
        }`,
      );
      const { exitCode, stderr } = await run('sleep 0.3; exit 4');
      assert.equal(exitCode, 4);
      assert.equal(stderr.match(/no: /g)?.length, 4, stderr);
      assert.equal(victim.exitCode ?? victim.signalCode, null);
    } finally {
      victim.kill('SIGKILL');
    }
  });

  it('reach nobody once the container has ended', async () => {
    await install(
      `{ 'container.signal': ['SIGKILL'], 'container.stats': ['pids', 'memory'] }`,
      `async monitorContainer({ event }, host) {
        if (event.type !== 'exit') return;
        await new Promise((resolve) => setTimeout(resolve, 150));
        await host.container.signal('SIGKILL');
        host.log.info(JSON.stringify(await host.container.stats()));
      }`,
    );
    const { exitCode, stderr } = await run('exit 4');
    assert.equal(exitCode, 4);
    assert.match(stderr, /\{"memoryBytes":0,"pids":0\}/);
  });

  it('cost the host a bounded time, also where there are very many processes and very many questions', async () => {
    await install(
      `{ 'container.stats': ['pids'] }`,
      `async monitorContainer({ event }, host) {
        for (let i = 0; i < 10 && event.type === 'sample'; i++) {
          let pids = 0;
          for (let j = 0; j < 100; j++) pids = (await host.container.stats()).pids;
          if (pids >= 300) { host.log.info('seen all'); return; }
          await new Promise((resolve) => setTimeout(resolve, 50));
        }
      }`,
    );
    const { exitCode, stderr } = await run('i=0; while [ $i -lt 300 ]; do sleep 8 & i=$((i+1)); done; sleep 5; exit 4');
    assert.equal(exitCode, 4);
    assert.match(stderr, /seen all/);
  });
});
