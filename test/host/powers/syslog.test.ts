import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { defaultBudgets } from '#host/host.js';
import { writeSyslog } from '../../../src/host/powers/syslog.js';
import { describeTiers } from '../../helpers/compartment.js';
import { callOf, contextOf, evaluate } from '../../helpers/powers.js';
import { openSyslog, type Syslog } from '../../helpers/syslog.js';

const grants = { syslog: ['user', 'local3'] } as const;
const line = { facility: 'user', severity: 'info', message: 'x' } as const;

describe('a line for the system log', () => {
  let log: Syslog;
  beforeEach(async function () {
    log = await openSyslog(this);
  });
  afterEach(() => log?.close());

  const context = (budget = defaultBudgets['syslog-lines-per-second']) => ({
    ...contextOf({ syslog: [...grants.syslog] }),
    budgets: { ...defaultBudgets, 'syslog-lines-per-second': budget },
    syslogSocket: log.socket,
  });
  const write = (message: string, changes: object = {}) => writeSyslog({ ...line, message, ...changes }, context(), callOf());

  it('has its priority, its time and the tag of the plugin', async () => {
    await write('started', { facility: 'local3', severity: 'warning' });
    const [got] = await log.has(1);
    // local3 is 19, warning 4; as RFC 3164 writes it.
    assert.match(got ?? '', /^<156>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d bulkhead\/test\/plugin\[\d+\]: started$/);
  });

  it('is one line, whatever stands in it', async () => {
    await write('<0>a\n<13>Nov 23 00:00:00 sshd[1]: b\r\n\u001b[31mred\u0000\u202e\tü €');
    const [got, ...more] = await log.has(1);
    assert.deepEqual(more, []);
    assert.ok(got?.endsWith(': <0>a\\n<13>Nov 23 00:00:00 sshd[1]: b\\u000d\\n\\u001b[31mred\\u0000\\u202e ü €'), got);
  });

  it('is not taken for options or for a priority', async () => {
    await write('--tag=other -p kern.emerg');
    assert.match((await log.has(1))[0] ?? '', /^<14>.* bulkhead\/test\/plugin\[\d+\]: --tag=other -p kern\.emerg$/);
  });

  it('is cut at 2048 characters, written out', async () => {
    await write('€'.repeat(2048));
    await write('\u0007'.repeat(400));
    const [one = '', two = ''] = await log.has(2);
    assert.equal(one.slice(one.indexOf(': ') + 2), '€'.repeat(2048));
    const cut = two.slice(two.indexOf(': ') + 2);
    assert.equal(cut.length, 2048);
    assert.ok(cut.startsWith('\\u0007\\u0007') && cut.endsWith('…'));
  });

  it('is refused beyond the rate, and admitted again after a while', async () => {
    const shared = context(3);
    const writes = Array.from({ length: 5 }, () =>
      writeSyslog(line, shared, callOf()).then(
        () => 'ok',
        (error: { code: string }) => error.code,
      ),
    );
    assert.deepEqual(await Promise.all(writes), ['ok', 'ok', 'ok', 'POWER_TOO_FAST', 'POWER_TOO_FAST']);
    await new Promise((resolve) => setTimeout(resolve, 400));
    await writeSyslog(line, shared, callOf());
    assert.equal((await log.has(4)).length, 4);
  });

  it('says so where there is no system log, and ends with the call', async () => {
    await assert.rejects(writeSyslog(line, { ...context(), syslogSocket: `${log.socket}-not` }, callOf()), { code: 'POWER_SYSLOG_FAILED' });
    await assert.rejects(writeSyslog(line, context(), callOf(AbortSignal.abort())), { code: 'POWER_CALL_OVER' });
    assert.deepEqual(log.lines, []);
  });
});

describeTiers('syslog', (open) => {
  it('writes nothing that was not granted, and knows no other facility or severity', async () => {
    const scene = await open({ syslogSocket: '/nonexistent/log' });
    try {
      const attempt = (options: string) => evaluate(scene, `return await host.syslog('x', ${options}).catch(tell)`, { syslog: ['local3'] });
      assert.equal(await attempt('{}'), 'POWER_NOT_GRANTED');
      assert.equal(await attempt(`{ facility: 'local4' }`), 'POWER_NOT_GRANTED');
      assert.equal(await attempt(`{ facility: 'auth' }`), 'POWER_BAD_ARGUMENT');
      assert.equal(await attempt(`{ facility: 'local3', severity: 'emerg' }`), 'POWER_BAD_ARGUMENT');
      assert.equal(
        await evaluate(scene, `return await host.syslog('x'.repeat(2049)).catch(tell)`, { syslog: ['user'] }),
        'POWER_BAD_ARGUMENT',
      );
      assert.equal(await evaluate(scene, `return await host.syslog('').catch(tell)`, { syslog: ['user'] }), 'POWER_BAD_ARGUMENT');
      // The benign twin is tried; only that this host of a test has no system log.
      assert.equal(await attempt(`{ facility: 'local3' }`), 'POWER_SYSLOG_FAILED');
    } finally {
      await scene.close();
    }
  });
});
