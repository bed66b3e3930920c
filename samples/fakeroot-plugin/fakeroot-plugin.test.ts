import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { openTestPlugin } from '@bulkhead/plugin-sdk/testing';
import type { Cli } from '../../test/helpers/cli.js';
import { needOrdinaryUser, needSubordinateIds, needTool } from '../../test/helpers/need.js';
import { openOnHost } from '../../test/helpers/run-on-host.js';
import { installSource } from '../../test/helpers/source.js';
import { startPrinting } from '../../test/helpers/start-printing.js';

const directory = import.meta.dirname;

describe('fakeroot-plugin in a compartment', () => {
  it('maps all that the caller owns, and nothing where that is nothing', async () => {
    const plugin = await openTestPlugin(directory);
    try {
      const ask = (uids: { first: number; count: number }[], gids = uids) =>
        plugin.call('userMapping', { uid: 1000, gid: 1000, owned: { uids, gids } });
      assert.deepEqual(
        await ask(
          [
            { first: 100000, count: 10 },
            { first: 300000, count: 5 },
          ],
          [{ first: 7, count: 1 }],
        ),
        {
          uids: [
            { inside: 1, outside: 100000, count: 10 },
            { inside: 11, outside: 300000, count: 5 },
          ],
          gids: [{ inside: 1, outside: 7, count: 1 }],
        },
      );
      assert.equal(await ask([], []), undefined);
      assert.equal(await ask([{ first: 1, count: 1 }], []), undefined);
    } finally {
      await plugin.close();
    }
  });
});

describe('fakeroot-plugin and a container', () => {
  let cli: Cli;
  afterEach(() => cli?.close());

  it('gives root inside other users, whose files are the subordinate ids’ outside', async function () {
    needOrdinaryUser(this);
    needTool(this, 'newuidmap');
    needSubordinateIds(this);
    cli = await openOnHost(this, [directory]);
    const script =
      'cat /proc/self/uid_map; touch /tmp/f; chown 12:34 /tmp/f; stat -c %u:%g /tmp/f; id -u; setpriv --reuid 5 --clear-groups id -u';
    const { stdout, exitCode, stderr } = await cli.run('run', '--fakeroot', 'host:', 'sh', '-c', script);
    assert.equal(exitCode, 0, stderr);
    const [root, others, ...lines] = stdout.split('\n').map((line) => line.trim().split(/\s+/).join(' '));
    assert.equal(root, `0 ${process.getuid?.()} 1`);
    assert.match(others ?? '', /^1 \d+ \d+$/);
    assert.deepEqual(lines.slice(-3), ['12:34', '0', '5']);
  });

  it('leaves nothing behind when bulkhead is killed, whoever the command has become', async function () {
    needOrdinaryUser(this);
    needTool(this, 'newuidmap');
    needSubordinateIds(this);
    cli = await openOnHost(this, [directory]);
    const marker = `60.${process.pid}`;
    const running = startPrinting(cli, [
      'run',
      '--fakeroot',
      'host:',
      'setpriv',
      '--reuid',
      '5',
      '--clear-groups',
      'sh',
      '-c',
      `echo up; sleep ${marker}`,
    ]);
    await running.printed('up');
    const isThere = () => spawnSync('pgrep', ['-f', `sleep ${marker}`]).status === 0;
    assert.equal(isThere(), true);
    running.child.kill('SIGKILL');
    await running.outcome;
    for (let tries = 0; isThere() && tries < 100; tries += 1) await delay(20);
    assert.equal(isThere(), false);
  });

  it('leaves a container without --fakeroot alone, and starts for none', async function () {
    needOrdinaryUser(this);
    cli = await openOnHost(this, [directory]);
    const { stdout, stderr } = await cli.run('run', '--debug', 'host:', 'cat', '/proc/self/uid_map');
    assert.equal(stdout.trim().split('\n').length, 1);
    assert.doesNotMatch(stderr, /fakeroot-plugin: runs in/);
  });
});

describe('a plugin that maps users', () => {
  let cli: Cli;
  afterEach(() => cli?.close());

  const mapping = (answer: string) => `callbacks: { userMapping({ owned }) { return ${answer}; } }`;

  it('gets nothing that the caller does not own', async function () {
    needOrdinaryUser(this);
    needTool(this, 'newuidmap');
    cli = await openOnHost(this, []);
    await installSource(cli, mapping('{ uids: [{ inside: 1, outside: 0, count: 1 }], gids: [] }'));
    const { exitCode, stdout, stderr } = await cli.run('run', '--fakeroot', 'host:', 'echo', 'ran');
    assert.equal(exitCode, 255);
    assert.equal(stdout, '');
    assert.match(stderr, /Cannot map the users of the container: uids 0 to 0: \/etc\/subuid does not give them to the caller/);
  });

  it('is the only one: a second is refused by name', async function () {
    cli = await openOnHost(this, []);
    await installSource(cli, mapping('undefined'), { name: 'test/first' });
    await assert.rejects(
      installSource(cli, mapping('undefined'), { name: 'test/second' }),
      /plugin "test\/second" adds a mapping of users, as the enabled plugin "test\/first" does/,
    );
  });
});
