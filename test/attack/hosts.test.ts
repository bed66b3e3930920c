/** Servers that are not who they seem, for the power `fetch`. Each way around a grant has a benign twin that works. */
import assert from 'node:assert/strict';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as v from 'valibot';
import { permissions, type PowerInput } from '@bulkhead/plugin-sdk/contract';
import { makeFetch } from '../../src/host/powers/fetch.js';
import { isPublic, type Lookup } from '../../src/host/powers/fetch-hosts.js';
import { describeTiers, type TestHost } from '../helpers/compartment.js';
import { callOf, contextOf, evaluate } from '../helpers/powers.js';
import { snapshotRealm, type RealmSnapshot } from './realm.js';

const refused = /^POWER_(?:NOT_GRANTED|BAD_ARGUMENT)$/;

describeTiers('a plugin that looks for a way around its servers', (open) => {
  let scene: TestHost;
  let server: Server;
  let port: number;
  let hits: string[];
  let answer: RequestListener;
  let before: RealmSnapshot;
  beforeEach(async () => {
    scene = await open();
    hits = [];
    answer = (_request, response) => response.end('inside');
    server = createServer((request, response) => {
      hits.push(String(request.url));
      answer(request, response);
    });
    port = await new Promise((resolve) => {
      server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
    });
    before = snapshotRealm();
  });
  afterEach(async () => {
    await scene.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    assert.deepEqual(snapshotRealm(), before);
  });

  /** `PORT` stands for the server's port. */
  const fill = (text: string) => text.replaceAll('PORT', String(port));
  const fetchFrom = (url: string, grants: readonly string[]) =>
    evaluate(scene, `return await host.fetch(${JSON.stringify(fill(url))}).then((r) => r.body, tell)`, { fetch: grants.map(fill) });
  /** Without a compartment, with a look-up of the test's own. */
  const fetchBy = (lookup: Lookup, url: string, grants: readonly string[]): Promise<string> =>
    makeFetch({ lookup, deadlineMs: 2_000 })(
      { url: fill(url), method: 'GET', headers: {}, responseType: 'text' } satisfies PowerInput<'fetch'>,
      contextOf({ fetch: grants.map(fill) }),
      callOf(),
    ).then(
      ({ body }) => (body.type === 'text' ? body.text : ''),
      (error: { code: string }) => error.code,
    );
  const leadsTo =
    (...addresses: string[]): Lookup =>
    () =>
      Promise.resolve(addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })));

  describe('by odd forms of an address', () => {
    const forms = [
      'http://127.0.0.1:PORT/',
      'http://2130706433:PORT/',
      'http://0x7f.1:PORT/',
      'http://0x7f000001:PORT/',
      'http://0177.0.0.1:PORT/',
      'http://127.1:PORT/',
      'http://127.0.1:PORT/',
      'http://127.0.0.1.:PORT/',
      'http://①②⑦.0.0.1:PORT/',
      'http://127。0。0。1:PORT/',
      'http://%31%32%37.0.0.1:PORT/',
      'http://0:PORT/',
      'http://localhost:PORT/',
      'http://LOCALHOST:PORT/',
      'http://localhost.:PORT/',
      'http://[::1]:PORT/',
      'http://[::ffff:127.0.0.1]:PORT/',
      'http://[::ffff:7f00:1]:PORT/',
      'http://[0:0:0:0:0:ffff:127.0.0.1]:PORT/',
      'http://[::127.0.0.1]:PORT/',
      'http://granted.example.com@127.0.0.1:PORT/',
      'http://granted.example.com:PORT@127.0.0.1:PORT/',
      'http://127.0.0.1:PORT\\@granted.example.com/',
      'http://127.0.0.1:PORT#@granted.example.com:PORT/',
      'http://127.0.0.1:PORT?@granted.example.com:PORT/',
      'http:127.0.0.1:PORT/',
      'http:\\\\127.0.0.1:PORT\\',
      ' \thttp://127.0.0.1:PORT/',
      'ht\ntp://127.0.0.1:PORT/',
      'http://127.0.0.1:0PORT/',
    ];
    for (const url of forms) {
      it(`does not reach ${JSON.stringify(url)}`, async () => {
        assert.match(
          await fetchFrom(url, ['http://granted.example.com:PORT', 'granted.example.com', 'http://*.example.com:PORT']),
          refused,
        );
        assert.deepEqual(hits, []);
      });
    }
    for (const url of forms.slice(0, 11).filter((form) => !form.includes('localhost'))) {
      it(`may reach ${JSON.stringify(url)} where 127.0.0.1 is granted: it is the same`, async () => {
        assert.equal(await fetchFrom(url, ['http://127.0.0.1:PORT']), 'inside');
      });
    }
    it('may reach localhost where that is granted', async () => {
      assert.equal(await fetchFrom('http://LocalHost:PORT/', ['http://localhost:PORT']), 'inside');
    });
  });

  describe('by names that are nearly granted', () => {
    for (const [url, grant] of [
      ['http://127.0.0.1:PORT/', '127.0.0.1:PORT'],
      ['https://127.0.0.1:PORT/', 'http://127.0.0.1:PORT'],
      ['http://127.0.0.1:PORT/', 'http://127.0.0.1'],
      ['http://127.0.0.1:PORT/', 'http://127.0.0.11:PORT'],
      ['http://example.com/', 'http://*.example.com'],
      ['http://badexample.com/', 'http://*.example.com'],
      ['http://.example.com/', 'http://*.example.com'],
      ['http://a.example.com.evil.org/', 'http://*.example.com'],
      ['http://a.example.com./', 'http://*.example.com'],
      ['http://a.example.com:8080/', 'http://*.example.com'],
      ['http://evil.org/.example.com', 'http://*.example.com'],
      ['http://evil.org/?a.example.com', 'http://*.example.com'],
      ['http://ex\u0430mple.com/', 'http://example.com'],
      ['http://example.com\u3002evil.org/', 'http://example.com'],
      ['http://xn--xample-9uf.com/', 'http://example.com'],
      ['file:///etc/passwd', 'http://example.com'],
      ['data:text/plain,x', 'http://example.com'],
      ['unix:///run/docker.sock', 'http://example.com'],
      ['http://unix:/run/docker.sock:/x', 'http://example.com'],
      ['ws://example.com/', 'http://example.com'],
      ['//example.com/', 'http://example.com'],
      ['http://', 'http://example.com'],
      ['http://exa mple.com/', 'http://example.com'],
      ['http://example.com%00.evil.org/', 'http://example.com'],
      ['http://user@example.com/', 'http://example.com'],
      ['http://:password@example.com/', 'http://example.com'],
    ] as const) {
      it(`does not ask ${JSON.stringify(url)} where ${grant} is granted`, async () => {
        const asked: string[] = [];
        const lookup: Lookup = (hostname) => Promise.resolve([{ address: '127.0.0.1', family: 4, hostname: asked.push(hostname) }]);
        assert.match(await fetchBy(lookup, url, [grant]), refused);
        assert.deepEqual([asked, hits], [[], []]);
      });
    }
    for (const [url, grant] of [
      ['http://a.example.com:PORT/', 'http://*.example.com:PORT'],
      ['http://a.b.example.com:PORT/', 'http://*.example.com:PORT'],
      ['http://EXAMPLE.com:PORT/', 'http://example.com:PORT'],
      ['http://ex\u00adample.com:PORT/', 'http://example.com:PORT'],
      ['http://b\u00fccher.example:PORT/', 'http://xn--bcher-kva.example:PORT'],
    ] as const) {
      it(`may ask ${JSON.stringify(url)} where ${grant} is granted`, async () => {
        assert.equal(await fetchBy(leadsTo('127.0.0.1'), url, [grant, 'http://127.0.0.1:PORT']), 'inside');
      });
    }
  });

  describe('by what a granted name leads to', () => {
    const special = [
      ...['0.0.0.0', '0.255.255.255', '10.0.0.0', '10.255.255.255', '100.64.0.0', '100.127.255.255', '127.0.0.1', '127.255.255.255'],
      ...['168.63.129.16', '169.254.0.0', '169.254.169.254', '172.16.0.0', '172.31.255.255', '192.0.0.192', '192.0.2.1'],
      ...['192.88.99.1', '192.168.0.0', '192.168.255.255', '198.18.0.0', '198.19.255.255', '198.51.100.1', '203.0.113.1'],
      ...['224.0.0.1', '239.255.255.255', '240.0.0.1', '255.255.255.255'],
      ...['::', '::1', '::127.0.0.1', '::ffff:127.0.0.1', '::ffff:8.8.8.8', '64:ff9b::7f00:1', '64:ff9b:1::1', '100::1', '2001::1'],
      ...[
        '2001:db8::1',
        '2002:7f00:1::',
        '3fff::1',
        '5f00::1',
        'fc00::1',
        'fd00:ec2::254',
        'fe80::1',
        'fe80::1%eth0',
        'fec0::1',
        'ff02::1',
      ],
      ...['2606:4700::1111%eth0', 'localhost', '', '127.0.0.1 ', '1', '0x7f000001'],
    ];
    const common = [
      ...['1.1.1.1', '8.8.8.8', '9.255.255.255', '11.0.0.0', '100.63.255.255', '100.128.0.0', '126.255.255.255', '128.0.0.0'],
      ...[
        '168.63.129.15',
        '168.63.129.17',
        '169.253.255.255',
        '169.255.0.0',
        '172.15.255.255',
        '172.32.0.0',
        '192.0.1.0',
        '192.167.255.255',
      ],
      ...[
        '192.169.0.0',
        '198.17.255.255',
        '198.20.0.0',
        '223.255.255.255',
        '2606:4700::1111',
        '2a00:1450:4001:81b::200e',
        '2001:4860:4860::8888',
      ],
    ];
    for (const address of special) {
      it(`does not connect to ${JSON.stringify(address)}`, async () => {
        assert.equal(isPublic(address), false);
        assert.equal(
          await fetchBy(leadsTo(address), 'http://registry.example.com:PORT/', ['http://registry.example.com:PORT']),
          'POWER_NOT_GRANTED',
        );
        assert.deepEqual(hits, []);
      });
    }
    it('may connect to all else', () => {
      assert.deepEqual(
        common.filter((address) => !isPublic(address)),
        [],
      );
    });

    it('may connect to an address that was granted too, with the same scheme and port', async () => {
      const url = 'http://registry.example.com:PORT/';
      const name = 'http://registry.example.com:PORT';
      assert.equal(await fetchBy(leadsTo('127.0.0.1'), url, [name, 'http://127.0.0.1:PORT']), 'inside');
      for (const other of ['http://127.0.0.1', '127.0.0.1:PORT', 'http://localhost:PORT', 'http://127.0.0.2:PORT']) {
        assert.equal(await fetchBy(leadsTo('127.0.0.1'), url, [name, other]), 'POWER_NOT_GRANTED', other);
      }
    });
    it('does not connect to the wrong one of several addresses', async () => {
      const grants = ['http://registry.example.com:PORT', 'http://127.0.0.1:PORT'];
      assert.equal(await fetchBy(leadsTo('127.0.0.2', '10.0.0.1', '127.0.0.1'), 'http://registry.example.com:PORT/', grants), 'inside');
    });
    it('does not take whatever address for localhost', async () => {
      assert.equal(
        await fetchBy(leadsTo('10.0.0.1', '93.184.215.14'), 'http://localhost:PORT/', ['http://localhost:PORT']),
        'POWER_NOT_GRANTED',
      );
      assert.equal(await fetchBy(leadsTo('127.0.0.1'), 'http://localhost:PORT/', ['http://localhost:PORT']), 'inside');
    });
    it('does not take what lies below localhost for localhost', async () => {
      assert.equal(await fetchBy(leadsTo('127.0.0.1'), 'http://a.localhost:PORT/', ['http://a.localhost:PORT']), 'POWER_NOT_GRANTED');
    });

    it('looks a name up once, so that a second answer is never asked for', async () => {
      let asked = 0;
      const rebinding: Lookup = () => Promise.resolve([{ address: (asked += 1) === 1 ? '127.0.0.1' : '127.0.0.2', family: 4 }]);
      const grants = ['http://registry.example.com:PORT', 'http://127.0.0.1:PORT'];
      assert.equal(await fetchBy(rebinding, 'http://registry.example.com:PORT/', grants), 'inside');
      assert.equal(asked, 1);
    });
    it('judges the address of each hop anew', async () => {
      let asked = 0;
      const rebinding: Lookup = () => Promise.resolve([{ address: (asked += 1) === 1 ? '127.0.0.1' : '169.254.169.254', family: 4 }]);
      answer = (_request, response) => response.writeHead(302, { location: '/again' }).end();
      const grants = ['http://registry.example.com:PORT', 'http://127.0.0.1:PORT'];
      assert.equal(await fetchBy(rebinding, 'http://registry.example.com:PORT/', grants), 'POWER_NOT_GRANTED');
      assert.deepEqual(hits, ['/']);
    });
  });

  describe('by a redirect', () => {
    for (const location of [
      'http://localhost:PORT/inside',
      'http://127.0.0.2:PORT/inside',
      '//localhost:PORT/inside',
      'http://169.254.169.254/latest/meta-data/',
      'https://127.0.0.1:PORT/inside',
      'http://user:password@127.0.0.1:PORT/inside',
      'file:///etc/passwd',
      'http://[::ffff:127.0.0.1]:PORT/inside',
      'http://127.0.0.1:1/inside',
      '\\\\localhost:PORT\\inside',
    ]) {
      it(`does not get to ${location}`, async () => {
        answer = (request, response) =>
          request.url === '/' ? response.writeHead(302, { location: fill(location) }).end() : response.end('inside');
        assert.match(await fetchFrom('http://127.0.0.1:PORT/', ['http://127.0.0.1:PORT']), refused);
        assert.deepEqual(hits, ['/']);
      });
    }
    it('may get to where it was granted', async () => {
      answer = (request, response) =>
        request.url === '/' ? response.writeHead(302, { location: fill('http://localhost:PORT/there') }).end() : response.end('there');
      assert.equal(await fetchFrom('http://127.0.0.1:PORT/', ['http://127.0.0.1:PORT', 'http://localhost:PORT']), 'there');
    });
  });

  it('does not go by a proxy of the caller’s', async () => {
    const names = ['http_proxy', 'HTTP_PROXY', 'all_proxy', 'NODE_USE_ENV_PROXY'];
    const kept = names.map((name) => [name, process.env[name]] as const);
    answer = (request, response) => response.end(request.url);
    try {
      for (const name of names) process.env[name] = name.startsWith('NODE') ? '1' : 'http://127.0.0.1:1';
      assert.equal(await fetchBy(leadsTo('127.0.0.1'), 'http://127.0.0.1:PORT/direct', ['http://127.0.0.1:PORT']), '/direct');
    } finally {
      for (const [name, value] of kept) {
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
      }
    }
  });

  describe('by what a manifest may ask for', () => {
    const isServer = (name: string) => v.safeParse(permissions, { fetch: [name] }).success;
    for (const name of [
      ...[
        '',
        '*',
        '*.com',
        '*.',
        'a*.example.com',
        'example.*',
        'https://example.com',
        'ftp://example.com',
        'example.com/',
        'example.com/x',
      ],
      ...['Example.com', 'b\u00fccher.example', 'example.com.', '.example.com', 'a..b', '-a.com', 'a-.com', 'user@example.com', 'a b.com'],
      ...['127.1', '0x7f.1', '2130706433', '127.0.0.01', '256.0.0.1', '1.2.3.4.5', '*.0.0.1', '*.127.0.0.1', 'a.1', '[::1', '::1', '[::g]'],
      ...[
        'example.com:',
        'example.com:0',
        'example.com:65536',
        'example.com:080',
        `${'a'.repeat(64)}.com`,
        'example.com\n',
        'example.com#',
        'example.com?',
      ],
    ]) {
      it(`is not ${JSON.stringify(name)}`, () => assert.equal(isServer(name), false));
    }
    for (const name of [
      ...['example.com', 'localhost', 'registry.example.com:5000', '*.example.com', '*.example.com:65535', 'http://localhost:8080'],
      ...[
        'http://*.example.com',
        '10.0.0.7',
        '255.255.255.255:1',
        '[::1]:8443',
        'http://[2001:db8::1]',
        'xn--bcher-kva.example',
        '3com.example',
      ],
    ]) {
      it(`may be ${name}`, () => assert.equal(isServer(name), true));
    }
    it('is inert where no URL can have such a host', async () => {
      assert.match(await fetchBy(leadsTo('127.0.0.1'), 'http://127.0.0.1:PORT/', ['http://[:::::]:PORT', 'http://xn--a:PORT']), refused);
    });
  });
});
