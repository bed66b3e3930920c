import assert from 'node:assert/strict';
import { chmod, copyFile, cp, readdir } from 'node:fs/promises';
import { getPriority } from 'node:os';
import { join } from 'node:path';
import { choosePaths } from '#base/paths.js';
import { findProcesses, killQuietly, openBackground, until, type Background } from '../helpers/background.js';
import { placeBundle, userPlugins } from '../helpers/bundles.js';
import { repository } from '../helpers/cli.js';
import { needTool } from '../helpers/need.js';
import { writeConfig } from '../helpers/policy.js';
import { installSource } from '../helpers/source.js';

interface Service {
  readonly name: string;
  readonly instance?: string;
  readonly state: string;
  readonly pid?: number;
}

describe('a runtime of a bundle', () => {
  let cli: Background;
  beforeEach(async function () {
    needTool(this, 'crun');
    cli = await openBackground(this);
  });
  afterEach(async () => {
    await cli?.run('system', 'stop');
    for (const { pid } of cli === undefined ? [] : await findProcesses(cli.root)) killQuietly(pid);
    await cli?.close();
  });

  const run = (...command: string[]) => cli.run('run', '--fakeroot', '--runtime', 'mine', cli.rootfs, ...command);
  const startDaemon = async () => assert.equal((await cli.run('system', 'start')).exitCode, 0);
  const services = async (): Promise<Service[]> =>
    (JSON.parse((await cli.run('system', 'status', '--json')).stdout) as { services: Service[] }).services;

  const places = () => choosePaths({ env: cli.env, uid: process.getuid?.() ?? 0, home: cli.env['HOME'] ?? '' }).services;
  const registered = async (): Promise<string[]> => (await readdir(places().kept)).filter((label) => label.startsWith('com.bulkhead.mine'));

  it('says what is run, of an instance that is told of its container and ends with it', async () => {
    await startDaemon();
    await placeBundle(
      cli,
      'mine',
      `const [verb, rootFlag, root, uuidFlag, uuid] = process.argv.slice(2);
      serve(({ container, config }) =>
        verb === 'start' && rootFlag === '--root' && root.includes(container.id) && uuidFlag === '--uuid' && uuid === container.id
          ? { result: { program: 'crun', wrapper: { program: '/usr/bin/nice', args: ['-n', '7'] } } }
          : { error: { code: 1, message: process.argv.join(' ') } });`,
    );
    const { exitCode, stdout, stderr } = await run('sh', '-c', 'cat /proc/self/stat; exit 3');
    assert.equal(exitCode, 3, stderr);
    assert.equal(Number(stdout.split(' ')[18]), Math.min(19, getPriority() + 7));
    assert.deepEqual(await services(), []);
    assert.deepEqual(await registered(), []);
    assert.deepEqual(await readdir(join(places().pluginState, 'mine')), []);
  });

  it('is looked for before anything is opened: where no services run, where it is disabled, where it is none', async () => {
    await placeBundle(cli, 'mine', "serve(() => ({ result: { program: 'crun' } }));");
    await placeBundle(cli, 'other', 'serve(() => undefined);', { type: 'core' });
    const missed = async (runtime: string): Promise<string> => {
      const { exitCode, stderr } = await cli.run('run', '--runtime', runtime, 'docker://registry.invalid/none', 'true');
      assert.equal(exitCode, 255, stderr);
      return stderr;
    };
    assert.match(await missed('mine'), /no daemon answers[^]*bulkhead system start/);
    assert.match(await missed('mime'), /Cannot run with the runtime "mime": it is none of .*mine[^]*did you mean mine\?/);
    assert.match(await missed('other'), /Cannot run with the runtime "other"/);
    assert.equal((await cli.run('plugin', 'disable', 'mine')).exitCode, 0);
    assert.match(await missed('mine'), /disabled/);
  });

  it('comes after those that the operator names and plugins provide, which is told', async () => {
    const hidden = async (): Promise<string> => (await cli.run('plugin', 'doctor')).stdout;
    await placeBundle(cli, 'mine', "serve(() => ({ result: { program: 'nosuch' } }));");
    assert.doesNotMatch(await hidden(), /runtime/);
    await installSource(cli, "runtimes: ['mine'], permissions: { runtime: ['crun'] }, callbacks: { runtime: () => ({ program: 'crun' }) }");
    assert.match(await hidden(), /bundle "mine" cannot be used as a runtime: "--runtime mine" means one of the plugin "test\/plugin"/);
    // No daemon runs: the bundle is not asked.
    assert.equal((await run('sh', '-c', 'exit 6')).exitCode, 6);
    await cli.run('plugin', 'uninstall', 'test/plugin');
    await writeConfig(cli, '[runtimes.mine]\npath = "/usr/bin/crun"\n');
    assert.match(await hidden(), /"--runtime mine" means one that bulkhead or its operator has named so/);
    assert.equal((await run('sh', '-c', 'exit 6')).exitCode, 6);
  });

  it('that fails in whatever way ends the run with its name, leaves no instance, and the container that was made before stays', async () => {
    await startDaemon();
    const unsafe = join(cli.root, 'tool');
    await copyFile('/bin/true', unsafe);
    await chmod(unsafe, 0o777);
    const answers: [string, string, RegExp][] = [
      [
        'refuses',
        "return { result: { refuse: 'not \\u001b[31mhere' } }",
        /plugin "mine" does not run this container with its runtime "mine": not \\u001b\[31mhere/,
      ],
      ['fails', "return { error: { code: -1, message: 'broken' } }", /Plugin "mine" failed in runtime: broken \(-1\)/],
      ['ends', "console.error('no such bridge'); process.exit(3)", /Cannot ask plugin "mine" any more/],
      ['hangs', 'for (;;);', /Plugin "mine" did not answer runtime within 500 ms/],
      [
        'floods',
        "for (let n = 0; n < 65; n += 1) socket.write('x'.repeat(65536))",
        /Plugin "mine" does not keep to the protocol: it sent a line of more than/,
      ],
      ['is unsafe', `return { result: { program: '${unsafe}' } }`, /Cannot run the container as plugin "mine" says/],
    ];
    const cases = answers.map(([name, answer]) => `case '${name}': ${answer}; break;`).join('\n');
    await placeBundle(
      cli,
      'mine',
      `serve(({ config }, socket) => { switch (config.process.args[2]) { ${cases} default: return { result: { program: 'crun' } }; } });`,
    );
    for (const [name, , message] of answers) {
      await writeConfig(cli, name === 'hangs' ? '[budgets]\ndeadline-percent = 10\n' : '');
      const { exitCode, stdout, stderr } = await run('sh', '-c', name);
      assert.deepEqual([exitCode, stdout], [255, ''], stderr);
      assert.match(stderr, message);
      assert.deepEqual(await registered(), [], name);
    }
    const create = (name: string, word: string) =>
      cli.run('create', '--fakeroot', '--name', name, '--runtime', 'mine', cli.rootfs, 'sh', '-c', word);
    for (const [name, word] of [
      ['kept', 'refuses'],
      ['fine', 'echo ran'],
    ] as const)
      assert.equal((await create(name, word)).exitCode, 0);
    assert.match(await requireKept(), /does not run this container/);
    const { exitCode, stdout, stderr } = await cli.run('start', '--attach', 'fine');
    assert.deepEqual([exitCode, stdout], [0, 'ran'], stderr);
    await placeBundle(cli, 'mine', 'serve(() => undefined, { ...hello, contract: { ...hello.contract, version: "2.0.0" } });');
    assert.match(await requireKept(), /its program is built against contract 2\.0\.0, this host offers 1\.\d+\.\d+: too new/);
    await placeBundle(cli, 'mine', "console.error('no such bridge'); process.exitCode = 7;");
    assert.match(await requireKept(), /service com\.bulkhead\.mine\.\w{12} failed[^]*no such bridge/);
    await cli.run('system', 'stop');
    assert.match(await requireKept(), /no daemon answers/);
  });

  it('runs one in the background, which goes on when the instance is killed; the next one has an instance of its own', async () => {
    await startDaemon();
    await placeBundle(cli, 'mine', "serve(() => ({ result: { program: 'crun' } }));");
    const script = 'trap "exit 4" TERM; echo up; while :; do sleep 0.05; done';
    const {
      exitCode,
      stdout: id,
      stderr,
    } = await cli.run('run', '--fakeroot', '--detach', '--runtime', 'mine', cli.rootfs, 'sh', '-c', script);
    assert.equal(exitCode, 0, stderr);
    await until(async () => (await cli.output(id)) === 'up\n', 'it is up');
    const [instance] = await services();
    assert.deepEqual([instance?.name, instance?.instance], ['mine', id]);
    killQuietly(instance?.pid);
    await until(async () => (await services())[0]?.pid !== instance?.pid, 'the instance has ended');
    assert.equal((await cli.find(id))?.status.status, 'running');
    assert.equal((await cli.run('stop', id)).exitCode, 0);
    await until(async () => (await cli.find(id))?.state.status === 'stopped' && (await services()).length === 0, 'nothing of it is left');
    assert.equal((await cli.find(id))?.status.exitCode, 4);
    assert.equal((await cli.run('start', id)).exitCode, 0);
    assert.deepEqual(
      (await services()).map(({ instance: of }) => of),
      [id],
    );
    await cli.run('stop', id);
  });

  it('may be one head of several: hydra has an instance for a container beside the one that boots, and is left as it was', async () => {
    const directory = join(userPlugins(cli), 'hydra');
    await cp(join(repository, 'samples/hydra'), directory, { recursive: true });
    // Whatever the umask with which it was checked out: nobody else may write to it.
    for (const path of ['..', '.', 'bin', 'bin/hydra']) await chmod(join(directory, path), 0o755);
    await chmod(join(directory, 'plugin.json'), 0o644);
    await startDaemon();
    const { exitCode, stdout, stderr } = await cli.run(
      'run',
      '--fakeroot',
      '--runtime',
      'hydra',
      cli.rootfs,
      'sh',
      '-c',
      'echo one of its heads',
    );
    assert.deepEqual([exitCode, stdout], [0, 'one of its heads'], stderr);
    assert.deepEqual(
      (await services()).map(({ name, instance }) => [name, instance]),
      [['hydra', undefined]],
    );
  });

  it('goes with its container also where the daemon was killed meanwhile', async () => {
    await startDaemon();
    await placeBundle(cli, 'mine', "serve(() => ({ result: { program: 'crun' } }));");
    const script = 'trap "exit 4" TERM; echo up; while :; do sleep 0.05; done';
    const { stdout: id, stderr } = await cli.run('run', '--fakeroot', '--detach', '--runtime', 'mine', cli.rootfs, 'sh', '-c', script);
    await until(async () => (await cli.output(id)) === 'up\n', stderr);
    const { daemon } = JSON.parse((await cli.run('system', 'status', '--json')).stdout) as { daemon: { pid: number } };
    killQuietly(daemon.pid);
    await until(async () => (await findProcesses(cli.root)).every(({ pid }) => pid !== daemon.pid), 'the daemon is gone');
    assert.equal((await cli.find(id))?.status.status, 'running');
    assert.equal((await cli.run('stop', id)).exitCode, 0);
    await until(async () => (await findProcesses(cli.root)).length === 0, 'neither the container nor the instance is left');
    assert.equal((await cli.find(id))?.status.exitCode, 4);
    assert.deepEqual(await readdir(join(places().pluginState, 'mine')), []);
  });

  it('ends where whoever ran the container was killed, and the next container removes what is left of it', async () => {
    await startDaemon();
    await placeBundle(cli, 'mine', "serve(() => ({ result: { program: 'crun' } }));");
    const running = cli.start(['run', '--fakeroot', '--runtime', 'mine', cli.rootfs, 'sh', '-c', 'echo up; while :; do sleep 0.05; done']);
    let text = '';
    running.stdout?.on('data', (bytes: Buffer) => (text += bytes.toString()));
    await until(() => text === 'up\n', 'it is up');
    assert.equal((await services())[0]?.state, 'running');
    running.kill('SIGKILL');
    await running;
    await until(async () => (await services())[0]?.state === 'idle', 'the program has seen the end of its connection');
    const { exitCode, stdout } = await run('sh', '-c', 'echo again');
    assert.deepEqual([exitCode, stdout], [0, 'again']);
    assert.deepEqual(await services(), []);
  });

  /** Answers with why it could not be started. */
  async function requireKept(): Promise<string> {
    const { exitCode, stderr } = await cli.run('start', 'kept');
    assert.equal(exitCode, 255, stderr);
    assert.match((await cli.run('list', '--all')).stdout, /kept/);
    assert.equal((await cli.run('inspect', 'kept')).exitCode, 0);
    return stderr;
  }
});
