import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { chmod, cp, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { choosePaths } from '#base/paths.js';
import { until } from '../helpers/background.js';
import { placeBundle, userPlugins } from '../helpers/bundles.js';
import { repository } from '../helpers/cli.js';
import { needTool } from '../helpers/need.js';
import { openNetworkLab, type NetworkLab } from '../helpers/network-lab.js';
import { installSource } from '../helpers/source.js';

interface Service {
  readonly name: string;
  readonly instance?: string;
  readonly pid?: number;
}

/** A program that answers so to `attach`, and writes down what it is asked. */
const answering = (attach: string): string => `
  import { appendFileSync } from 'node:fs';
  serve(({ operation, network, container }) => {
    const words = [operation, network.name, network.subnet, network.options.colour, container?.name, process.argv.slice(2).join(' ')];
    appendFileSync(new URL('asked', import.meta.url), words.filter((word) => word !== undefined).join(' ') + '\\n');
    if (operation === 'attach') { ${attach} }
    return { result: null };
  });`;
const BRIDGE = "return { result: { cni: [{ type: 'bridge', ipam: { type: 'host-local' } }] } };";

describe('networks of a bundle', () => {
  let lab: NetworkLab;
  beforeEach(async function () {
    this.timeout(120_000);
    lab = await openNetworkLab(this);
  });
  afterEach(async () => {
    await lab?.run('system', 'stop');
    await lab?.close();
  });

  const must = async (...argv: string[]): Promise<string> => {
    const { exitCode, stdout, stderr } = await lab.run(...argv);
    assert.equal(exitCode, 0, `bulkhead ${argv.join(' ')}: ${stderr}`);
    return stdout;
  };
  const refused = async (...argv: string[]): Promise<string> => {
    const { exitCode, stdout, stderr } = await lab.run(...argv);
    assert.deepEqual({ exitCode, stdout }, { exitCode: 255, stdout: '' }, stderr);
    return stderr;
  };
  const place = (attach: string): Promise<string> => placeBundle(lab, 'mine', answering(attach), { type: 'network' });
  const create = (name: string) =>
    must('network', 'create', '--plugin', 'mine', '--subnet', '10.77.0.0/24', '--option', 'colour=blue', name);
  const serve = ['nc', '-ll', '-p', '80', '-e', '/bin/echo', 'it is me'];
  const instances = async (): Promise<(string | undefined)[]> =>
    (JSON.parse(await must('system', 'status', '--json')) as { services: Service[] }).services.map(({ instance }) => instance);
  const places = () => choosePaths({ env: lab.env, uid: 0, home: lab.env['HOME'] ?? '' }).services;
  const placeHydra = async (): Promise<void> => {
    const directory = join(userPlugins(lab), 'hydra');
    await cp(join(repository, 'samples/hydra'), directory, { recursive: true });
    // Whatever the umask with which it was checked out: nobody else may write to it.
    for (const path of ['..', '.', 'bin', 'bin/hydra']) await chmod(join(directory, path), 0o755);
    await chmod(join(directory, 'plugin.json'), 0o644);
  };
  const asked = (): string[] =>
    readFileSync(join(userPlugins(lab), 'mine/asked'), 'utf8')
      .trim()
      .split('\n');

  it('are hydra’s: two containers exchange TCP, one is connected while it runs, and nothing of it is left', async () => {
    await placeHydra();
    await must('system', 'start');
    await must('network', 'create', '--plugin', 'hydra', '--subnet', '10.77.0.0/24', 'web');
    assert.match(await must('network', 'list', '--plugins'), /^hydra +bundle +web$/m);
    await must('run', '--detach', '--name', 'server', '--network', 'web', '--publish', '8080:80', lab.rootfs, ...serve);
    assert.match(
      await must('run', '--network', 'web', lab.rootfs, 'sh', '-c', 'ip -o addr; nc 10.77.0.2 80'),
      /10\.77\.0\.3\/24 [^]*it is me$/,
    );
    assert.equal(lab.host('busybox', 'nc', '127.0.0.1', '8080'), 'it is me\n');
    assert.deepEqual((await instances()).toSorted(), ['web', undefined]);
    await must('run', '--detach', '--name', 'late', '--network', 'none', lab.rootfs, 'sleep', '1000');
    assert.match(await must('network', 'connect', '--plugin', 'hydra', 'late'), /^web 10\.77\.0\.\d+\/24$/);
    assert.match(await must('exec', 'late', 'nc', '10.77.0.2', '80'), /it is me/);
    await must('network', 'disconnect', 'web', 'late');
    await must('kill', 'server', 'late');
    await must('wait', 'server', 'late');
    assert.deepEqual(await lab.leftovers(), []);
    await must('remove', 'server', 'late');
    await must('network', 'delete', 'web');
    assert.deepEqual(await instances(), [undefined]);
    assert.equal(existsSync(join(places().pluginState, 'hydra/web')), false);
  }).timeout(240_000);

  it('keep their instance where the bundle is a runtime too, and the network is called as containers are', async function () {
    needTool(this, 'crun');
    await placeHydra();
    await must('system', 'start');
    await must('network', 'create', '--plugin', 'hydra', 'twelve0signs');
    await must('run', '--runtime', 'hydra', lab.rootfs, 'true');
    assert.deepEqual((await instances()).toSorted(), ['twelve0signs', undefined]);
    await must('network', 'delete', 'twelve0signs');
    assert.deepEqual([await instances(), await lab.leftovers()], [[undefined], []]);
  }).timeout(120_000);

  it('are asked by one instance of the network, which is told of all its containers until it is deleted', async () => {
    await must('system', 'start');
    await place(BRIDGE);
    await create('office');
    await must('run', '--detach', '--name', 'server', '--network', 'office', lab.rootfs, ...serve);
    const [service] = (JSON.parse(await must('system', 'status', '--json')) as { services: Service[] }).services;
    assert.equal(await must('run', '--name', 'client', '--rm', '--network', 'office', lab.rootfs, 'nc', '10.77.0.2', '80'), 'it is me');
    assert.deepEqual((JSON.parse(await must('system', 'status', '--json')) as { services: Service[] }).services[0]?.pid, service?.pid);
    await must('kill', 'server');
    await must('wait', 'server');
    await until(() => asked().length === 5, 'the end of the server was told');
    await must('remove', 'server');
    await must('network', 'delete', 'office');
    const [subject, words] = ['office 10.77.0.0/24 blue', 'start --id office --mode nat'];
    assert.deepEqual(asked(), [
      `create ${subject} ${words}`,
      `attach ${subject} server ${words}`,
      `attach ${subject} client ${words}`,
      `detach ${subject} client ${words}`,
      `detach ${subject} server ${words}`,
      `delete ${subject} ${words}`,
    ]);
    assert.deepEqual([await instances(), await lab.leftovers()], [[], []]);
    assert.deepEqual(await readdir(join(places().pluginState, 'mine')), []);
    assert.match(
      readFileSync(join(lab.root, 'system/var/lib/bulkhead/audit/audit.jsonl'), 'utf8'),
      /"plugin":"mine"[^\n]*"power":"network"[^\n]*"decision":"allowed"/,
    );
  }).timeout(240_000);

  it('that fail in whatever way stop the run before its command begins, and leave nothing', async () => {
    await must('system', 'start');
    await place(BRIDGE);
    await create('office');
    const failures: [string, RegExp][] = [
      ["console.error('no such bridge'); process.exit(3);", /Cannot ask plugin "mine" any more[^]*no such bridge/],
      [
        "return { result: { refuse: 'not \\u001b[31mtoday' } };",
        /Network plugin mine does not do this for network office: not \\u001b\[31mtoday/,
      ],
      ["return { error: { code: -1, message: 'broken' } };", /Plugin "mine" failed in network: broken \(-1\)/],
      ['return { result: null };', /it answered to attach without a plan/],
      ["return { result: { cni: [{ type: 'firewall' }] } };", /plugin "mine"/i],
      ["return { result: { cni: [{ type: 'bridge', ipam: { type: 'host-local', dataDir: '/etc' } }] } };", /plugin "mine"/i],
      [
        "return { result: { cni: [{ type: 'bridge', ipam: { type: 'host-local', ranges: [[{ subnet: '8.8.8.0/24' }]] } }] } };",
        /8\.8\.8\.0\/24/,
      ],
    ];
    for (const [attach, why] of failures) {
      await place(attach);
      // The one that was asked before is another program.
      await must('system', 'stop');
      await must('system', 'start');
      assert.match(await refused('run', '--network', 'office', lab.rootfs, 'echo', 'it ran'), why);
      assert.deepEqual(await lab.leftovers(), [], attach);
    }
    // Of one that could not be made neither.
    await placeBundle(lab, 'mine', "console.error('no such bridge'); process.exitCode = 7;", { type: 'network' });
    assert.match(
      await refused('network', 'create', '--plugin', 'mine', 'other'),
      /service com\.bulkhead\.mine\.other failed[^]*no such bridge/,
    );
    await place('return { result: {} };');
    assert.match(
      await refused('network', 'create', '--plugin', 'mine', '--subnet', '10.77.0.0/25', 'other'),
      /it overlaps that of network office/,
    );
    assert.deepEqual(await instances(), ['office']);
    await must('network', 'delete', 'office');
    assert.deepEqual(await instances(), []);
  }).timeout(240_000);

  it('are there still when their bundle is not: nothing is deleted, and what was made is undone without it', async () => {
    await must('system', 'start');
    await place(BRIDGE);
    await create('office');
    await must('create', '--name', 'kept', '--network', 'office', lab.rootfs, 'true');
    await must('run', '--detach', '--name', 'lasting', '--network', 'office', lab.rootfs, 'sleep', '1000');
    assert.notDeepEqual(await lab.leftovers(), []);
    const pull = ['run', '--network', 'office', 'docker://registry.invalid/none', 'true'];
    await must('plugin', 'disable', 'mine');
    assert.match(await refused('start', 'kept'), /disabled/);
    assert.match(await refused(...pull), /disabled/);
    await must('plugin', 'enable', 'mine');
    await rm(join(userPlugins(lab), 'mine'), { recursive: true });
    assert.match(await refused('start', 'kept'), /unable to locate network plugin mine/);
    assert.match(await refused(...pull), /unable to locate network plugin mine/);
    assert.match(await refused('network', 'create', '--plugin', 'mine', 'other'), /unable to locate network plugin mine/);
    await must('kill', 'lasting');
    await must('wait', 'lasting');
    assert.deepEqual(await lab.leftovers(), []);
    assert.match(await must('network', 'list'), /^office +mine +10\.77\.0\.0\/24 +(?:kept, lasting|lasting, kept)$/m);
    await place(BRIDGE);
    await must('start', '--attach', 'kept');
    await must('system', 'stop');
    assert.match(await refused(...pull), /no daemon answers[^]*bulkhead system start/);
    await must('system', 'start');
    await must('start', '--attach', 'kept');
    await rm(join(userPlugins(lab), 'mine'), { recursive: true });
    assert.deepEqual(await instances(), ['office']);
    await must('remove', 'kept', 'lasting');
    const { exitCode, stderr } = await lab.run('network', 'delete', 'office');
    assert.equal(exitCode, 0, stderr);
    assert.match(stderr, /unable to locate network plugin mine/);
    assert.deepEqual([await instances(), await must('network', 'list', '-q')], [[], 'none\nhost']);
  }).timeout(240_000);

  it('come after those of installed plugins, which is told', async () => {
    await place('return { result: null };');
    const hidden = async (): Promise<string> => (await lab.run('plugin', 'doctor')).stdout;
    assert.doesNotMatch(await hidden(), /as a network/);
    assert.match(await refused('network', 'create', '--plugin', 'mine', 'office'), /no daemon answers/);
    await installSource(
      lab,
      `networks: ['mine'], permissions: { network: ['bridge', 'host-local'] }, callbacks: { network: ({ operation }) =>
        operation === 'attach' ? { cni: [{ type: 'bridge', ipam: { type: 'host-local' } }] } : undefined }`,
    );
    assert.match(await hidden(), /bundle "mine" cannot be used as a network: "--plugin mine" means one of the plugin "test\/plugin"/);
    assert.match(await must('network', 'list', '--plugins'), /^mine +plugin test\/plugin$/m);
    // No daemon runs: the bundle is not asked.
    await create('office');
    assert.equal(await must('run', '--network', 'office', lab.rootfs, 'echo', 'it ran'), 'it ran');
  }).timeout(120_000);
});
