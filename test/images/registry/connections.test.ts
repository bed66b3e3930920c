/** Whom a registry's certificate must be of, and through which proxy it is reached. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { describe, it } from 'mocha';
import { findProxy } from '#images/registry/proxy.js';
import { withRegistry } from './fixtures/pull-lab.js';
import { certificateFile, tls } from './fixtures/tls.js';

describe('a registry with a certificate', () => {
  it('that nobody vouches for is refused, and says what to do', () =>
    withRegistry({ tls }, async ({ registry, sink, pull }) => {
      await assert.rejects(pull(), { code: 'REGISTRY_NOT_TRUSTED', hint: /certs\.d\/127\.0\.0\.1:\d+\/ca\.crt/ });
      assert.equal(registry.seen.length, 0);
      assert.equal(sink.whole.size, 0);
    }));

  it('that an authority of this machine vouches for is trusted', () =>
    withRegistry({ tls }, ({ pull }) => pull({ env: { SSL_CERT_FILE: certificateFile } })));

  it('is not asked for where that was said', () =>
    withRegistry({ tls }, async ({ registry, pull }) => {
      await pull({ tlsVerify: false });
      await pull({ insecureRegistries: [registry.host] });
    }));

  it('gives no credentials to a realm without encryption on the same host', () =>
    withRegistry({ tls, access: 'token', realm: 'http://127.0.0.1:1/token' }, async ({ pull }) => {
      await assert.rejects(pull({ env: { SSL_CERT_FILE: certificateFile } }), { code: 'REGISTRY_TOKEN_REFUSED', message: /not encrypted/ });
    }));

  it('is not followed to where nothing is encrypted', () =>
    withRegistry({ tls }, async ({ registry, pull }) => {
      const location = `http://127.0.0.1:${registry.host.split(':')[1]}/x`;
      registry.fail(/blobs/, (_request, response) => response.writeHead(302, { location }).end(), 10);
      await assert.rejects(pull({ env: { SSL_CERT_FILE: certificateFile } }), {
        code: 'REGISTRY_REDIRECT_REFUSED',
        message: /from https to http/,
      });
    }));
});

describe('a proxy', () => {
  /** One that leads wherever it is asked to this port of loopback. */
  async function openProxy(port: number): Promise<{ server: Server; asked: string[]; url: string }> {
    const asked: string[] = [];
    const server = createServer().on('connect', (request, client) => {
      asked.push(`${request.url} ${request.headers['proxy-authorization'] ?? ''}`);
      const target = connect(port, '127.0.0.1', () => {
        client.write('HTTP/1.1 200 OK\r\n\r\n');
        client.pipe(target).pipe(client);
      });
      for (const socket of [client, target]) socket.on('error', () => socket.destroy());
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return { server, asked, url: `http://ann:secret@127.0.0.1:${(server.address() as AddressInfo).port}` };
  }

  it('of the environment leads to the registry, whose own certificate counts', () =>
    withRegistry({ tls }, async ({ registry, pull }) => {
      const { server, asked, url } = await openProxy(Number(registry.host.split(':')[1]));
      const pulled = await pull({
        name: 'docker://registry.test/team/tool:1.0',
        env: { SSL_CERT_FILE: certificateFile, HTTPS_PROXY: url },
      });
      assert.equal(pulled.digest, registry.image.manifest.digest);
      assert.equal(asked[0], `registry.test:443 Basic ${Buffer.from('ann:secret').toString('base64')}`);
      await assert.rejects(pull({ name: 'docker://other.test/team/tool:1.0', env: { SSL_CERT_FILE: certificateFile, HTTPS_PROXY: url } }), {
        code: 'REGISTRY_NOT_TRUSTED',
      });
      server.close();
    }));

  it('that is not there is said', () =>
    withRegistry({}, async ({ pull }) => {
      const env = { HTTPS_PROXY: 'http://127.0.0.1:1' };
      await assert.rejects(pull({ name: 'docker://registry.test/a', env, retry: { attemptsMax: 2, firstDelayMs: 1 } }), {
        code: 'REGISTRY_GAVE_UP',
        message: /the proxy 127\.0\.0\.1:1 cannot be reached/,
      });
    }));

  const proxy = { HTTPS_PROXY: 'proxy.lan:3128' };
  const cases: [string, number, Record<string, string>, boolean][] = [
    ['example.com', 443, {}, true],
    ['localhost', 443, {}, false],
    ['127.0.0.1', 5000, {}, false],
    ['example.com', 443, { NO_PROXY: '*' }, false],
    ['example.com', 443, { NO_PROXY: 'other.com, example.com' }, false],
    ['a.example.com', 443, { NO_PROXY: '.example.com' }, false],
    ['a.example.com', 443, { no_proxy: 'example.com' }, false],
    ['badexample.com', 443, { NO_PROXY: 'example.com' }, true],
    ['example.com', 5000, { NO_PROXY: 'example.com:443' }, true],
    ['10.1.2.3', 443, { NO_PROXY: '10.0.0.0/8' }, false],
    ['11.1.2.3', 443, { NO_PROXY: '10.0.0.0/8' }, true],
    ['example.com', 443, { HTTPS_PROXY: '', https_proxy: '' }, false],
    ['example.com', 443, { HTTPS_PROXY: 'socks5://proxy.lan' }, false],
  ];
  for (const [hostname, port, env, isProxied] of cases)
    it(`is ${isProxied ? '' : 'not '}for ${hostname}:${port} with ${JSON.stringify(env)}`, () => {
      assert.equal(findProxy(hostname, port, { ...proxy, ...env })?.host, isProxied ? 'proxy.lan:3128' : undefined);
    });
});
