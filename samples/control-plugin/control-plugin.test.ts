import assert from 'node:assert/strict';
import { openTestPlugin } from '@bulkhead/plugin-sdk/testing';
import { openOnHost } from '../../test/helpers/run-on-host.js';
import { startPrinting } from '../../test/helpers/start-printing.js';

const directory = import.meta.dirname;
const container = { id: 'abcdefghijkl', image: 'host:', command: ['true'], pid: 1, startedAt: 0, uid: 1000 };

describe('control-plugin in a compartment', () => {
  it('warns once, keeps SIGHUP to itself, and says that the job can go on', async () => {
    const plugin = await openTestPlugin(directory);
    try {
      const tell = (event: Parameters<typeof plugin.call<'monitorContainer'>>[1]['event']) =>
        plugin.call('monitorContainer', { container, event });
      assert.equal(await tell({ type: 'start' }), undefined);
      assert.deepEqual(await tell({ type: 'signal', signal: 'SIGHUP' }), { action: 'swallow' });
      assert.deepEqual(await tell({ type: 'signal', signal: 'SIGTERM' }), { action: 'replace', signal: 'SIGUSR1' });
      assert.equal(await tell({ type: 'signal', signal: 'SIGTERM' }), undefined);
      assert.deepEqual(await tell({ type: 'exit', exitCode: 0, runMs: 1 }), { action: 'exit', exitCode: 75 });
    } finally {
      await plugin.close();
    }
  });

  it('ends what uses more memory than it may', async () => {
    const plugin = await openTestPlugin(directory, { env: { JOB_MEMORY_MIB: '10' } });
    try {
      const sample = { type: 'sample', peakMemoryBytes: 0, cpuMs: 0, runMs: 0 } as const;
      const tell = (mib: number) => plugin.call('monitorContainer', { container, event: { ...sample, memoryBytes: mib * 1_048_576 } });
      assert.equal(await tell(10), undefined);
      assert.deepEqual(await tell(11), { action: 'exit', exitCode: 137 });
    } finally {
      await plugin.close();
    }
  });
});

describe('control-plugin and a container', () => {
  it('turns the first SIGTERM into a request for a checkpoint', async function () {
    const cli = await openOnHost(this, [directory]);
    try {
      const script = 'trap "echo checkpoint; exit 0" USR1; trap "echo terminated" TERM; echo up; while :; do sleep 0.02; done';
      const running = startPrinting(cli, ['run', 'host:', 'sh', '-c', script]);
      await running.printed('up');
      running.child.kill('SIGHUP');
      running.child.kill('SIGTERM');
      const { exitCode, stdout } = await running.outcome;
      assert.equal(stdout, 'up\ncheckpoint\n');
      assert.equal(exitCode, 75);
    } finally {
      await cli.close();
    }
  });
});
