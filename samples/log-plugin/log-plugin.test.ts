import assert from 'node:assert/strict';
import { openTestPlugin } from '@bulkhead/plugin-sdk/testing';
import { openOnHost } from '../../test/helpers/run-on-host.js';
import { openSyslog } from '../../test/helpers/syslog.js';

const directory = import.meta.dirname;
const container = { id: 'abcdefghijkl', image: 'host:', command: ['make', 'check'], pid: 1, startedAt: 0, uid: 1000 };

describe('log-plugin in a compartment', () => {
  it('tells the system log who runs what', async function () {
    const syslog = await openSyslog(this);
    const plugin = await openTestPlugin(directory, { env: { USER: 'ann', SLURM_JOB_ID: '17' }, syslogSocket: syslog.socket });
    try {
      await plugin.call('postStartProcess', { container });
      const [line = ''] = await syslog.has(1);
      assert.match(
        line,
        /^<14>.* bulkhead\/example\.com\/log-plugin\[\d+\]: UID=1000 USER="ann" IMAGE="host:" JOBID="17" COMMAND="make" ARGS="check"$/,
      );
      assert.deepEqual(plugin.log, [{ level: 'info', message: '[example.com/log-plugin] recorded run abcdefghijkl of host:' }]);
    } finally {
      await plugin.close();
      await syslog.close();
    }
  });

  it('records a run and shows it, and where there is no system log it warns', async () => {
    const plugin = await openTestPlugin(directory, { syslogSocket: '/nonexistent/log' });
    try {
      await plugin.call('postStartProcess', { container });
      const told = plugin.log.filter(({ level }) => level !== 'debug');
      assert.deepEqual(
        told.map(({ level }) => level),
        ['warning', 'info'],
      );
      assert.match(told[0]?.message ?? '', /Could not write to syslog: Cannot write to the system log: /);
      const { output } = await plugin.command('history');
      assert.equal(output, '1970-01-01T00:00:00.000Z  abcdefghijkl  UID=1000 IMAGE="host:" COMMAND="make check"\n');
    } finally {
      await plugin.close();
    }
  });

  it('keeps the last hundred', async () => {
    const plugin = await openTestPlugin(directory, { syslogSocket: '/nonexistent/log' });
    try {
      for (let run = 0; run < 101; run += 1)
        await plugin.call('postStartProcess', { container: { ...container, pid: run, startedAt: run } });
      const lines = (await plugin.command('history')).output.trimEnd().split('\n');
      assert.equal(lines.length, 100);
      assert.match(lines[0] ?? '', /^1970-01-01T00:00:00\.001Z/);
    } finally {
      await plugin.close();
    }
  });
});

describe('log-plugin and a container', () => {
  it('has recorded the run', async function () {
    const cli = await openOnHost(this, [directory]);
    try {
      const { exitCode } = await cli.run('run', 'host:', 'true');
      assert.equal(exitCode, 0);
      assert.match((await cli.run('history')).stdout, /UID=\d+ IMAGE="host:" COMMAND="true"$/);
    } finally {
      await cli.close();
    }
  });
});
