import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, cp, mkdtemp, readdir, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { endpointName, labelOf, openBundles, startArguments, type Bundle } from '#catalog/catalog.js';
import { makeDirectory } from '../../test/catalog/bundles/builder.js';
import { activate, type Activated, type Conversation } from '../../test/helpers/activate.js';
import { openCli, type Cli } from '../../test/helpers/cli.js';

const sample = import.meta.dirname;

describe('hydra', () => {
  let directory: string;
  let bundle: Bundle;
  before(async () => {
    directory = await realpath(await mkdtemp(join(tmpdir(), 'bulkhead-hydra-')));
    await place(directory);
    const uid = process.geteuid?.() ?? 0;
    const { bundles, problems } = await openBundles({ directories: [{ path: directory, scope: 'user' }], uid });
    assert.deepEqual(problems, []);
    bundle = bundles[0]?.bundle ?? assert.fail('it is not found');
  });
  after(() => rm(directory, { recursive: true, force: true }));

  it('is a runtime and a network, and boots (apple 51)', () => {
    const { services } = bundle;
    assert.deepEqual(services, {
      types: ['runtime', 'network'],
      loadAtBoot: true,
      runAtLoad: true,
      defaultArguments: ['start', 'with', 'params'],
    });
    assert.deepEqual([labelOf(bundle.name), labelOf(bundle.name, '1')], ['com.bulkhead.hydra', 'com.bulkhead.hydra.1']);
    const endpoints = (instance?: string) => services?.types.map((type) => endpointName(type, bundle.name, instance));
    assert.deepEqual(endpoints(), ['runtime.hydra.sock', 'network.hydra.sock']);
    assert.deepEqual(endpoints('1'), ['runtime.hydra.1.sock', 'network.hydra.1.sock']);
  });

  it('is shown as that by the command line', async () => {
    const cli: Cli = await openCli();
    try {
      const plugins = join(cli.root, 'system/usr/local/libexec/bulkhead/plugin');
      await place(plugins);
      assert.match(
        (await cli.run('plugin', 'list', '--long')).stdout,
        /^yes {6}hydra {2}1\.0\.0 {4}bundle {2}runtime,network {2}system {2}-$/m,
      );
      const { stdout } = await cli.run('plugin', 'inspect', 'hydra');
      assert.match(
        stdout,
        /^Arguments: "start" "with" "params"\nLabel: com\.bulkhead\.hydra\nEndpoints: runtime\.hydra\.sock,network\.hydra\.sock$/m,
      );
      assert.deepEqual([(await cli.run('plugin', 'doctor')).exitCode, (await cli.run('hydra')).exitCode], [0, 255]);
    } finally {
      await cli.close();
    }
  });

  describe('started with its sockets', () => {
    let hydra: Activated;
    const open: Conversation[] = [];
    before(async () => {
      hydra = await activate({
        executable: bundle.executable,
        arguments: startArguments(bundle),
        names: bundle.services?.types ?? [],
        directory,
      });
    });
    afterEach(async () => {
      for (const one of open.splice(0)) await one.close();
    });
    after(() => hydra.stop());

    const talk = async (name: 'runtime' | 'network'): Promise<Conversation> => {
      const conversation = await hydra.connect(name);
      open.push(conversation);
      return conversation;
    };
    const ask = async (conversation: Conversation, method: string, params?: unknown): Promise<unknown> => {
      conversation.send(JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }));
      return JSON.parse(await conversation.receive()) as unknown;
    };

    it('says on both what it was written for, and was started with its own arguments last', async () => {
      for (const type of ['runtime', 'network'] as const) {
        const result = { protocol: 1, contract: { version: '1.0.0', callbacks: { runtime: '1.0.0', network: '1.0.0' } } };
        assert.deepEqual(await ask(await talk(type), 'hello'), { jsonrpc: '2.0', id: 1, result });
      }
      assert.match(hydra.output(), /listening for runtime and network, started with \["start","start","with","params"\]/);
    });

    it('answers what it does not know, and what is no request, with an error, and goes on', async () => {
      const runtime = await talk('runtime');
      const told = async (line: string): Promise<unknown> => {
        runtime.send(line);
        const { id, error } = JSON.parse(await runtime.receive()) as { id: unknown; error: { code: number } };
        return [id, error.code];
      };
      assert.deepEqual(await told('{"jsonrpc":"2.0","id":7,"method":"allocate"}'), [7, -32601]);
      assert.deepEqual(await told('{"jsonrpc":"2.0","id":"a","method":"__proto__"}'), ['a', -32601]);
      assert.deepEqual(await told('{'), [null, -32700]);
      assert.deepEqual(await told('[]'), [null, -32600]);
      assert.deepEqual(await told('null'), [null, -32600]);
      runtime.send('{"jsonrpc":"2.0","method":"hello"}');
      assert.deepEqual(await told('{"jsonrpc":"2.0","id":8,"method":"x"}'), [8, -32601], 'a notification has no answer');
    });

    const address = async (conversation: Conversation, method: string, hostname: string): Promise<string | undefined> =>
      ((await ask(conversation, method, { hostname })) as { result?: { ipv4Address?: string } }).result?.ipv4Address;

    it('gives each name an address of its own, and the same one whoever asks (apple 82-85)', async () => {
      const [first, second] = [await talk('network'), await talk('network')];
      const [a, b] = [await address(first, 'allocate', 'a'), await address(first, 'allocate', 'b')];
      assert.match(`${a} ${b}`, /^10\.68\.0\.\d+\/24 10\.68\.0\.\d+\/24$/);
      assert.notEqual(a, b);
      assert.equal(await address(second, 'allocate', 'a'), a);
      assert.equal(await address(second, 'lookup', 'b'), b);
      assert.equal(await address(second, 'lookup', 'c'), undefined);
    });

    it('has an address free again when all connections that asked for it have ended, and the others stay (apple 86, 88, 90)', async () => {
      const [first, second] = [await talk('network'), await talk('network')];
      const [a, b] = [await address(first, 'allocate', 'a'), await address(first, 'allocate', 'b')];
      await address(second, 'allocate', 'a');
      await first.close();
      while ((await address(second, 'lookup', 'b')) !== undefined) await delay(5);
      assert.equal(await address(second, 'allocate', 'c'), b);
      assert.equal(await address(second, 'lookup', 'a'), a, 'the second one has asked for it too');
      assert.notEqual(await address(second, 'allocate', 'b'), b);
    });

    it('has addresses from .2 to .254, and says when they are all taken (apple 81, 89)', async () => {
      const network = await talk('network');
      // What connections of other tests had is free when it is seen that they ended.
      while ((await address(network, 'lookup', 'a')) !== undefined || (await address(network, 'lookup', 'b')) !== undefined) await delay(5);
      const given: (string | undefined)[] = [];
      for (let index = 0; index < 253; index += 1) given.push(await address(network, 'allocate', `host-${index}`));
      assert.deepEqual(new Set(given), new Set(Array.from({ length: 253 }, (_, index) => `10.68.0.${index + 2}/24`)));
      const error = { code: -32000, message: 'all 253 addresses are taken' };
      assert.deepEqual(await ask(network, 'allocate', { hostname: 'one more' }), { jsonrpc: '2.0', id: 1, error });
    });

    it('hangs up on who sends a line without end, and serves the others', async () => {
      const other = await talk('runtime');
      const endless = await talk('runtime');
      endless.socket.write('x'.repeat(5_000_000));
      await endless.ended;
      assert.deepEqual(await ask(other, 'runtime', {}), { jsonrpc: '2.0', id: 1, result: { program: 'crun' } });
    });
  });

  it('ends when it is asked to, and does not start without sockets', async () => {
    const own = await mkdtemp(join(directory, 'own-'));
    const hydra = await activate({ executable: bundle.executable, arguments: ['start'], names: ['runtime'], directory: own });
    const conversation = await hydra.connect('runtime');
    conversation.send('{"jsonrpc":"2.0","id":1,"method":"hello"}');
    await conversation.receive();
    assert.equal(await hydra.stop(), 0);
    assert.deepEqual(await readdir(own), ['runtime.sock'], 'the socket is not its own');
    const child = spawn(process.execPath, [bundle.executable], { env: {}, stdio: ['ignore', 'ignore', 'pipe'] });
    let told = '';
    child.stderr.on('data', (bytes: Buffer) => (told += bytes.toString()));
    assert.deepEqual([(await once(child, 'close'))[0], /no sockets were handed over/.test(told)], [64, true]);
  });
});

/** Whatever the umask was when the repository was checked out. */
async function place(plugins: string): Promise<void> {
  const target = join(plugins, 'hydra');
  await makeDirectory(join(target, 'bin'));
  await cp(join(sample, 'plugin.json'), join(target, 'plugin.json'));
  await cp(join(sample, 'bin/hydra'), join(target, 'bin/hydra'));
  await chmod(join(target, 'bin/hydra'), 0o755);
  await chmod(join(target, 'plugin.json'), 0o644);
}
