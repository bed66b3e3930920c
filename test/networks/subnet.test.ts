import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { chooseSubnet, defaultGateway, formatSubnet, holdsHost, overlap, parseSubnet } from '#networks/subnet.js';

describe('subnets', () => {
  it('are read, and written as they were read', () => {
    for (const text of ['10.89.0.0/24', '10.0.0.0/8', '192.168.7.8/29', '255.255.255.0/24'])
      assert.equal(formatSubnet(parseSubnet(text)), text);
  });

  for (const [typed, why] of [
    ['10.89.0.0', /IPv4 address and a prefix/],
    ['10.89.0.256/24', /IPv4 address and a prefix/],
    ['fd00::/64', /IPv4 address and a prefix/],
    ['10.89.0.0/7', /must be 8 to 29/],
    ['10.89.0.0/30', /must be 8 to 29/],
    ['10.89.0.1/24', /begins at 10\.89\.0\.0/],
  ] as const)
    it(`refuse ${typed}`, () => {
      assert.throws(() => parseSubnet(typed), { code: 'NETWORK_SUBNET_INVALID', message: why });
    });

  it('overlap where one address is in both, and not where they are neighbours', () => {
    const one = parseSubnet('10.89.1.0/24');
    assert.equal(overlap(one, parseSubnet('10.89.1.128/25')), true);
    assert.equal(overlap(one, parseSubnet('10.0.0.0/8')), true);
    assert.equal(overlap(one, parseSubnet('10.89.0.0/24')), false);
    assert.equal(overlap(one, parseSubnet('10.89.2.0/24')), false);
  });

  it('have addresses for machines between the first and the last', () => {
    const one = parseSubnet('10.89.1.8/29');
    assert.deepEqual(
      ['10.89.1.8', '10.89.1.9', '10.89.1.14', '10.89.1.15', '10.89.1.16', 'web'].map((address) => holdsHost(one, address)),
      [false, true, true, false, false, false],
    );
    assert.equal(defaultGateway(one), '10.89.1.9');
  });

  it('are chosen so that they overlap nothing, until there is none', () => {
    assert.equal(formatSubnet(chooseSubnet([])), '10.89.0.0/24');
    assert.equal(formatSubnet(chooseSubnet([parseSubnet('10.89.0.0/23'), parseSubnet('10.89.2.64/29')])), '10.89.3.0/24');
    assert.throws(() => chooseSubnet([parseSubnet('10.0.0.0/8')]), { code: 'NETWORK_NO_SUBNET' });
  });
});
