import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PowerInput } from '@bulkhead/plugin-sdk/contract';
import { describeTiers, type TestHost } from '../../helpers/compartment.js';
import { needTool } from '../../helpers/need.js';
import { callOf, contextOf, evaluate } from '../../helpers/powers.js';
import { makeFetch } from '../../../src/host/powers/fetch.js';

describeTiers('fetch', (open) => {
  let server: Server;
  let origin: string;
  let seen: { request: IncomingMessage; body: string }[];
  let answer: RequestListener;
  beforeEach(async () => {
    seen = [];
    answer = (_request, response) => response.end('hello ü');
    server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk) => (body += String(chunk)));
      request.on('end', () => {
        seen.push({ request, body });
        answer(request, response);
      });
    });
    origin = `http://127.0.0.1:${await listen(server)}`;
  });
  afterEach(() => close(server));

  const input = (changes: Partial<PowerInput<'fetch'>> = {}): PowerInput<'fetch'> => ({
    url: origin,
    method: 'GET',
    headers: {},
    responseType: 'text',
    ...changes,
  });
  /** Without a compartment. */
  const ask = (changes: Partial<PowerInput<'fetch'>> = {}, grants: readonly string[] = [origin], deadlineMs = 5_000) =>
    makeFetch({ lookup: () => Promise.resolve([{ address: '127.0.0.1', family: 4 }]), deadlineMs })(
      input(changes),
      contextOf({ fetch: [...grants] }),
      callOf(),
    );

  describe('of a plugin', () => {
    let scene: TestHost;
    beforeEach(async () => {
      scene = await open();
    });
    afterEach(() => scene.close());
    const run = (body: string) => evaluate(scene, body.replaceAll('ORIGIN', origin), { fetch: [origin] });

    it('answers with status, headers and text', async () => {
      answer = (_request, response) => response.writeHead(418, { 'X-Kind': 'teapot' }).end('short and ü');
      const body = `const r = await host.fetch('ORIGIN/pot'); return [r.status, r.url, r.headers['x-kind'], r.body].join(' ')`;
      assert.equal(await run(body), `418 ${origin}/pot teapot short and ü`);
    });

    it('answers with bytes that are the plugin’s own', async () => {
      answer = (_request, response) => response.end(Buffer.from([0, 255, 128, 10]));
      const body = `const { body } = await host.fetch('ORIGIN', { responseType: 'bytes' });
        body[3] = 7; return [Object.getPrototypeOf(body) === Uint8Array.prototype, body.buffer.byteLength, ...body].join()`;
      assert.equal(await run(body), 'true,4,0,255,128,7');
    });

    it('sends text and bytes, method and headers', async () => {
      await run(`await host.fetch('ORIGIN/a', { method: 'POST', headers: { 'Content-Type': 'text/x', Authorization: 'Bearer t' }, body: 'ü' });
        await host.fetch('ORIGIN/b', { method: 'POST', body: new Uint8Array([1, 104, 105]).subarray(1) })`);
      assert.deepEqual(
        seen.map(({ request, body }) => [
          request.method,
          request.url,
          request.headers['content-type'],
          request.headers.authorization,
          body,
        ]),
        [
          ['POST', '/a', 'text/x', 'Bearer t', 'ü'],
          ['POST', '/b', undefined, undefined, 'hi'],
        ],
      );
    });

    it('is refused for another server, with the code and what was asked', async () => {
      assert.match(
        await run(`return await host.fetch('http://127.0.0.1:1/secret?token').catch((e) => e.code + ' ' + e.message)`),
        /^POWER_NOT_GRANTED Cannot use fetch on http:\/\/127\.0\.0\.1:1: it was not granted$/,
      );
    });

    it('ends with the call in whose name it was asked', async () => {
      let hang: IncomingMessage | undefined;
      answer = (request, response) => {
        if (request.url === '/hang') hang = request;
        // The call goes on once the other request is there.
        else if (hang === undefined) setTimeout(() => answer(request, response), 5);
        else response.end();
      };
      await run(`void host.fetch('ORIGIN/hang').catch(() => undefined); await host.fetch('ORIGIN/go')`);
      while (hang?.socket.destroyed === false) await new Promise((resolve) => setTimeout(resolve, 5));
      assert.equal(hang?.socket.destroyed, true);
    });

    for (const [title, options] of [
      ['a method that is none of the three', `{ method: 'DELETE' }`],
      ['a header of the host’s own', `{ headers: { Host: 'other' } }`],
      ['a cookie', `{ headers: { cookie: 'a=b' } }`],
      ['a line break in a header', `{ headers: { a: 'b\\r\\nc: d' } }`],
      ['a header whose name is none', `{ headers: { 'a b': 'c' } }`],
      ['65 headers', `{ headers: Object.fromEntries(Array.from({ length: 65 }, (_, i) => ['h' + i, ''])) }`],
      ['a body with GET', `{ body: 'x' }`],
      ['a body over 1 MiB', `{ method: 'POST', body: 'x'.repeat(1048577) }`],
      ['a body over 1 MiB in bytes', `{ method: 'POST', body: 'x' + 'ü'.repeat(524288) }`],
      ['bytes over 1 MiB', `{ method: 'POST', body: new Uint8Array(1048577) }`],
      ['another type of answer', `{ responseType: 'json' }`],
    ] as const) {
      it(`refuses ${title}`, async () => {
        assert.equal(await run(`return await host.fetch('ORIGIN', ${options}).catch(tell)`), 'POWER_BAD_ARGUMENT');
        assert.equal(seen.length, 0);
      });
    }

    it('takes 64 headers and 1 MiB', async () => {
      const headers = `Object.fromEntries(Array.from({ length: 64 }, (_, i) => ['h' + i, '']))`;
      assert.equal(
        await run(`return (await host.fetch('ORIGIN', { method: 'POST', headers: ${headers}, body: new Uint8Array(1048576) })).status`),
        '200',
      );
      assert.equal(seen[0]?.body.length, 1_048_576);
    });
  });

  it('reads 1 MiB and refuses one byte more, announced or not', async () => {
    for (const [length, headers, code] of [
      [1_048_576, {}, undefined],
      [1_048_577, {}, 'POWER_FETCH_FAILED'],
      [1_048_577, { 'content-length': '1048577' }, 'POWER_FETCH_FAILED'],
    ] as const) {
      answer = (_request, response) => response.writeHead(200, headers).end(Buffer.alloc(length, 'x'));
      const asked = ask();
      if (code === undefined) assert.equal((await asked).body.type === 'text' && (await asked).status, 200);
      else await assert.rejects(asked, { code });
    }
  });

  it('refuses an answer whose headers have no end', async () => {
    answer = (_request, response) => {
      for (let index = 0; index < 300; index += 1) response.setHeader(`h${index}`, 'x');
      response.end();
    };
    await assert.rejects(ask(), /more than 256 headers/);
    answer = (_request, response) => response.setHeader('long', 'x'.repeat(17_000)).end();
    await assert.rejects(ask(), { code: 'POWER_FETCH_FAILED' });
  });

  it('shows no cookie, and joins what came twice', async () => {
    answer = (_request, response) =>
      response
        .writeHead(
          200,
          [
            ['Set-Cookie', 'a=b'],
            ['Link', '1'],
            ['Link', '2'],
            ['__proto__', 'x'],
          ].flat(),
        )
        .end();
    const { headers } = await ask();
    assert.equal(headers['link'], '1, 2');
    assert.equal(headers['set-cookie'], undefined);
    assert.equal(Object.getPrototypeOf(headers), Object.prototype);
  });

  it('has nothing of the caller in its request', async () => {
    await ask({ method: 'HEAD' });
    assert.deepEqual(Object.keys(seen[0]?.request.headers ?? {}).toSorted(), ['accept-encoding', 'connection', 'host', 'user-agent']);
  });

  it('does not wait for ever: not for headers, not for a body that drips', async () => {
    answer = () => undefined;
    await assert.rejects(ask({}, [origin], 100), /not done within 100 ms/);
    answer = (_request, response) => {
      const dripping = setInterval(() => response.write('x'), 10);
      response.on('close', () => clearInterval(dripping));
    };
    await assert.rejects(ask({}, [origin], 200), /not done within 200 ms/);
    const hanging = makeFetch({ lookup: () => new Promise(() => undefined), deadlineMs: 100 });
    const url = 'https://registry.example.com';
    await assert.rejects(hanging(input({ url }), contextOf({ fetch: ['registry.example.com'] }), callOf()), /not done within 100 ms/);
  });

  it('tells of a server that is not there, or breaks off', async () => {
    answer = (_request, response) => {
      response.writeHead(200, { 'content-length': '100' }).write('x');
      setTimeout(() => response.destroy(), 20);
    };
    await assert.rejects(ask(), { code: 'POWER_FETCH_FAILED' });
    answer = (request) => request.socket.end('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n');
    await assert.rejects(ask(), { code: 'POWER_FETCH_FAILED' });
    await close(server);
    await assert.rejects(ask(), /ECONNREFUSED/);
  });

  describe('follows a redirect', () => {
    const redirectTo = (location: string, status = 302): void => {
      answer = (request, response) =>
        request.url === '/' ? response.writeHead(status, { location }).end() : response.end(`at ${String(request.url)}`);
    };

    it('to a granted server, and says where it ended', async () => {
      redirectTo('/there#part');
      const { url, body } = await ask();
      assert.deepEqual([url, body], [`${origin}/there`, { type: 'text', text: 'at /there' }]);
    });

    it('five times and no more', async () => {
      let last = 5;
      answer = (request, response) => {
        const at = Number(String(request.url).slice(1));
        if (at < last) response.writeHead(302, { location: `/${at + 1}` }).end();
        else response.end();
      };
      assert.equal((await ask({ url: `${origin}/0` })).url, `${origin}/5`);
      last = 6;
      await assert.rejects(ask({ url: `${origin}/0` }), /more than 5 redirects/);
    });

    for (const [status, method, body] of [
      [301, 'GET', ''],
      [302, 'GET', ''],
      [303, 'GET', ''],
      [307, 'POST', 'x'],
      [308, 'POST', 'x'],
    ] as const) {
      it(`by ${method} after POST and ${status}`, async () => {
        redirectTo('/there', status);
        await ask({ method: 'POST', body: { type: 'text', text: 'x' } });
        assert.deepEqual([seen[1]?.request.method, seen[1]?.body], [method, body]);
      });
    }

    it('with its secrets to the same server, without them to another', async () => {
      const headers = { authorization: 'Bearer t', 'x-token': 't', accept: 'text/x' };
      redirectTo('/there');
      await ask({ headers });
      redirectTo(`${origin.replace('127.0.0.1', 'localhost')}/there`);
      await ask({ headers }, [origin, origin.replace('127.0.0.1', 'localhost')]);
      const shown = seen.filter(({ request }) => request.url === '/there').map(({ request }) => request.headers);
      assert.deepEqual(
        shown.map((one) => [one.authorization, one['x-token'], one.accept]),
        [
          ['Bearer t', 't', 'text/x'],
          [undefined, undefined, 'text/x'],
        ],
      );
    });

    it('not where Location is missing or no URL', async () => {
      answer = (_request, response) => response.writeHead(304).end();
      assert.equal((await ask()).status, 304);
      redirectTo('http://[');
      await assert.rejects(ask(), { code: 'POWER_BAD_ARGUMENT' });
    });
  });

  describe('over https', () => {
    let directory: string;
    let tls: Server;
    let port: number;
    let ca: string;
    before(async function () {
      needTool(this, 'openssl');
      directory = await mkdtemp(join(tmpdir(), 'bulkhead-tls-'));
      const [key, cert] = [join(directory, 'key.pem'), join(directory, 'cert.pem')];
      const subject = ['-subj', '/CN=registry.example.com', '-addext', 'subjectAltName=DNS:registry.example.com'];
      const make = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
      execFileSync('openssl', [...make, '-keyout', key, '-out', cert, ...subject], { stdio: 'ignore' });
      ca = await readFile(cert, 'utf8');
      tls = createTlsServer({ key: await readFile(key), cert: ca }, (request, response) => response.end(request.headers.host));
      port = await listen(tls);
    });
    after(async () => {
      if (tls) await close(tls);
      if (directory) await rm(directory, { recursive: true, force: true });
    });
    const askTls = (host: string, trust: { ca?: string } = { ca }) =>
      makeFetch({ lookup: () => Promise.resolve([{ address: '127.0.0.1', family: 4 }]), deadlineMs: 5_000, ...trust })(
        input({ url: `https://${host}:${port}` }),
        contextOf({ fetch: [`${host}:${port}`, `127.0.0.1:${port}`] }),
        callOf(),
      );

    it('believes a certificate for the name that was asked', async () => {
      assert.deepEqual((await askTls('registry.example.com')).body, { type: 'text', text: `registry.example.com:${port}` });
    });

    it('does not believe one for another name, or by an unknown authority, whatever the environment says', async () => {
      await assert.rejects(askTls('other.example.com'), /ERR_TLS_CERT_ALTNAME_INVALID/);
      const kept = process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
      process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
      try {
        await assert.rejects(askTls('registry.example.com', {}), /SELF_SIGNED/);
      } finally {
        if (kept === undefined) delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
        else process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = kept;
      }
    });
  });
});

function listen(server: Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}

function close(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => {
    server.close(() => resolve());
  });
}
