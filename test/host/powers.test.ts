import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execFileSync } from 'node:child_process';
import { buildConfig, describeTiers, scriptOf, type TestHost } from '../helpers/compartment.js';
import { callOf, contextOf, evaluate } from '../helpers/powers.js';
import { storeKeys, storeSet } from '../../src/host/powers/store.js';

describeTiers('powers', (open) => {
  let scene: TestHost;
  let directory: string;
  beforeEach(async () => {
    scene = await open({ env: { GRANTED: 'yes', SECRET: 'no' } });
    directory = await mkdtemp(join(tmpdir(), 'bulkhead-powers-'));
  });
  afterEach(async () => {
    await scene.close();
    await rm(directory, { recursive: true, force: true });
  });

  describe('log', () => {
    it('carries the name of the plugin, and has been written when the call is over', async () => {
      await evaluate(scene, `for (let i = 0; i < 50; i++) host.log.info('line ' + i)`);
      const lines = scene.log.lines.filter(({ level }) => level === 'info').map(({ message }) => message);
      assert.deepEqual(
        lines,
        Array.from({ length: 50 }, (_, index) => `[test/plugin] line ${index}`),
      );
    });
  });

  describe('print', () => {
    it('is refused outside of a command, and that is said', async () => {
      await evaluate(scene, `host.print('x')`);
      assert.equal(scene.printed(), '');
      assert.match(scene.log.text(), /warning: \[test\/plugin\] print: .*only while a contributed command runs/);
    });

    it('prints in a command, without control characters', async () => {
      const plugin = scene.plugin(
        scriptOf('', { commands: `hello: { summary: '', run(_, host) { host.print('a\\u001b[31mb'); return 3 } }` }),
      );
      assert.equal(await plugin.ask('command', { name: 'hello', args: [], flags: {} }), 3);
      assert.equal(scene.printed(), 'a\\u001b[31mb\n');
    });
  });

  describe('store', () => {
    it('keeps values from one compartment to the next', async () => {
      await evaluate(scene, `await host.store.set('k', 'v'); await host.store.set('__proto__', 'p')`);
      assert.equal(
        await evaluate(scene, `return [await host.store.get('k'), await host.store.get('__proto__'), await host.store.keys()].join()`),
        'v,p,__proto__,k',
      );
    });

    it('forgets what was deleted and has nothing for an unknown key', async () => {
      assert.equal(
        await evaluate(scene, `await host.store.set('k', 'v'); await host.store.delete('k'); return await host.store.get('k')`),
        'undefined',
      );
    });

    it('takes 256 keys and refuses one more', async () => {
      const fill = `for (let i = 0; i < 256; i++) await host.store.set('k' + i, 'v');`;
      assert.equal(await evaluate(scene, `${fill} return await host.store.set('more', 'v').catch(tell)`), 'POWER_STORE_FULL');
    });

    it('takes 64 KiB and refuses one character more', async () => {
      assert.equal(
        await evaluate(scene, `await host.store.set('k', 'x'.repeat(65536)); return (await host.store.get('k')).length`),
        '65536',
      );
      assert.equal(await evaluate(scene, `return await host.store.set('k', 'x'.repeat(65537)).catch(tell)`), 'POWER_BAD_ARGUMENT');
    });

    it('takes no more requests at once than 64', async () => {
      const many = `const refused = []; for (let i = 0; i < 200; i += 1) host.store.set('k' + i, 'v').catch((error) => refused.push(error.code));
        for (let i = 0; i < 50; i += 1) await undefined; return refused.length + ' ' + refused[0]`;
      assert.equal(await evaluate(scene, many), '136 POWER_TOO_MANY');
    });

    it('does none of those whose turn comes after the callback has answered', async () => {
      const over = new AbortController();
      const [context, call] = [{ ...contextOf({}), stateDirectory: directory }, callOf(over.signal)];
      const sets = ['a', 'b', 'c'].map((key) =>
        storeSet({ key, value: 'v' }, context, call).catch((error: Error & { code: string }) => error.code),
      );
      over.abort();
      assert.deepEqual(await Promise.all(sets), Array(3).fill('POWER_CALL_OVER'));
      await storeSet({ key: 'd', value: 'v' }, context, callOf());
      assert.deepEqual(await storeKeys({}, context), ['d']);
    });

    it('loses nothing when many changes come at once', async () => {
      await evaluate(scene, `await Promise.all(Array.from({ length: 20 }, (_, i) => host.store.set('k' + i, 'v')))`);
      assert.equal(await evaluate(scene, `return (await host.store.keys()).length`), '20');
    });
  });

  describe('env', () => {
    it('shows the granted names and no other', async () => {
      assert.equal(
        await evaluate(scene, `return [host.env('GRANTED'), host.env('SECRET'), host.env('toString')].join()`, { env: ['GRANTED'] }),
        'yes,,',
      );
    });
  });

  describe('readFile', () => {
    const read = (path: string) => `return await host.readFile(${JSON.stringify(path)}).catch(tell)`;

    it('reads a granted file and one below a granted directory', async () => {
      await mkdir(join(directory, 'a'));
      await writeFile(join(directory, 'a/file'), 'text');
      assert.equal(await evaluate(scene, read(`${directory}/a/file`), { readFile: [`${directory}/a/file`] }), 'text');
      assert.equal(await evaluate(scene, read(`${directory}/a/file`), { readFile: [directory] }), 'text');
    });

    it('refuses what was not granted, also beside a granted name', async () => {
      await writeFile(join(directory, 'file'), 'text');
      await writeFile(join(directory, 'file2'), 'text');
      assert.equal(await evaluate(scene, read(`${directory}/file2`), { readFile: [`${directory}/file`] }), 'POWER_NOT_GRANTED');
      assert.equal(await evaluate(scene, read('/etc/passwd')), 'POWER_NOT_GRANTED');
    });

    it('does not follow a link out of the grant', async () => {
      await symlink('/etc/passwd', join(directory, 'link'));
      assert.equal(await evaluate(scene, read(`${directory}/link`), { readFile: [directory] }), 'POWER_NOT_GRANTED');
    });

    for (const path of ['/etc/../etc/passwd', '/etc//passwd', '/etc/./passwd', 'etc/passwd', '/etc/passwd\0', '/etc/passwd/']) {
      it(`refuses ${JSON.stringify(path)}`, async () => {
        assert.equal(await evaluate(scene, read(path), { readFile: ['/'] }), 'POWER_BAD_ARGUMENT');
      });
    }

    it('refuses a FIFO at once, a directory, and more than 1 MiB', async () => {
      execFileSync('mkfifo', [join(directory, 'fifo')]);
      await writeFile(join(directory, 'large'), Buffer.alloc(1_048_577, 'x'));
      await writeFile(join(directory, 'fits'), Buffer.alloc(1_048_576, 'x'));
      const readAll = `return (await Promise.all(['fifo', '', 'large'].map((n) => host.readFile(${JSON.stringify(directory)} + (n && '/' + n)).catch(tell)))).join()`;
      assert.equal(
        await evaluate(scene, readAll, { readFile: [directory] }),
        'POWER_FILE_UNREADABLE,POWER_FILE_UNREADABLE,POWER_FILE_UNREADABLE',
      );
      assert.equal(
        await evaluate(scene, `return (await host.readFile(${JSON.stringify(`${directory}/fits`)})).length`, { readFile: [directory] }),
        '1048576',
      );
    });

    it('does not tell whether a file exists that was not granted', async () => {
      assert.equal(await evaluate(scene, read('/etc/no-such-file'), { readFile: [directory] }), 'POWER_NOT_GRANTED');
    });
  });

  it('end with the call in whose name they were given', async () => {
    const plugin = scene.plugin(
      scriptOf(
        `engineConfig(_, host) { kept = host }, async postStartProcess() { throw new Error(await kept.store.get('k').catch((e) => e.message)) }`,
        { before: 'let kept' },
      ),
    );
    await plugin.ask('engineConfig', { config: buildConfig() });
    const container = { id: 'abcdefghijkl', image: 'host:', command: ['true'], pid: 1, startedAt: 0, uid: 0 };
    await assert.rejects(plugin.ask('postStartProcess', { container }), /The call is over/);
  });
});
