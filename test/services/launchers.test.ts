/** What holds whoever keeps services running: bulkhead's own daemon, or a service manager of the system, by what it is given and asked. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Bundle } from '#catalog/catalog.js';
import {
  defineService,
  describeFor,
  findManager,
  handOver,
  openLauncher,
  takeBack,
  type Launcher,
  type ManagerKind,
  type ServicePlaces,
} from '#services/services.js';
import { until } from '../helpers/background.js';
import { openFakeTool, readPlist, readUnit, type FakeTool, type Told } from '../helpers/managers.js';
import { needTool } from '../helpers/need.js';
import { openServiceRoot, readLine, VERSION, type ServiceRoot } from '../helpers/services.js';

interface Bench {
  readonly launcher: Launcher;
  readonly places: ServicePlaces;
  readonly root: ServiceRoot;
  /** What its program is started with; undefined where it is not registered. */
  told(label: string, endpoint: string | undefined): Promise<Told | undefined>;
  /** Absent for bulkhead's own daemon. */
  readonly tool?: FakeTool;
}

const environment = { BULKHEAD_SITE: 'here', https_proxy: 'http://ann:50%@proxy.lan' };
const isRoot = process.geteuid?.() === 0;

/** Says what it was started with to whoever connects. */
const CURIOUS = `listen(3, JSON.stringify({ command: process.argv.slice(2), environment: process.env, directory: process.cwd() }))`;

async function openEmbeddedBench(): Promise<Bench> {
  const root = await openServiceRoot();
  await root.start(environment);
  return {
    root,
    places: root.places,
    launcher: await openLauncher({ places: root.places, version: VERSION }),
    async told(_label, endpoint) {
      if (endpoint === undefined) return undefined;
      const socket = connect(endpoint);
      try {
        return JSON.parse(await readLine(socket)) as Told;
      } catch {
        return undefined;
      } finally {
        socket.destroy();
      }
    },
  };
}

async function openManagerBench(kind: ManagerKind): Promise<Bench> {
  const root = await openServiceRoot();
  const tool = await openFakeTool(kind === 'systemd' ? 'systemctl' : 'launchctl', root.root);
  const at = (name: string): string => join(root.root, name);
  const managers = { systemd: { lasting: at('lasting'), passing: at('passing') }, launchd: { lasting: at('agents') } };
  const places = { ...root.places, managers };
  const launcher = await handOver({ launcher: kind, environment }, { places, tools: [tool.directory] });
  return {
    root,
    places,
    launcher,
    tool,
    async told(label) {
      const files =
        kind === 'systemd'
          ? [at(`lasting/${label}.service`), at(`passing/${label}.service`)]
          : [at(`agents/${label}.plist`), join(places.kept, label, 'service.plist')];
      const texts = await Promise.all(files.map((file) => readFile(file, 'utf8').catch(() => undefined)));
      const text = texts.find((one) => one !== undefined);
      if (text === undefined) return undefined;
      return kind === 'systemd' ? toldByUnit(text) : toldByPlist(text);
    },
  };
}

function toldByUnit(text: string): Told {
  const unit = readUnit(text);
  const [first, ...rest] = unit.command;
  // /bin/sh -c WORDS sh PROGRAM …
  return { ...unit, command: first === '/bin/sh' ? rest.slice(4) : rest };
}

function toldByPlist(text: string): Told {
  const keys = readPlist(text) as { ProgramArguments: string[]; EnvironmentVariables: Record<string, string>; WorkingDirectory: string };
  return { command: keys.ProgramArguments.slice(1), environment: keys.EnvironmentVariables, directory: keys.WorkingDirectory };
}

const odd = ['a b', '"', "'", '\\', '%n', '%%', '$HOME', '${HOME}', '$$', ';', '&amp;<b>', 'line\nbreak\t', 'ünï😀', '', '-', '@x'];

const benches: Readonly<Record<string, () => Promise<Bench>>> = {
  embedded: openEmbeddedBench,
  systemd: () => openManagerBench('systemd'),
  launchd: () => openManagerBench('launchd'),
};

for (const [kind, open] of Object.entries(benches)) {
  describe(`services kept running by ${kind}`, () => {
    let bench: Bench;
    let hydra: Bundle;
    beforeEach(async () => {
      bench = await open();
      hydra = await bench.root.bundle('hydra', CURIOUS, { types: ['runtime', 'network'], defaultArguments: ['start', 'with', 'params'] });
    });
    afterEach(async () => {
      bench.launcher.close();
      await bench.root.close();
    });

    it('have labels and endpoints by the convention, in the order declared', async () => {
      const { launcher, places } = bench;
      const { endpoints, outcome } = await launcher.register(defineService({ bundle: hydra }));
      assert.equal(outcome, 'registered');
      assert.deepEqual(endpoints, [
        { type: 'runtime', path: join(places.run, 'runtime.hydra.sock') },
        { type: 'network', path: join(places.run, 'network.hydra.sock') },
      ]);
      const instance = await launcher.register(defineService({ bundle: hydra, instance: '1' }));
      assert.deepEqual(
        instance.endpoints.map(({ path }) => path),
        [join(places.run, 'runtime.hydra.1.sock'), join(places.run, 'network.hydra.1.sock')],
      );
      const listed = await launcher.list();
      assert.deepEqual(
        listed.map(({ label, state }) => [label, state]),
        [
          ['com.bulkhead.hydra', 'idle'],
          ['com.bulkhead.hydra.1', 'idle'],
        ],
      );
      assert.deepEqual(listed[0]?.endpoints, endpoints);
    });

    it('are started with the very arguments, their own directory, and what was told them of the environment', async () => {
      const { launcher, places, told } = bench;
      const definition = defineService({ bundle: hydra, instance: 'web', arguments: ['start', ...odd] });
      const { endpoints } = await launcher.register(definition);
      const found = await told('com.bulkhead.hydra.web', endpoints[0]?.path);
      assert(found !== undefined);
      assert.deepEqual(found.command, ['start', ...odd, 'start', 'with', 'params']);
      assert.equal(found.directory, join(places.pluginState, 'hydra/web'));
      assert.equal((await stat(found.directory)).mode & 0o777, 0o700);
      const { BULKHEAD_SITE, https_proxy, BULKHEAD_PLUGIN_STATE, PATH } = found.environment;
      assert.deepEqual({ BULKHEAD_SITE, https_proxy }, environment);
      assert.equal(BULKHEAD_PLUGIN_STATE, found.directory);
      assert.match(PATH ?? '', /^\/usr\/local\/sbin:/);
      assert.equal(found.environment['HOME'], undefined);
    });

    it('are what was registered last, and nothing happens where nothing changed', async () => {
      const { launcher, told } = bench;
      const before = defineService({ bundle: hydra });
      await launcher.register(before);
      assert.equal((await launcher.register(before)).outcome, 'unchanged');
      const after = defineService({ bundle: hydra, arguments: ['start', 'anew'] });
      const { endpoints, outcome } = await launcher.register(after);
      assert.equal(outcome, 'changed');
      assert.deepEqual((await told('com.bulkhead.hydra', endpoints[0]?.path))?.command, ['start', 'anew', 'start', 'with', 'params']);
      assert.equal((await launcher.list()).length, 1);
    });

    it('start and stop, and say so', async () => {
      const { launcher } = bench;
      await launcher.register(defineService({ bundle: hydra }));
      await launcher.start('com.bulkhead.hydra');
      await launcher.awaitReady('com.bulkhead.hydra');
      const [running] = await launcher.list();
      assert.equal(running?.state, 'running');
      assert.equal(typeof running.pid, 'number');
      await launcher.stop('com.bulkhead.hydra');
      await launcher.stop('com.bulkhead.hydra');
      await until(async () => (await launcher.list())[0]?.state === 'idle', 'it has stopped');
    });

    it('leave nothing when they are deregistered but what the plugin keeps', async () => {
      const { launcher, places, told } = bench;
      for (const loadAtBoot of [false, true]) {
        const bundle = await bench.root.bundle('hydra', CURIOUS, { types: ['runtime'], loadAtBoot, runAtLoad: loadAtBoot });
        const { endpoints } = await launcher.register(defineService({ bundle, instance: '1' }));
        assert.equal(await launcher.deregister('com.bulkhead.hydra.1'), true);
        assert.equal(await launcher.deregister('com.bulkhead.hydra.1'), false);
        assert.deepEqual(await launcher.list(), []);
        assert.equal(await told('com.bulkhead.hydra.1', endpoints[0]?.path), undefined);
        assert.deepEqual(
          (await readdir(places.kept)).filter((name) => name.startsWith('com.')),
          [],
        );
        assert.deepEqual(
          (await readdir(places.run)).filter((name) => name !== 'daemon.sock'),
          [],
        );
        assert.deepEqual(await readdir(join(places.pluginState, 'hydra')), ['1']);
      }
    });

    it('do not share a label, and are started by no other', async () => {
      const { launcher, root } = bench;
      await launcher.register(defineService({ bundle: await root.bundle('a.b', CURIOUS) }));
      const other = defineService({ bundle: await root.bundle('a', CURIOUS), instance: 'b' });
      await assert.rejects(launcher.register(other), { code: 'SERVICE_LABEL_TAKEN', message: /plugin "a\.b" has that label/ });
      await assert.rejects(launcher.start('com.bulkhead.nobody'), { code: 'SERVICE_NOT_REGISTERED' });
    });

    it('are not registered where their directory is open to others', async () => {
      const { launcher, places } = bench;
      await mkdir(join(places.pluginState, 'hydra'), { recursive: true });
      await chmod(join(places.pluginState, 'hydra'), 0o777);
      await assert.rejects(launcher.register(defineService({ bundle: hydra })), { code: 'SERVICES_PLACE_UNSAFE' });
      assert.deepEqual(await launcher.list(), []);
    });
  });
}

for (const kind of ['systemd', 'launchd'] as const) {
  describe(`what is asked of ${kind}`, () => {
    let bench: Bench;
    beforeEach(async () => {
      bench = await openManagerBench(kind);
    });
    afterEach(() => bench.root.close());

    it('is told where it fails, and leaves nothing', async () => {
      const { launcher, root, tool, places } = bench;
      await tool?.breakIt();
      const definition = defineService({ bundle: await root.bundle('hydra', CURIOUS, { loadAtBoot: true }) });
      await assert.rejects(launcher.register(definition), {
        code: 'SERVICES_MANAGER_FAILED',
        message: /failed with exit code 1 \(Failed to connect to bus/,
      });
      const written = await Promise.all(['lasting', 'passing', 'agents'].map((name) => readdir(join(root.root, name)).catch(() => [])));
      assert.deepEqual(written.flat(), []);
      const other = { ...places, kept: join(root.root, 'other') };
      await assert.rejects(handOver({ launcher: kind, environment }, { places: other, tools: [tool?.directory ?? ''] }), {
        code: 'SERVICES_MANAGER_FAILED',
      });
      assert.equal(await findManager({ places: other }), undefined);
      await assert.rejects(handOver({ launcher: kind, environment }, { places: other, tools: [root.root] }), {
        code: 'SERVICES_MANAGER_MISSING',
      });
    });

    it('ends with what is taken back', async () => {
      const { launcher, root, tool, places } = bench;
      for (const name of ['one', 'two']) await launcher.register(defineService({ bundle: await root.bundle(name, CURIOUS) }));
      const options = { places, tools: [tool?.directory ?? ''] };
      assert.deepEqual(await takeBack(options), { launcher: kind, services: ['com.bulkhead.one', 'com.bulkhead.two'] });
      assert.equal(await takeBack(options), undefined);
      assert.equal(await findManager(options), undefined);
    });

    it('is not asked while the daemon has the services', async () => {
      const root = await openServiceRoot();
      try {
        await root.start();
        await assert.rejects(
          handOver({ launcher: kind, environment }, { places: { ...root.places, managers: bench.places.managers ?? assert.fail() } }),
          {
            code: 'SERVICES_DAEMON_RUNS',
          },
        );
      } finally {
        await root.close();
      }
    });
  });
}

describe('units of systemd', () => {
  let bench: Bench;
  beforeEach(async () => {
    bench = await openManagerBench('systemd');
  });
  afterEach(() => bench.root.close());

  const callsOf = async (): Promise<string[]> =>
    ((await bench.tool?.calls()) ?? []).map((line) => line.replace(/^(--user )?--no-ask-password --no-pager /, ''));

  it('listen at once, and start with the machine where the plugin boots', async () => {
    const { launcher, root } = bench;
    await launcher.register(defineService({ bundle: await root.bundle('eager', CURIOUS, { loadAtBoot: true, runAtLoad: true }) }));
    await launcher.register(defineService({ bundle: await root.bundle('lazy', CURIOUS) }));
    assert.deepEqual((await callsOf()).slice(1), [
      'daemon-reload',
      'enable com.bulkhead.eager.socket com.bulkhead.eager.service',
      'start com.bulkhead.eager.socket',
      'start --no-block com.bulkhead.eager.service',
      'daemon-reload',
      'start com.bulkhead.lazy.socket',
    ]);
    assert.deepEqual((await readdir(join(root.root, 'lasting'))).toSorted(), ['com.bulkhead.eager.service', 'com.bulkhead.eager.socket']);
    assert.deepEqual((await readdir(join(root.root, 'passing'))).toSorted(), ['com.bulkhead.lazy.service', 'com.bulkhead.lazy.socket']);
    const [calledAs] = (await bench.tool?.calls()) ?? [];
    assert.equal(calledAs?.startsWith('--user '), !isRoot);
  });

  it('are forgotten with the machine, where the plugin does not boot, and registered anew', async () => {
    const { launcher, root } = bench;
    const lazy = defineService({ bundle: await root.bundle('lazy', CURIOUS) });
    await launcher.register(lazy);
    await launcher.register(defineService({ bundle: await root.bundle('eager', CURIOUS, { loadAtBoot: true }) }));
    await rm(join(root.root, 'passing'), { recursive: true });
    assert.deepEqual(
      (await launcher.list()).map(({ label }) => label),
      ['com.bulkhead.eager'],
    );
    await assert.rejects(launcher.start('com.bulkhead.lazy'), { code: 'SERVICE_NOT_REGISTERED' });
    assert.equal((await launcher.register(lazy)).outcome, 'registered');
  });

  it('hand over the sockets in the order declared, with the names of their types', async () => {
    const { launcher, root, places } = bench;
    await launcher.register(defineService({ bundle: await root.bundle('hydra', CURIOUS, { types: ['runtime', 'network'] }) }));
    const socket = readUnit(await readFile(join(root.root, 'passing/com.bulkhead.hydra.socket'), 'utf8')).settings;
    assert.deepEqual(
      socket.filter(([key]) => key === 'ListenStream').map(([, value]) => value),
      [join(places.run, 'runtime.hydra.sock'), join(places.run, 'network.hydra.sock')],
    );
    const { command } = readUnit(await readFile(join(root.root, 'passing/com.bulkhead.hydra.service'), 'utf8'));
    assert.deepEqual(command.slice(0, 4), ['/bin/sh', '-c', 'LISTEN_FDNAMES=runtime:network exec "$@"', 'sh']);
  });

  it('that have failed are said to, with how', async () => {
    const { launcher, root, tool, places } = bench;
    const bundle = await root.bundle('ill', CURIOUS);
    await launcher.register(defineService({ bundle }));
    const shown = [
      'ActiveState=failed',
      'SubState=failed',
      'Result=start-limit-hit',
      'MainPID=0',
      'NRestarts=9',
      'ExecMainCode=1',
      'ExecMainStatus=7',
    ];
    await writeFile(
      join(tool?.directory ?? '', 'failed com.bulkhead.ill.service'),
      `${shown.join('\n')}\nExecMainExitTimestampMonotonic=1000\n`,
    );
    const [status] = await launcher.list();
    assert.equal(status?.state, 'failed');
    assert.equal(status.restarts, 9);
    assert.deepEqual([status.lastEnd?.why, status.lastEnd?.exitCode], ['exit code 7 (start-limit-hit)', 7]);
    await assert.rejects(launcher.awaitReady('com.bulkhead.ill'), { code: 'SERVICE_FAILED', message: /exit code 7/ });
    assert.equal((await openLauncher({ places, tools: [tool?.directory ?? ''] })).kind, 'systemd');
  });

  it('are what systemd itself accepts, whatever the arguments are', async function () {
    needTool(this, 'systemd-analyze');
    const { launcher, root } = bench;
    const services = { types: ['runtime', 'network'], loadAtBoot: true, runAtLoad: true } as const;
    const bundle = await root.bundle('hydra', CURIOUS, services);
    await launcher.register(defineService({ bundle, arguments: ['start', ...odd, '\u0007\u001B['] }));
    await launcher.register(defineService({ bundle: await root.bundle('mute', CURIOUS, { ...services, types: [] }) }));
    const directory = join(root.root, 'lasting');
    const units = (await readdir(directory)).map((name) => join(directory, name));
    const args = ['verify', '--man=no', '--recursive-errors=no', ...units];
    const { stdout, stderr } = await promisify(execFile)('systemd-analyze', args);
    assert.equal(`${stdout}${stderr}`, '');
    // It would say so.
    const broken = join(root.root, 'com.bulkhead.broken.service');
    await writeFile(broken, '[Service]\nExecStart="/bin/true\nRestart=never\n');
    await assert.rejects(promisify(execFile)('systemd-analyze', ['verify', '--man=no', broken]));
  });
});

describe('property lists of launchd', () => {
  let directory: string;
  let places: ServicePlaces;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'bulkhead-plist-'));
    const at = (name: string): string => join(directory, name);
    const managers = { systemd: { lasting: at('u'), passing: at('v') }, launchd: { lasting: at('agents') } };
    places = { kept: at('kept'), run: at('run'), pluginState: at('state'), managers };
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  const bundle: Bundle = {
    name: 'hydra',
    directory: '/opt/plugins/hydra',
    executable: '/opt/plugins/hydra/bin/hydra',
    resources: '/opt/plugins/hydra/resources',
    abstract: '',
    author: '',
    services: { types: ['runtime', 'network'], loadAtBoot: true, runAtLoad: true, defaultArguments: ['start', 'with', 'params'] },
    settings: {},
  };
  const describeHydra = (args?: readonly string[]): string => {
    const definition = defineService({ bundle, instance: '1', arguments: args });
    const [file] = describeFor({ launcher: 'launchd', environment: {} }, definition, { places });
    assert.equal(file?.path, join(directory, 'agents/com.bulkhead.hydra.1.plist'));
    return file.text;
  };

  it('have the keys that launchd knows, with names by the convention', () => {
    const plist = readPlist(describeHydra());
    const socket = (type: string) => ({
      SockFamily: 'Unix',
      SockType: 'stream',
      SockPathName: join(places.run, `${type}.hydra.1.sock`),
      SockPathMode: 0o600,
    });
    const log = join(places.kept, 'com.bulkhead.hydra.1/launchd.log');
    assert.deepEqual(plist, {
      Label: 'com.bulkhead.hydra.1',
      ProgramArguments: [bundle.executable, 'start', '--resources', '/opt/plugins/hydra/resources', 'start', 'with', 'params'],
      EnvironmentVariables: {
        PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/run/current-system/sw/bin',
        BULKHEAD_PLUGIN_STATE: join(places.pluginState, 'hydra/1'),
      },
      WorkingDirectory: join(places.pluginState, 'hydra/1'),
      LimitLoadToSessionType: ['Aqua', 'Background', 'System'],
      RunAtLoad: true,
      MachServices: { 'com.bulkhead.runtime.hydra.1': true, 'com.bulkhead.network.hydra.1': true },
      Sockets: { runtime: socket('runtime'), network: socket('network') },
      KeepAlive: { SuccessfulExit: false },
      ExitTimeOut: 5,
      Umask: 0o077,
      HardResourceLimits: { Core: 0 },
      StandardOutPath: log,
      StandardErrorPath: log,
    });
  });

  it('refuse what XML cannot say', () => {
    assert.throws(() => describeHydra(['start', '\u0007']), { code: 'SERVICE_ARGUMENT_UNFIT' });
  });

  it('are what libplist reads, and mean the same to it', async function () {
    needTool(this, 'plistutil');
    const text = describeHydra(['start', ...odd]);
    const at = (name: string): string => join(directory, name);
    await writeFile(at('one.plist'), text);
    await promisify(execFile)('plistutil', ['-i', at('one.plist'), '-o', at('two.plist'), '-f', 'bin']);
    await promisify(execFile)('plistutil', ['-i', at('two.plist'), '-o', at('three.plist'), '-f', 'xml']);
    assert.deepEqual(readPlist(await readFile(at('three.plist'), 'utf8')), readPlist(text));
  });
});
