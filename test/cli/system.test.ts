import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { chmod, cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { choosePaths } from '#base/paths.js';
import { connectService, type ServicePlaces } from '#services/services.js';
import { findProcesses, killQuietly, until } from '../helpers/background.js';
import { openCli, repository, type Cli } from '../helpers/cli.js';
import { readLine, writeBundle } from '../helpers/services.js';

describe('bulkhead system', () => {
  let cli: Cli;
  let places: ServicePlaces;
  beforeEach(async () => {
    cli = await openCli();
    places = choosePaths({ env: cli.env, uid: process.getuid?.() ?? 0, home: cli.env['HOME'] ?? '' }).services;
  });
  afterEach(async () => {
    await cli.run('system', 'stop');
    for (const { pid } of await findProcesses(cli.root)) killQuietly(pid);
    await cli.close();
  });

  const bulkhead = async (...words: string[]): Promise<string> => {
    const { exitCode, stdout, stderr } = await cli.run('system', ...words);
    assert.equal(exitCode, 0, stderr);
    return stdout;
  };
  const pidOf = (text: string): number => Number(/process (\d+)/.exec(text)?.[1]);

  it('starts one daemon, says how it is, and ends it', async () => {
    const none = await cli.run('system', 'status', '--json');
    assert.equal(none.exitCode, 1);
    assert.equal((JSON.parse(none.stdout) as { status: string }).status, 'not running');
    const pid = pidOf(await bulkhead('start'));
    assert.equal(await bulkhead('start'), `The daemon runs already (process ${pid})`);
    const status = JSON.parse(await bulkhead('status', '--json')) as { status: string; daemon: { pid: number }; places: ServicePlaces };
    assert.equal(status.status, 'running');
    assert.equal(status.daemon.pid, pid);
    const { kept, run, pluginState } = places;
    assert.deepEqual(status.places, { kept, run, pluginState });
    assert.match(await bulkhead('status'), /^FIELD +VALUE\nstatus +running\nkept running by +bulkhead\npid +\d+\n/);
    assert.equal(await bulkhead('stop'), `Ended the daemon (process ${pid})`);
    assert.equal(await bulkhead('stop'), 'No daemon runs');
  });

  it('starts one daemon where several are asked for at once', async () => {
    const outcomes = await Promise.all([1, 2, 3].map(() => bulkhead('start')));
    assert.equal(new Set(outcomes.map(pidOf)).size, 1);
    assert.equal(outcomes.filter((text) => text.startsWith('The daemon runs (')).length, 1);
  });

  it('shows services that run and that crash, and what they wrote, with control characters shown', async () => {
    await bulkhead('start');
    const well = await writeBundle(cli.root, { name: 'well', program: `console.log('\\u001b[31mred'); listen();` });
    const ill = await writeBundle(cli.root, { name: 'ill', program: `console.error('no such bridge'); process.exitCode = 7;` });
    (await connectService({ bundle: well, type: 'runtime', instance: '1', places })).destroy();
    await assert.rejects(connectService({ bundle: ill, type: 'runtime', places }), { code: 'SERVICE_FAILED' });
    await until(
      async () => /ill .*crashing \(\d+ times\), next try in \d+ s .* exit code 7, \d+ s ago/.test(await bulkhead('status')),
      'ill crashes',
    );
    assert.match(await bulkhead('status'), /^well\.1 +runtime +running +\d+ +0 +-$/m);
    assert.match(await bulkhead('logs', 'well.1'), /^\d{4}-\S+Z well\.1: \\u001b\[31mred$/);
    const all = await bulkhead('logs', '--last', '5m');
    for (const line of [
      / daemon: com\.bulkhead\.ill: registered/,
      / ill: no such bridge/,
      / ill: bulkhead: the service ended \(exit code 7\)/,
    ])
      assert.match(all, line);
    const times = all.split('\n').map((line) => line.slice(0, 24));
    assert.deepEqual(times, times.toSorted());
    assert.equal((await cli.run('system', 'logs', 'nobody')).exitCode, 255);
  });

  it('prints what is written meanwhile until it is interrupted', async () => {
    await bulkhead('start');
    const bundle = await writeBundle(cli.root, {
      name: 'clock',
      program: `listen(); let n = 0; setInterval(() => console.log('tick', (n += 1)), 50);`,
    });
    const following = cli.start(['system', 'logs', '--follow']);
    (await connectService({ bundle, type: 'runtime', places })).destroy();
    let text = '';
    following.stdout?.on('data', (bytes: Buffer) => (text += bytes.toString()));
    await until(() => / clock: tick 5\n/.test(text), 'it ticks');
    following.kill('SIGINT');
    assert.equal((await following).signal, 'SIGINT');
  });

  it('finds services again after the daemon was killed, and ends those that nobody has found', async () => {
    const pid = pidOf(await bulkhead('start'));
    const bundle = await writeBundle(cli.root, { name: 'lasting', program: 'listen()' });
    const socket = await connectService({ bundle, type: 'runtime', places });
    const served = await readLine(socket);
    killQuietly(pid);
    await until(async () => (await cli.run('system', 'status')).exitCode === 1, 'it does not run');
    assert.match((await cli.run('system', 'status')).stdout, new RegExp(`^lasting +runtime +running +${served} `, 'm'));
    assert.match(await bulkhead('start'), /^The daemon runs \(process \d+\)\nFound again: com\.bulkhead\.lasting$/);
    killQuietly(pidOf(await bulkhead('start')));
    await until(async () => (await cli.run('system', 'status')).exitCode === 1, 'it does not run');
    assert.equal(await bulkhead('stop'), 'Ended com.bulkhead.lasting\nNo daemon runs');
    assert.deepEqual(await findProcesses(join(places.pluginState, 'lasting')), []);
    socket.destroy();
  });

  it('registers what is to boot, and what fails harms nothing else', async () => {
    const program = `listen(3, process.argv.slice(2).join('+'))`;
    const boots = { loadAtBoot: true, runAtLoad: false };
    const describeBundle = async (name: string, description: object): Promise<void> => {
      const { directory } = await writeBundle(cli.root, { name, program, services: boots });
      await writeFile(join(directory, 'plugin.json'), JSON.stringify(description));
    };
    await describeBundle('eager', { type: ['core'], shouldBoot: true });
    await describeBundle('lazy', { type: ['core'], servicesConfig: { services: [{ type: 'core' }], loadAtBoot: true } });
    await describeBundle('later', { type: ['runtime'], shouldBoot: false });
    await describeBundle('broken', { type: ['nothing that there is'], shouldBoot: true });
    // Its state directory cannot be opened.
    await describeBundle('unfit', { type: ['core'], shouldBoot: true });
    await mkdir(join(places.pluginState, 'unfit'), { recursive: true });
    await chmod(join(places.pluginState, 'unfit'), 0o777);

    const start = (): Promise<{ exitCode: number | undefined; stdout: string; stderr: string }> =>
      cli.run('system', 'start', '--plugin-dir', join(cli.root, 'plugins'));
    const { exitCode, stdout, stderr } = await start();
    assert.equal(exitCode, 0, stderr);
    assert.deepEqual(stdout.split('\n').slice(1), ['Registered: com.bulkhead.eager', 'Registered: com.bulkhead.lazy']);
    assert.match(stderr, /Cannot keep services in .*unfit: others may write to it/);
    await until(async () => /^eager +core +running /m.test(await bulkhead('status')), 'what starts at once runs');
    assert.match(await bulkhead('status'), /^lazy +core +idle /m);
    assert.doesNotMatch(await bulkhead('status'), /^(later|broken|unfit) /m);

    // What changed is applied; what is disabled ends.
    await describeBundle('lazy', { servicesConfig: { services: [{ type: 'core' }], loadAtBoot: true, defaultArguments: ['anew'] } });
    await writeFile(join(cli.root, 'plugins/bundles.json'), JSON.stringify({ format: 1, disabled: ['eager'] }));
    assert.deepEqual((await start()).stdout.split('\n').slice(1), [
      'Changed: com.bulkhead.lazy',
      'Ended, for it may not be used any more: com.bulkhead.eager',
    ]);
    const socket = connect(join(places.run, 'core.lazy.sock'));
    assert.equal(await readLine(socket), 'start+anew');
    socket.destroy();
  });

  it('keeps hydra running, one program that answers at two endpoints', async () => {
    await cp(join(repository, 'samples/hydra'), join(cli.root, 'system/usr/local/libexec/bulkhead/plugin/hydra'), { recursive: true });
    assert.match(await bulkhead('start'), /\nRegistered: com\.bulkhead\.hydra$/);
    assert.deepEqual(await readdir(places.run), ['daemon.sock', 'network.hydra.sock', 'runtime.hydra.sock']);
    for (const type of ['runtime', 'network']) {
      const socket = connect(join(places.run, `${type}.hydra.sock`));
      socket.write('{"jsonrpc":"2.0","id":1,"method":"hello"}\n');
      assert.equal((JSON.parse(await readLine(socket)) as { result: { protocol: number } }).result.protocol, 1);
      socket.destroy();
    }
    await until(async () => /^hydra +runtime,network +running +\d+ +0 /m.test(await bulkhead('status')), 'it runs');
    assert.match(await bulkhead('logs', 'hydra'), /listening for runtime and network, started with \["start","start","with","params"\]/);
  });

  it('shows in the list of plugins what their services do, and why one may not be used', async () => {
    const plugins = join(cli.root, 'plugins');
    for (const [name, program] of [
      ['well', 'listen()'],
      ['ill', 'process.exitCode = 7'],
      ['denied', 'listen()'],
    ] as const) {
      const { directory } = await writeBundle(cli.root, { name, program });
      await writeFile(join(directory, 'plugin.json'), JSON.stringify({ type: ['core'], shouldBoot: true }));
    }
    const { configFile } = choosePaths({ env: cli.env, uid: process.getuid?.() ?? 0, home: cli.env['HOME'] ?? '' });
    await mkdir(dirname(configFile), { recursive: true });
    await writeFile(configFile, '[[policy.deny]]\nplugin = "denied"\nbecause = "it was not reviewed"\n');
    const { stdout, stderr } = await cli.run('system', 'start', '--plugin-dir', plugins);
    assert.deepEqual(stdout.split('\n').slice(1), ['Registered: com.bulkhead.ill', 'Registered: com.bulkhead.well']);
    assert.match(stderr, /"denied" is refused by the policy of this host.*it was not reviewed/);
    const list = async (): Promise<string> => (await cli.run('plugin', 'list', '--long', '--plugin-dir', plugins)).stdout;
    await until(async () => / well .* running$/m.test(await list()), 'it runs');
    await until(async () => / ill .* crashing \(\d+ times\)$/m.test(await list()), 'it crashes');
    assert.match(await list(), / denied .* -$/m);
    await bulkhead('stop');
    assert.match(await list(), / well .* -$/m);
  });

  it('removes what a plugin keeps, with its services', async () => {
    await bulkhead('start');
    const bundle = await writeBundle(cli.root, { name: 'gone', program: 'listen()' });
    for (const instance of [undefined, '1']) (await connectService({ bundle, type: 'runtime', instance, places })).destroy();
    assert.equal(await bulkhead('remove', 'gone'), 'Ended com.bulkhead.gone\nEnded com.bulkhead.gone.1\ngone');
    assert.deepEqual(await readdir(places.pluginState), []);
    assert.deepEqual(
      (await readdir(places.kept)).filter((name) => name !== 'daemon'),
      [],
    );
    assert.equal(await bulkhead('remove', 'gone'), 'gone');
    assert.equal((await cli.run('system', 'remove', '../etc')).exitCode, 255);
  });

  it('prints what a service manager would be given, and writes nothing', async () => {
    const { directory } = await writeBundle(cli.root, { name: 'hydra', program: 'listen()' });
    await writeFile(join(directory, 'plugin.json'), JSON.stringify({ type: ['runtime', 'network'], shouldBoot: true }));
    const plugins = join(cli.root, 'plugins');
    const units = await bulkhead('install', '--launcher', 'systemd', '--print', '--plugin-dir', plugins);
    assert.match(units, /^# \S+\/com\.bulkhead\.hydra\.service$/m);
    assert.match(units, /^ListenStream=\S+\/network\.hydra\.sock$/m);
    const plist = await bulkhead('install', '--launcher', 'launchd', '--print', '--plugin-dir', plugins);
    assert.match(plist, /<string>com\.bulkhead\.hydra<\/string>/);
    assert.equal(existsSync(places.kept), false);
    assert.equal(await bulkhead('uninstall'), 'No service manager of the system has services of bulkhead');
  });

  it('refuses times that are none', async () => {
    for (const last of ['1x', 'abc', '0m', '-5m', '']) {
      const { exitCode, stderr } = await cli.run('system', 'logs', `--last=${last}`);
      assert.equal(exitCode, 1);
      assert.match(stderr, /invalid --last value/);
    }
  });

  it('leaves no secret of the caller in the daemon', async () => {
    const { stdout } = await cli.start(['system', 'start', '--json'], {
      env: { ...cli.env, AWS_SECRET: 'x', BULKHEAD_SITE: 'y', https_proxy: 'z' },
    });
    const { pid } = JSON.parse(String(stdout)) as { pid: number };
    const keys = (await readFile(`/proc/${pid}/environ`, 'utf8')).split('\0').map((one) => one.split('=')[0] ?? '');
    assert.deepEqual(
      keys.filter((key) => !/^BULKHEAD_|^$/.test(key)),
      ['https_proxy'],
    );
    assert(keys.includes('BULKHEAD_SITE'));
  });
});
