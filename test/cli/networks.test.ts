import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { killQuietly, until } from '../helpers/background.js';
import { openCli } from '../helpers/cli.js';
import { needOrdinaryUser, needUserNamespaces } from '../helpers/need.js';
import { openNetworkLab, type NetworkLab } from '../helpers/network-lab.js';
import { makeRootfs } from '../helpers/rootfs.js';

interface Described {
  readonly name: string;
  readonly subnet?: string;
  readonly labels: Record<string, string>;
  readonly containers: string[];
  readonly attachments: { name?: string; container: string; addresses: string[]; mac?: string; interface: string; problem?: string }[];
}

describe('networks', () => {
  let lab: NetworkLab;
  beforeEach(async function () {
    this.timeout(120_000);
    lab = await openNetworkLab(this);
  });
  afterEach(() => lab?.close());

  const must = async (...argv: string[]): Promise<string> => {
    const { exitCode, stdout, stderr } = await lab.run(...argv);
    assert.equal(exitCode, 0, `bulkhead ${argv.join(' ')}: ${stderr}`);
    return stdout;
  };
  const inspect = async (name: string): Promise<Described> => (JSON.parse(await must('network', 'inspect', name)) as [Described])[0];
  const serve = (name: string, ...flags: string[]): Promise<string> =>
    must('run', '--detach', '--name', name, ...flags, lab.rootfs, 'nc', '-ll', '-p', '80', '-e', '/bin/echo', `this is ${name}`);

  it('let two containers exchange TCP on a bridge, and leave nothing when these have ended (apple 92, 94, 95, 102)', async () => {
    await must('network', 'create', '--subnet', '10.77.0.0/24', '--label', 'team=web', '--option', 'mtu=1400', 'web');
    await serve('server', '--network', 'web,ip=10.77.0.9,mac=02:42:00:00:00:09');
    assert.equal(await must('network', 'prune'), '');
    const look = 'nc 10.77.0.9 80; ip -o addr show dev eth0; ip link show dev eth0; ip route';
    const client = await must('run', '--network', 'web', lab.rootfs, 'sh', '-c', look);
    assert.match(client, /^this is server\n/);
    assert.match(client, /inet 10\.77\.0\.\d+\/24 /);
    assert.match(client, /mtu 1400 /);
    assert.match(client, /default via 10\.77\.0\.1 dev eth0/);
    const { containers, attachments, labels } = await inspect('web');
    const [{ addresses, mac, problem, name } = { addresses: [] }] = attachments;
    assert.deepEqual(
      { containers, addresses, mac, problem, name, labels, count: attachments.length },
      {
        ...{ containers: ['server'], addresses: ['10.77.0.9/24'], mac: '02:42:00:00:00:09', problem: undefined, name: 'server' },
        ...{ labels: { team: 'web' }, count: 1 },
      },
    );
    await must('kill', 'server');
    await must('wait', 'server');
    assert.deepEqual(await lab.leftovers(), []);
  }).timeout(120_000);

  it('publish ports, each once, and leave no rule', async () => {
    await must('network', 'create', '--subnet', '10.77.0.0/24', 'web');
    await serve('server', '--network', 'web', '--publish', '8080:80');
    assert.equal(lab.host('busybox', 'nc', '127.0.0.1', '8080'), 'this is server\n');
    assert.equal(lab.host('busybox', 'nc', '10.77.0.1', '8080'), 'this is server\n');
    const { exitCode, stderr } = await lab.run('run', '--network', 'web', '-p', '8080:81', lab.rootfs, 'true');
    assert.equal(exitCode, 255);
    assert.match(stderr, /Cannot publish 8080:81\/tcp: container server has it/);
    await must('kill', 'server');
    await must('wait', 'server');
    assert.deepEqual(await lab.leftovers(), []);
  }).timeout(120_000);

  it('keep others out: another network, and of an internal one everybody (apple 96)', async () => {
    await must('network', 'create', '--subnet', '10.77.0.0/24', 'web');
    await must('network', 'create', '--subnet', '10.78.0.0/24', '--internal', 'db');
    await serve('server', '--network', 'web,ip=10.77.0.9');
    await serve('store', '--network', 'db,ip=10.78.0.9');
    const reach = (network: string, address: string) =>
      lab.run('run', '--network', network, lab.rootfs, 'nc', '-w', '1', address, '80').then(({ stdout }) => stdout);
    assert.equal(await reach('db', '10.78.0.9'), 'this is store');
    assert.equal(await reach('db', '10.77.0.9'), '');
    assert.equal(await reach('web', '10.78.0.9'), '');
    assert.throws(() => lab.host('busybox', 'nc', '-w', '1', '10.78.0.9', '80'));
    const both = await must(...['run', '--network', 'web', '--network', 'db', lab.rootfs, 'sh', '-c', 'nc 10.77.0.9 80; nc 10.78.0.9 80']);
    assert.equal(both, 'this is server\nthis is store');
  }).timeout(120_000);

  for (const victim of ['bulkhead in the foreground', 'the monitor', 'the container'] as const)
    it(`leave nothing after a kill -9 of ${victim}, once there is another command`, async () => {
      await must('network', 'create', '--subnet', '10.77.0.0/24', 'web');
      const statusOf = async () => {
        const { exitCode, stdout } = await lab.run('inspect', 'victim');
        return exitCode === 0 ? (JSON.parse(stdout) as { status: string }[])[0]?.status : undefined;
      };
      const flags = ['--network', 'web', '--publish', '8080:80', '--name', 'victim', lab.rootfs, 'sleep', '1000'];
      const foreground = victim === 'bulkhead in the foreground' ? lab.start(['run', ...flags]) : undefined;
      if (foreground === undefined) await must('run', '--detach', ...flags);
      await until(async () => (await statusOf()) === 'running', 'the container runs', 60_000);
      assert.notDeepEqual(await lab.leftovers(), []);
      const state = readState(lab);
      const pids = { 'bulkhead in the foreground': foreground?.pid, 'the monitor': state.monitor.pid, 'the container': state.init.pid };
      killQuietly(pids[victim]);
      await until(async () => (await statusOf()) === 'stopped', 'the container has ended', 60_000);
      await must('network', 'list');
      await until(async () => (await lab.leftovers()).length === 0, 'nothing is left');
      assert.deepEqual((await inspect('web')).attachments, []);
      await must('remove', 'victim');
      assert.equal(await must('network', 'prune'), 'web');
    }).timeout(120_000);

  it('stop a run before its command begins where a container cannot be attached, and leave nothing', async () => {
    await must('network', 'create', '--subnet', '10.77.0.0/29', 'web');
    await serve('server', '--network', 'web,ip=10.77.0.2');
    const refused = async (network: string) => {
      const { exitCode, stdout, stderr } = await lab.run('run', '--network', network, lab.rootfs, 'echo', 'it ran');
      assert.deepEqual({ exitCode, stdout }, { exitCode: 255, stdout: '' });
      return stderr;
    };
    assert.match(await refused('web,ip=10.77.0.2'), /CNI plugin bridge failed at ADD: .*10\.77\.0\.2/);
    assert.match(await refused('web,ip=10.77.0.1'), /it is the gateway/);
    assert.match(await refused('web,ip=10.77.0.7'), /no container can have this address in 10\.77\.0\.0\/29/);
    assert.match(await refused('nowhere'), /network not found: nowhere/);
    assert.equal((await inspect('web')).attachments.length, 1);
    // Addresses are host-local's: each is one container's, all of them can be had, then there is none, and one that is free again can be had.
    const ids = [];
    for (let count = 0; count < 4; count += 1) ids.push(await must('run', '--detach', '--network', 'web', lab.rootfs, 'sleep', '1000'));
    const { attachments } = await inspect('web');
    assert.deepEqual(
      attachments.flatMap(({ addresses }) => addresses).toSorted(),
      [2, 3, 4, 5, 6].map((last) => `10.77.0.${last}/29`),
    );
    assert.match(await refused('web'), /no IP addresses available/);
    await must('kill', ids[1] ?? '');
    await must('wait', ids[1] ?? '');
    assert.match(await must('run', '--network', 'web', lab.rootfs, 'ip', '-o', 'addr', 'show', 'dev', 'eth0'), /10\.77\.0\.\d\/29/);
  }).timeout(120_000);

  it('take a container in while it runs, and let it go, as often as somebody wants', async () => {
    await must('network', 'create', '--subnet', '10.77.0.0/24', 'web');
    await must('network', 'create', '--subnet', '10.78.0.0/24', 'api');
    await must('run', '--detach', '--name', 'late', '--network', 'none', lab.rootfs, 'nc', '-ll', '-p', '80', '-e', '/bin/echo', 'late');
    assert.equal(await must('network', 'connect', 'web,ip=10.77.0.9', 'late'), 'web 10.77.0.9/24');
    assert.equal(await must('network', 'connect', 'api', 'late'), 'api 10.78.0.2/24');
    assert.equal(await must('run', '--network', 'web', lab.rootfs, 'nc', '10.77.0.9', '80'), 'late');
    assert.equal(await must('run', '--network', 'api', lab.rootfs, 'nc', '10.78.0.2', '80'), 'late');
    assert.deepEqual((await inspect('web')).containers, []);
    const refused = async (...argv: string[]) => {
      const { exitCode, stderr } = await lab.run('network', ...argv);
      assert.notEqual(exitCode, 0);
      return stderr;
    };
    assert.match(await refused('connect', 'web', 'late'), /it is in network web already/);
    assert.match(await refused('rm', 'web'), /it is in use by late/);
    assert.match(await refused('connect', '--plugin', 'cni', 'late'), /which network of plugin cni is meant: there are api, web/);
    assert.match(await refused('connect', 'late'), /which network and which container/);
    assert.match(await refused('connect', 'none', 'late'), /it is built in/);
    assert.match(await refused('connect', 'web', 'nobody'), /nobody/);
    assert.equal(await must('network', 'disconnect', 'web', 'late'), 'late');
    assert.match(await refused('disconnect', 'web', 'late'), /it is not in network web/);
    assert.match(await must('exec', 'late', 'ip', '-o', 'addr'), /^(?!.*10\.77\.)[^]*10\.78\.0\.2/);
    await must('network', 'rm', 'web');
    // The article's form: the plugin's only network.
    await must('network', 'disconnect', 'api', 'late');
    assert.match(await must('network', 'connect', '--plugin', 'cni', 'late'), /^api 10\.78\.0\.\d\/24$/);
    await must('kill', 'late');
    await must('wait', 'late');
    assert.deepEqual(await lab.leftovers(), []);
    assert.match(await refused('connect', 'api', 'late'), /late/);
    const foreign = await must('run', '--detach', lab.rootfs, 'sleep', '1000');
    assert.match(await refused('connect', 'api', foreign), /the container was given the host's network/);
    assert.deepEqual(await lab.leftovers(), []);
  }).timeout(120_000);

  it('are made, listed and removed, and not while a container that is kept names them (apple 92, 93, 97-101, 103)', async () => {
    assert.equal(await must('network', 'create', 'web'), 'web');
    assert.equal(await must('network', 'create', '--subnet', '10.77.0.0/24', '--gateway', '10.77.0.254', 'api'), 'api');
    assert.equal(await must('network', 'list', '-q'), 'none\nhost\napi\nweb');
    assert.equal(await must('network', 'list', '--plugins', '-q'), 'cni');
    assert.match(await must('network', 'ls'), /^NETWORK +PLUGIN +SUBNET +USED BY\n/);
    const { networks } = JSON.parse(await must('network', 'list', '--json')) as { networks: Described[] };
    assert.deepEqual(
      networks.map(({ name, subnet }) => [name, subnet]),
      [
        ['none', undefined],
        ['host', undefined],
        ['api', '10.77.0.0/24'],
        ['web', '10.89.0.0/24'],
      ],
    );
    const refused = async (...argv: string[]) => {
      const { exitCode, stderr } = await lab.run(...argv);
      assert.equal(exitCode, 255);
      return stderr;
    };
    assert.match(await refused('network', 'create', 'web'), /there is one of this name already/);
    assert.match(await refused('network', 'create', '--subnet', '10.77.0.128/25', 'x'), /it overlaps that of network api/);
    assert.match(await refused('network', 'create', '--gateway', '10.1.1.1', 'x'), /no address of a machine in/);
    assert.match(await refused('network', 'create', '--option', 'speed=9', 'x'), /no such option; known are mtu, masquerade/);
    assert.match(await refused('network', 'create', '--option', 'mtu=1279', 'x'), /must be 1280 to 65535/);
    assert.match(await refused('network', 'create', '--plugin', 'nosuch', 'x'), /unable to locate network plugin nosuch/);
    assert.match(await refused('network', 'create', 'host'), /it is built in/);
    assert.match(await refused('network', 'rm', 'none'), /it is built in/);
    assert.match(await refused('network', 'inspect', 'nowhere'), /network not found/);
    assert.match(await refused('run', '-p', '80:80', lab.rootfs, 'true'), /needs a network of a name/);
    await must('create', '--name', 'kept', '--network', 'web', lab.rootfs, 'true');
    const inUse = await refused('network', 'delete', 'web');
    assert.match(inUse, /delete failed, it is in use by kept: \["web"\]/);
    assert.equal(await must('network', 'prune'), 'api');
    await must('remove', 'kept');
    assert.equal(await must('network', 'delete', 'web'), 'web');
    assert.equal(await must('network', 'prune'), '');
    assert.deepEqual(await lab.leftovers(), []);
  }).timeout(120_000);
});

describe('networks of an ordinary user', () => {
  it('are refused in words that say what works', async function () {
    needOrdinaryUser(this);
    needUserNamespaces(this);
    const cli = await openCli();
    try {
      const image = await makeRootfs(join(cli.root, 'image'));
      for (const argv of [
        ['network', 'create', 'web'],
        ['run', '--network', 'web', image, 'true'],
      ]) {
        const { exitCode, stderr } = await cli.run(...argv);
        assert.equal(exitCode, 255);
        assert.match(stderr, /only root can make interfaces of the host; a container of yours has the networks none and host/);
      }
      assert.equal((await cli.run('network', 'list', '-q')).stdout, 'none\nhost');
    } finally {
      await cli.close();
    }
  });
});

/** Of the only container. */
function readState(lab: NetworkLab): { monitor: { pid: number }; init: { pid: number } } {
  const directory = join(lab.root, 'system/var/lib/bulkhead/containers');
  const [id = ''] = readdirSync(directory).filter((name) => /^[a-z0-9]{12}$/.test(name));
  return JSON.parse(readFileSync(join(directory, id, 'state.json'), 'utf8')) as ReturnType<typeof readState>;
}
