import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { composePlan, namesOfPlan, type PlannedPlugin, type PlanSubject } from '#networks/cni/plan.js';
import type { NetworkRecord } from '#networks/shapes.js';

const place = { directory: '/networks', cni: [] };
const network: NetworkRecord = {
  ...{ version: 1, name: 'web', plugin: 'mine', createdAt: '2026-11-24T00:00:00.000Z' },
  ...{ subnet: '10.77.0.0/24', gateway: '10.77.0.254', internal: false, labels: {}, options: {} },
};
const port = { hostPort: 8080, containerPort: 80, protocol: 'tcp' as const };

function compose(planned: readonly PlannedPlugin[], changes: Partial<NetworkRecord> & Partial<Pick<PlanSubject, 'ports' | 'wish'>> = {}) {
  const { ports = [], wish = { name: 'web' }, ...record } = changes;
  return composePlan(place, planned, { network: { ...network, ...record }, ports, wish, refuse: (why) => new Error(why) });
}

describe('what a plugin wants CNI to do', () => {
  it('becomes a list with bridge, gateway, files and a way out of the host', () => {
    const [bridge, portmap, ...rest] = compose([{ type: 'bridge' }, { type: 'portmap' }], {
      ports: [port],
      wish: { name: 'web', mtu: 1400 },
    });
    assert.match(String(bridge?.['bridge']), /^bh-[0-9a-f]{10}$/);
    assert.deepEqual(
      { ...bridge, bridge: undefined },
      {
        ...{ type: 'bridge', bridge: undefined, isGateway: true, hairpinMode: true, mtu: 1400 },
        ipam: {
          ...{ type: 'host-local', ranges: [[{ subnet: '10.77.0.0/24', gateway: '10.77.0.254' }]] },
          ...{ dataDir: '/networks/web/ipam', routes: [{ dst: '0.0.0.0/0' }] },
        },
      },
    );
    assert.deepEqual(portmap, {
      ...{ type: 'portmap', snat: true, capabilities: { portMappings: true } },
      runtimeConfig: { portMappings: [port] },
    });
    assert.deepEqual(rest, []);
  });

  it('has addresses of its own where it says so, by the gateway of the network', () => {
    const ipam = { type: 'static' as const, addresses: [{ address: '10.77.0.9/24' }] };
    assert.deepEqual(compose([{ type: 'bridge', ipam }])[0]?.['ipam'], {
      type: 'static',
      addresses: [{ address: '10.77.0.9/24', gateway: '10.77.0.254' }],
      routes: [{ dst: '0.0.0.0/0', gw: '10.77.0.254' }],
    });
  });

  it('has no way out of an internal network, and the host is not in it', () => {
    const routes = [{ dst: '10.0.0.0/8' }];
    const [bridge] = compose([{ type: 'bridge', ipam: { type: 'host-local', routes } }], { internal: true });
    assert.equal(bridge?.['isGateway'], false);
    assert.deepEqual((bridge?.['ipam'] as { routes: unknown }).routes, []);
  });

  it('may share an interface of the host, of which nothing is changed', () => {
    const ipam = { type: 'static' as const, addresses: [{ address: '192.0.2.9/24', gateway: '192.0.2.1' }] };
    assert.deepEqual(compose([{ type: 'macvlan', master: 'lo', mode: 'bridge', ipam }]), [
      { type: 'macvlan', master: 'lo', mode: 'bridge', ipam },
    ]);
  });

  const refused: [string, readonly PlannedPlugin[], Parameters<typeof compose>[1], RegExp][] = [
    ['nothing that makes an interface', [{ type: 'portmap' }], {}, /the first CNI plugin must be/],
    ['two that make one', [{ type: 'bridge' }, { type: 'macvlan', master: 'lo' }], {}, /macvlan can only be the first/],
    ['one twice', [{ type: 'bridge' }, { type: 'bandwidth' }, { type: 'bandwidth' }], {}, /bandwidth twice/],
    ['ports that nobody publishes', [{ type: 'bridge' }], { ports: [port] }, /it publishes no ports/],
    ['a bridge that is not there', [{ type: 'bridge', bridge: 'nosuch0' }], {}, /nosuch0 is no bridge/],
    ['what is no bridge', [{ type: 'bridge', bridge: 'lo' }], {}, /lo is no bridge/],
    ['an interface that is not there', [{ type: 'ipvlan', master: 'nosuch0' }], {}, /no interface nosuch0/],
    ['a way out of an internal network', [{ type: 'macvlan', master: 'lo' }], { internal: true }, /leads out of it/],
    ['a VLAN of its own bridge', [{ type: 'bridge', vlan: 7 }], {}, /a VLAN needs a bridge/],
    [
      'an address of the host elsewhere',
      [{ type: 'bridge', ipam: { type: 'host-local', ranges: [[{ subnet: '8.8.8.0/24' }]] } }],
      {},
      /8\.8\.8\.0\/24 is not the subnet/,
    ],
    [
      'another gateway',
      [{ type: 'bridge', ipam: { type: 'host-local', ranges: [[{ subnet: '10.77.0.0/24', gateway: '10.77.0.1' }]] } }],
      {},
      /10\.77\.0\.1 is not the gateway/,
    ],
    ...['10.77.0.254/24', '10.77.0.255/24', '10.77.0.0/24', '10.78.0.9/24', '10.77.0.9/16', 'fd00::9/24', '10.77.0.9'].map(
      (address): [string, readonly PlannedPlugin[], Parameters<typeof compose>[1], RegExp] => [
        `the address ${address}`,
        [{ type: 'bridge', ipam: { type: 'static', addresses: [{ address }] } }],
        {},
        /is no address that a container can have/,
      ],
    ),
  ];
  for (const [what, planned, changes, why] of refused)
    it(`is refused with ${what}`, () => {
      assert.throws(() => compose(planned, changes), why);
    });

  it('is refused a bridge of its own where it has no subnet', () => {
    const { subnet: _subnet, gateway: _gateway, ...bare } = network;
    const subject = { network: bare, ports: [], wish: { name: 'web' }, refuse: (why: string) => new Error(why) };
    assert.throws(() => composePlan(place, [{ type: 'bridge' }], subject), /needs a subnet, and the network has none/);
  });

  it('names what must be granted, each interface of the host among it', () => {
    const ipam = { type: 'host-local' as const };
    assert.deepEqual(namesOfPlan([{ type: 'bridge', ipam }, { type: 'portmap' }]), ['bridge', 'host-local', 'portmap']);
    assert.deepEqual(namesOfPlan([{ type: 'bridge', bridge: 'br-lan' }, { type: 'bandwidth' }]), ['bridge:br-lan', 'bandwidth']);
    assert.deepEqual(namesOfPlan([{ type: 'macvlan', master: 'eth0', ipam }]), ['macvlan:eth0', 'host-local']);
  });
});
