import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { killQuietly, until } from '../helpers/background.js';
import { openNetworkLab, type NetworkLab } from '../helpers/network-lab.js';
import { installSource } from '../helpers/source.js';

/** A plugin with the networks `lan` that answers so to `attach`, and says what else it is told. */
const lan = (attach: string, { others = 'return undefined;', permissions = "['bridge', 'host-local', 'static']" } = {}): string =>
  `networks: ['lan'], permissions: { network: ${permissions} }, callbacks: { network(question, host) {
    const { operation, network, container } = question;
    if (operation === 'attach') { ${attach} }
    ${others}
  } }`;
const bridge = lan("return { cni: [{ type: 'bridge', ipam: { type: 'host-local' } }] };", {
  others: "host.log.info([operation, network.name, network.options.colour, container?.name].join(' '));",
});

describe('networks of a plugin', () => {
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
  const create = (name: string) =>
    lab.run('network', 'create', '--plugin', 'lan', '--subnet', '10.77.0.0/24', '--option', 'colour=blue', name);
  const look = ['sh', '-c', 'ip -o addr show dev eth0; nc 10.77.0.2 80'];

  it('are made with all options, let containers talk, and are told of each end', async () => {
    await installSource(lab, bridge);
    const { stderr } = await create('office');
    assert.match(stderr, /\[test\/plugin\] create office blue/);
    assert.match(await must('network', 'list', '--plugins'), /^lan +plugin test\/plugin +office$/m);
    assert.match((await lab.run('plugin', 'inspect', 'test/plugin')).stdout, /^Networks: lan$/m);
    const serve = ['nc', '-ll', '-p', '80', '-e', '/bin/echo', 'it is me'];
    await must('run', '--detach', '--name', 'server', '--network', 'office', lab.rootfs, ...serve);
    const client = await lab.run('run', '--name', 'client', '--rm', '--network', 'office', lab.rootfs, ...look);
    assert.match(client.stdout, /inet 10\.77\.0\.3\/24 [^]*it is me$/);
    assert.match(client.stderr, /\[test\/plugin\] detach office blue client/);
    await must('run', '--detach', '--name', 'late', '--network', 'none', lab.rootfs, 'sleep', '1000');
    assert.match(await must('network', 'connect', '--plugin', 'lan', 'late'), /^office 10\.77\.0\.\d\/24$/);
    assert.match((await lab.run('network', 'disconnect', 'office', 'late')).stderr, /detach office blue late/);
    await must('kill', 'late');
    await must('kill', 'server');
    await must('wait', 'server');
    assert.deepEqual(await lab.leftovers(), []);
    await must('remove', 'server');
    assert.match((await lab.run('network', 'delete', 'office')).stderr, /\[test\/plugin\] delete office blue/);
    // The article's form makes the network that is missing, of the plugin's name.
    await must('start', 'late');
    assert.match(await must('network', 'connect', '--plugin', 'lan', 'late'), /^lan 10\.89\.\d+\.2\/24$/);
  }).timeout(120_000);

  it('that fail in whatever way stop the run before its command begins, and leave nothing', async () => {
    await installSource(lab, bridge);
    await create('office');
    const failures: [string, RegExp][] = [
      [lan("throw new Error('broken');"), /Plugin "test\/plugin" failed in network .*: broken/],
      [lan("return { refuse: 'not \\u001b[31mtoday' };"), /Network plugin lan does not do this for network office: not \\u001b\[31mtoday/],
      [lan('return undefined;'), /it answered to attach without a plan/],
      [lan("return { cni: [{ type: 'macvlan', master: 'lo' }] };"), /plugin "test\/plugin" was not granted network:macvlan:lo/],
      [lan("return { cni: [{ type: 'bridge', bridge: 'br0' }] };"), /was not granted network:bridge:br0/],
      [lan("return { cni: [{ type: 'firewall' }] };"), /test\/plugin/],
      [lan("return { cni: [{ type: 'bridge', ipam: { type: 'host-local', dataDir: '/etc' } }] };"), /test\/plugin/],
      [lan("return { cni: [{ type: 'bridge', ipam: { type: 'host-local', ranges: [[{ subnet: '8.8.8.0/24' }]] } }] };"), /8\.8\.8\.0\/24/],
      [lan("return { cni: [{ type: 'bridge', ipam: { type: 'static', addresses: [{ address: '10.77.0.1/24' }] } }] };"), /10\.77\.0\.1/],
    ];
    for (const [source, why] of failures) {
      await installSource(lab, source);
      const { exitCode, stdout, stderr } = await lab.run('run', '--network', 'office', lab.rootfs, 'echo', 'it ran');
      assert.deepEqual({ exitCode, stdout }, { exitCode: 255, stdout: '' }, stderr);
      assert.match(stderr, why);
    }
    // One address for two, which a plugin may want by mistake, is refused too.
    await installSource(
      lab,
      lan("return { cni: [{ type: 'bridge', ipam: { type: 'static', addresses: [{ address: '10.77.0.9/24' }] } }] };"),
    );
    await must('run', '--detach', '--name', 'first', '--network', 'office', lab.rootfs, 'sleep', '1000');
    const { exitCode, stderr } = await lab.run('run', '--network', 'office', lab.rootfs, 'true');
    assert.equal(exitCode, 255);
    assert.match(stderr, /container first has this address/);
    await must('kill', 'first');
    await must('wait', 'first');
    assert.deepEqual(await lab.leftovers(), []);
    assert.match(
      readFileSync(join(lab.root, 'system/var/lib/bulkhead/audit/audit.jsonl'), 'utf8'),
      /"power":"network"[^\n]*"decision":"denied"/,
    );
  }).timeout(240_000);

  it('are there still when their plugin is not: nothing is deleted, and what was made is undone without it', async () => {
    await installSource(lab, bridge);
    await create('office');
    await must('create', '--name', 'kept', '--network', 'office', lab.rootfs, 'true');
    await must('run', '--detach', '--name', 'lasting', '--network', 'office', lab.rootfs, 'sleep', '1000');
    assert.notDeepEqual(await lab.leftovers(), []);
    await must('plugin', 'disable', 'test/plugin');
    const refused = async (...argv: string[]) => {
      const { exitCode, stderr } = await lab.run(...argv);
      assert.equal(exitCode, 255);
      return stderr;
    };
    assert.match(await refused('start', 'kept'), /plugin "test\/plugin" provides it, and is disabled/);
    await must('plugin', 'uninstall', 'test/plugin');
    assert.match(await refused('start', 'kept'), /unable to locate network plugin lan/);
    assert.match(
      await refused('run', '--network', 'office', 'docker://registry.invalid/none', 'true'),
      /unable to locate network plugin lan/,
    );
    assert.match(await refused('network', 'create', '--plugin', 'lan', 'other'), /unable to locate network plugin lan/);
    const monitor = await monitorOf('lasting');
    killQuietly(monitor);
    await until(async () => /stopped/.test(await must('inspect', 'lasting')), 'the container has ended', 60_000);
    assert.match(
      await must('network', 'list'),
      /^office +lan +10\.77\.0\.0\/24 +kept, lasting$|^office +lan +10\.77\.0\.0\/24 +lasting, kept$/m,
    );
    assert.deepEqual(await lab.leftovers(), []);
    await installSource(lab, bridge);
    await must('start', '--attach', 'kept');
    await must('plugin', 'uninstall', 'test/plugin');
    await must('remove', 'kept', 'lasting');
    const { exitCode, stderr } = await lab.run('network', 'delete', 'office');
    assert.equal(exitCode, 0);
    assert.match(stderr, /unable to locate network plugin lan/);
    assert.deepEqual(await must('network', 'list', '-q'), 'none\nhost');
  }).timeout(240_000);

  async function monitorOf(name: string): Promise<number | undefined> {
    const [{ directory } = { directory: '' }] = JSON.parse(await must('inspect', name)) as { directory: string }[];
    const file = join(directory, 'state.json');
    assert.ok(existsSync(file));
    return (JSON.parse(readFileSync(file, 'utf8')) as { monitor?: { pid: number } }).monitor?.pid;
  }
});
