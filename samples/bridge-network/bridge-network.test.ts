import assert from 'node:assert/strict';
import type { NetworkQuestion } from '@bulkhead/plugin-sdk/contract';
import { openTestPlugin, type TestPlugin } from '@bulkhead/plugin-sdk/testing';
import { openNetworkLab, type NetworkLab } from '../../test/helpers/network-lab.js';

const directory = import.meta.dirname;

function attach(options: Record<string, string>, name?: string): NetworkQuestion {
  return {
    ...{ operation: 'attach', provider: 'bridge-network', wish: {}, ports: [] },
    network: { name: 'web', subnet: '10.77.0.0/24', gateway: '10.77.0.1', internal: false, labels: {}, options },
    container: { id: 'a1b2c3d4e5f6', ...(name === undefined ? {} : { name }) },
  };
}

describe('bridge-network in a compartment', () => {
  let plugin: TestPlugin;
  before(async () => {
    plugin = await openTestPlugin(directory);
  });
  after(() => plugin?.close());

  it('says with which CNI plugins a container is attached, and with which address', async () => {
    assert.deepEqual(plugin.description.networks, ['bridge-network']);
    assert.deepEqual(await plugin.call('network', attach({})), { cni: [{ type: 'bridge', ipam: { type: 'host-local' } }] });
    const options = { 'address.db': '10.77.0.10', pool: '10.77.0.100-10.77.0.200', rate: '100' };
    const limit = { type: 'bandwidth', ingressRate: 1e8, ingressBurst: 1e8, egressRate: 1e8, egressBurst: 1e8 };
    assert.deepEqual(await plugin.call('network', attach(options, 'db')), {
      cni: [{ type: 'bridge', ipam: { type: 'static', addresses: [{ address: '10.77.0.10/24' }] } }, limit],
    });
    const ranges = [[{ subnet: '10.77.0.0/24', rangeStart: '10.77.0.100', rangeEnd: '10.77.0.200' }]];
    assert.deepEqual(await plugin.call('network', attach(options, 'web')), {
      cni: [{ type: 'bridge', ipam: { type: 'host-local', ranges } }, limit],
    });
  });

  it('refuses what it does not know before a network is made', async () => {
    const create = async (options: Record<string, string>) => {
      const { network } = attach(options);
      return plugin.call('network', { operation: 'create', provider: 'bridge-network', network });
    };
    assert.equal(await create({ rate: '7', pool: '10.0.0.1-10.0.0.9', 'address.x': '10.0.0.2' }), undefined);
    for (const [key, value] of Object.entries({ rate: '0', pool: 'all', 'address.x': 'any', speed: '9' })) {
      const answer = await create({ [key]: value });
      assert.ok(answer !== undefined && 'refuse' in answer && answer.refuse.includes(key));
    }
  });
});

describe('bridge-network and containers', () => {
  let lab: NetworkLab;
  before(async function () {
    this.timeout(120_000);
    lab = await openNetworkLab(this);
    await lab.install(directory);
  });
  after(() => lab?.close());

  it('gives them their addresses by name, others one of the pool, and lets them talk', async () => {
    const must = async (...argv: string[]): Promise<string> => {
      const { exitCode, stdout, stderr } = await lab.run(...argv);
      assert.equal(exitCode, 0, `bulkhead ${argv.join(' ')}: ${stderr}`);
      return stdout;
    };
    const options = ['address.db=10.77.0.10', 'pool=10.77.0.100-10.77.0.200'].flatMap((option) => ['--option', option]);
    await must('network', 'create', '--plugin', 'bridge-network', '--subnet', '10.77.0.0/24', ...options, 'web');
    const serve = ['nc', '-ll', '-p', '80', '-e', '/bin/echo', 'this is db'];
    await must('run', '--detach', '--name', 'db', '--network', 'web', '--publish', '8080:80', lab.rootfs, ...serve);
    const client = await must('run', '--network', 'web', lab.rootfs, 'sh', '-c', 'ip -o addr show dev eth0; nc 10.77.0.10 80');
    assert.match(client, /inet 10\.77\.0\.100\/24 [^]*this is db$/);
    assert.equal(lab.host('busybox', 'nc', '127.0.0.1', '8080'), 'this is db\n');
    await must('kill', 'db');
    await must('wait', 'db');
    assert.deepEqual(await lab.leftovers(), []);
  }).timeout(120_000);
});
