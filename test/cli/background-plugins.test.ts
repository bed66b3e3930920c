import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { findProcesses, killQuietly, openBackground, until, type Background } from '../helpers/background.js';
import { repository } from '../helpers/cli.js';
import { installSource } from '../helpers/source.js';

const sample = (name: string): string => join(repository, 'samples', name);
const control = `monitor: { mode: 'control' }, permissions: { 'container.control': ['signals', 'exit'] }`;

describe('plugins and a container in the background', () => {
  let cli: Background;
  beforeEach(async function () {
    cli = await openBackground(this);
  });
  afterEach(() => cli.close());

  it('take part in its configuration, its image, its start and its life, as in the foreground', async () => {
    for (const name of ['host-image', 'config-plugin', 'log-plugin', 'monitor-plugin']) await cli.install(sample(name));
    const id = await start('host:', 'sh', '-c', 'echo job $SITE_JOB; cat /site/os-release >/dev/null && echo seen; exit 4');
    await stopped(id, 4);
    assert.equal(await cli.output(id), 'job 4711\nseen\n');
    assert.match(await log(id), new RegExp(`INFO: +\\[example.com/monitor-plugin\\] ${id} exited with 4 after`));
    assert.match((await cli.run('history')).stdout, new RegExp(`${id}  UID=`));
  });

  it('control its signals and its end', async () => {
    await cli.install(sample('control-plugin'));
    const id = await start(cli.rootfs, 'sh', '-c', 'trap "echo saved; exit 0" USR1; echo up; while :; do sleep 0.05; done');
    await until(async () => (await cli.output(id)) === 'up\n', 'the trap is set');
    killQuietly((await mustFind(id)).state.monitor?.pid, 'SIGTERM');
    await stopped(id, 75);
    assert.equal(await cli.output(id), 'up\nsaved\n');
    assert.match(await log(id), /is asked for a checkpoint/);
  });

  it('reach it by the powers that they were granted', async () => {
    await installSource(
      cli,
      `permissions: { 'container.signal': ['SIGUSR1'], 'container.stats': ['pids', 'memory'] }, callbacks: { async postStartProcess(_, host) {
        const { pids } = await host.container.stats();
        host.log.info('pids ' + (pids > 0));
        await host.container.signal('SIGUSR1');
      } }`,
    );
    const id = await start(cli.rootfs, 'sh', '-c', 'trap "exit 6" USR1; while :; do sleep 0.05; done');
    await until(async () => (await mustFind(id)).state.status === 'stopped', 'it has stopped');
    assert.match(await log(id), /\[test\/plugin\] pids true/);
    assert.match(String((await mustFind(id)).status.exitCode), /^(?:6|138)$/);
  });

  it('bring the bytes of its image, part by part', async () => {
    const parts = join(cli.root, 'parts');
    // A plugin reads text: the bytes of each part are written as hexadecimal digits.
    const lines = 'mkdir "$1" && tar -C "$2" -czf - . | od -An -v -tx1 | tr -d " \\n" | split -a 3 -b 800000 - "$1/"';
    execFileSync('sh', ['-c', lines, 'sh', parts, cli.rootfs]);
    const names = (await readdir(parts)).toSorted();
    assert.ok(names.length > 2);
    await installSource(
      cli,
      `imageSchemes: ['parts'], permissions: { readFile: ['${parts}'] }, callbacks: {
        registerImageDriver: () => ({ type: 'stream', format: 'tar.gz', handle: 'h', command: ['/bin/cat', '/etc/marker'] }),
        async readImage({ offset }, host) {
          const names = ${JSON.stringify(names)};
          const index = offset / 400000;
          const text = await host.readFile('${parts}/' + names[index]);
          const bytes = Uint8Array.from({ length: text.length / 2 }, (_, at) => Number.parseInt(text.slice(2 * at, 2 * at + 2), 16));
          return { bytes, last: index === names.length - 1 };
        } }`,
    );
    const id = await start('parts:');
    await stopped(id, 0);
    assert.equal(await cli.output(id), 'from the image\n');
  });

  it('change the flags of the command before it begins, and hear of its end', async () => {
    await installSource(
      cli,
      `hooks: ['run'], permissions: { flags: ['run.env'] }, callbacks: {
        beforeCommand: () => ({ commandFlags: { env: ['WORD=changed'] } }),
        afterCommand({ outcome, exitCode }, host) { host.log.info(outcome + ' ' + exitCode); } }`,
    );
    const id = await start('--env', 'WORD=typed', cli.rootfs, 'sh', '-c', 'echo $WORD; exit 5');
    await stopped(id, 5);
    assert.equal(await cli.output(id), 'changed\n');
    assert.match(await log(id), /\[test\/plugin\] ended 5/);
  });

  it('stop it before it begins, in their own words and with their exit code, and nothing is left', async () => {
    await installSource(cli, `hooks: ['run'], callbacks: { beforeCommand: () => ({ abort: { message: 'not today', exitCode: 3 } }) }`);
    const { stderr, exitCode } = await cli.run('run', '--detach', cli.rootfs, 'true');
    assert.equal(exitCode, 3);
    assert.match(stderr, /plugin "test\/plugin" stopped "run": not today/);
    assert.deepEqual(await cli.list(), []);
  });

  it('that fail after its start end it, as in the foreground', async () => {
    await installSource(cli, `callbacks: { postStartProcess() { throw new Error('no licence'); } }`);
    const words = [cli.rootfs, 'sleep', '1000'];
    const foreground = await cli.run('run', ...words);
    const background = await cli.run('run', '--detach', ...words);
    assert.deepEqual(background, foreground);
    assert.match(background.stderr, /no licence/);
    assert.deepEqual(await cli.list(), []);
  });

  it('have no process where none takes part', async () => {
    await cli.install(sample('host-image'));
    const id = await start(cli.rootfs, 'sleep', '1000');
    assert.equal((await mustFind(id)).status.status, 'running');
    assert.deepEqual(await hosts(), []);
  });

  it('whose process is killed before it begins refuse it, and nothing is left', async () => {
    await installSource(cli, `callbacks: { engineConfig: () => new Promise(() => undefined) }`);
    const running = cli.start(['run', '--detach', cli.rootfs, 'sleep', '1000']);
    await until(async () => (await hosts()).length === 1, 'there is a plugin host');
    for (const pid of await hosts()) killQuietly(pid);
    const { exitCode, stderr } = await running;
    assert.equal(exitCode, 255);
    assert.match(String(stderr), /the process in which its plugins run was killed/);
    assert.deepEqual(await cli.list(), []);
  });

  it('whose process is killed while it runs do not take it with them, and its record says so', async () => {
    await installSource(cli, `callbacks: { monitorContainer() {} }`);
    const id = await start(cli.rootfs, 'sh', '-c', 'trap "exit 8" TERM; while :; do sleep 0.05; done');
    for (const pid of await hosts()) killQuietly(pid);
    await until(async () => (await mustFind(id)).state.reason !== undefined, 'its record says so');
    const { state, status } = await mustFind(id);
    assert.match(state.reason ?? '', /goes on without them/);
    assert.match(await log(id), /goes on without them/);
    assert.equal(status.status, 'running');
    killQuietly(state.monitor?.pid, 'SIGTERM');
    await stopped(id, 8);
  });

  it('whose process is killed lose control, and signals are forwarded from then on', async () => {
    await installSource(
      cli,
      `${control}, callbacks: { monitorContainer: ({ event }) => event.type === 'signal' ? { action: 'swallow' } : undefined }`,
    );
    const id = await start(cli.rootfs, 'sh', '-c', 'trap "exit 8" TERM; while :; do sleep 0.05; done');
    for (const pid of await hosts()) killQuietly(pid);
    await until(async () => (await mustFind(id)).state.reason !== undefined, 'its record says so');
    killQuietly((await mustFind(id)).state.monitor?.pid, 'SIGTERM');
    await stopped(id, 8);
  });

  it('of which one is required take it with them', async () => {
    await installSource(cli, `callbacks: { monitorContainer() {} }`, { flags: ['--required'] });
    const id = await start(cli.rootfs, 'sleep', '1000');
    for (const pid of await hosts()) killQuietly(pid);
    await stopped(id, 255);
    assert.match((await mustFind(id)).state.reason ?? '', /was killed, and it needs "test\/plugin"/);
  });

  it('that are missing when it is started again are an error, and it stays as it is', async () => {
    await cli.install(sample('host-image'));
    assert.equal((await cli.run('create', '--name', 'web', 'host:', 'sh', '-c', 'exit 2')).exitCode, 0);
    await cli.run('plugin', 'uninstall', 'example.com/host-image');
    const { exitCode, stderr } = await cli.run('start', 'web');
    assert.equal(exitCode, 255);
    assert.match(stderr, /scheme "host/);
    const { record, status } = await mustFind('web');
    assert.deepEqual([record.name, status.status], ['web', 'stopped']);
    await cli.install(sample('host-image'));
    assert.equal((await cli.run('start', 'web')).exitCode, 0);
    await stopped(record.id, 2);
  });

  it('whose flags are on its command line are asked again when it is started again', async () => {
    const members = (letter: string): string =>
      `flags: { run: { gear: { type: 'string' } } }, permissions: { config: ['env'] }, callbacks: {
        engineConfig: ({ flags }) => ({ env: { GEAR: flags.gear + '${letter}' } }) }`;
    await installSource(cli, members('a'));
    const { exitCode, stdout: id } = await cli.run('create', '--gear', 'third', cli.rootfs, 'sh', '-c', 'echo $GEAR');
    assert.equal(exitCode, 0);
    assert.equal((await cli.run('start', id)).exitCode, 0);
    await stopped(id, 0);
    assert.equal(await cli.output(id), 'thirda\n');
    await cli.run('plugin', 'disable', 'test/plugin');
    const refused = await cli.run('start', id);
    assert.notEqual(refused.exitCode, 0);
    assert.match(refused.stderr, /--gear/);
    assert.equal((await mustFind(id)).status.status, 'stopped');
  });

  async function start(...words: string[]): Promise<string> {
    const { stdout, stderr, exitCode } = await cli.run('run', '--detach', ...words);
    assert.equal(exitCode, 0, stderr);
    return stdout.trim().split('\n').at(-1) ?? '';
  }

  async function mustFind(what: string) {
    const found = await cli.find(what);
    assert.ok(found !== undefined, `there is no container ${what}`);
    return found;
  }

  async function stopped(id: string, exitCode: number): Promise<void> {
    await until(async () => (await mustFind(id)).state.status === 'stopped', 'it has stopped');
    const { status, state } = await mustFind(id);
    assert.equal(status.exitCode, exitCode, state.reason);
  }

  function log(id: string): Promise<string> {
    return readFile(join(cli.roots.kept, id, 'monitor.log'), 'utf8');
  }

  async function hosts(): Promise<number[]> {
    const found = await findProcesses(cli.root);
    return found.filter(({ words }) => words.includes('plugin-host.js') && !words.includes('pdeathsig')).map(({ pid }) => pid);
  }
});
