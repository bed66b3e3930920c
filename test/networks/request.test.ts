import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { formatPort, parseNetworks, parsePairs } from '#networks/networks.js';
import { parsePorts } from '#networks/request.js';

describe('what is typed of networks', () => {
  // apple/container's NetworkConfigurationTest, as it stands.
  it('takes names of 1 to 63 characters that begin and end with a letter or digit (apple 104, 105)', () => {
    for (const name of ['0'.repeat(63), '0', '0-_.1', 'web', 'my-net.2'])
      assert.deepEqual(parseNetworks([name]), [{ name, ip: undefined, mac: undefined, mtu: undefined }]);
  });

  for (const name of ['0'.repeat(64), '-foo', 'foo_', 'Foo', '', '../web', 'a/b', 'a b', '.lock', 'é'])
    it(`refuses the name "${name.slice(0, 20)}" (apple 106)`, () => {
      assert.throws(() => parseNetworks([name]), { code: 'NETWORK_NAME_INVALID', message: /invalid network name/ });
    });

  it('takes an address, a hardware address and an MTU with a name', () => {
    assert.deepEqual(parseNetworks(['web,ip=10.89.0.9,mac=02:42:00:00:00:09,mtu=1280', 'db']), [
      { name: 'web', ip: '10.89.0.9', mac: '02:42:00:00:00:09', mtu: 1280 },
      { name: 'db', ip: undefined, mac: undefined, mtu: undefined },
    ]);
  });

  for (const typed of [
    ['web,ip=10.89.0'],
    ['web,ip=10.89.0.1;K8S=x'],
    ['web,mac=02:42'],
    ['web,mac=01:00:00:00:00:01'],
    ['web,mtu=1279'],
    ['web,mtu=65536'],
    ['web,ip=10.89.0.9,ip=10.89.0.9'],
    ['web,speed=9'],
    ['web', 'web'],
    ['web', 'none'],
    ['host', 'web'],
    ['none,ip=10.89.0.9'],
  ])
    it(`refuses ${typed.join(' and ')}`, () => {
      assert.throws(() => parseNetworks(typed), { code: 'NETWORK_OPTION_INVALID' });
    });

  it('takes no network at all, the host and none for no network of a name', () => {
    for (const typed of [undefined, [], ['none'], ['host']]) assert.deepEqual(parseNetworks(typed), []);
  });

  it('reads ports as docker writes them, and writes them so', () => {
    const typed = ['8080:80', '127.0.0.1:53:53/udp', '[::1]:443:8443/tcp'];
    assert.deepEqual(parsePorts(typed), [
      { hostPort: 8080, containerPort: 80, protocol: 'tcp' },
      { hostAddress: '127.0.0.1', hostPort: 53, containerPort: 53, protocol: 'udp' },
      { hostAddress: '::1', hostPort: 443, containerPort: 8443, protocol: 'tcp' },
    ]);
    assert.deepEqual(parsePorts(typed).map(formatPort), ['8080:80/tcp', '127.0.0.1:53:53/udp', '[::1]:443:8443/tcp']);
  });

  for (const typed of ['80', '0:80', '80:0', '65536:80', '80:80/sctp', '1.2.3:80:80', '80-90:80-90', 'a:80'])
    it(`refuses the port ${typed}`, () => {
      assert.throws(() => parsePorts([typed]), { code: 'NETWORK_OPTION_INVALID' });
    });

  it('reads pairs, the last of a key counts, and refuses what is none', () => {
    assert.deepEqual(parsePairs('--label', ['a=1', 'b=', 'a=2=3']), { a: '2=3', b: '' });
    for (const pair of ['a', '=1', '__proto__=1', `${'k'.repeat(129)}=1`])
      assert.throws(() => parsePairs('--label', [pair]), { code: 'NETWORK_OPTION_INVALID' });
  });
});
