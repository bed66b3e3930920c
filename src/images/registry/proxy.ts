/**
 * Through the proxy that the environment names, as curl and Go read it: HTTPS_PROXY, and NO_PROXY for whom not.
 *
 *      CONNECT host:443 ─▶ proxy ═▶ TLS with the registry itself        the proxy sees no more than the name
 *
 * Plain http, which is for this machine and hosts that were named, goes directly.
 */
import http from 'node:http';
import https from 'node:https';
import { BlockList, isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import { Transient } from './retry.js';

type Env = Readonly<Record<string, string | undefined>>;

const TUNNEL_MS = 30_000;

/** Undefined where a host is reached directly. */
export function findProxy(hostname: string, port: number, env: Env): URL | undefined {
  const typed = env['HTTPS_PROXY'] || env['https_proxy'] || env['ALL_PROXY'] || env['all_proxy'];
  if (!typed || isLoopback(hostname)) return undefined;
  const text = typed.includes('://') ? typed : `http://${typed}`;
  if (!URL.canParse(text) || !/^https?:/.test(text)) return undefined;
  const direct = (env['NO_PROXY'] ?? env['no_proxy'] ?? '').split(/[\s,]+/).filter(Boolean);
  return direct.some((one) => isMeant(one, hostname, port)) ? undefined : new URL(text);
}

/** `*`, `example.com` and all below it, `10.0.0.0/8`, each also with a port. */
function isMeant(pattern: string, hostname: string, port: number): boolean {
  if (pattern === '*') return true;
  const [, name = '', wantedPort] = /^(.*?)(?::(\d+))?$/.exec(pattern) ?? [];
  if (wantedPort !== undefined && Number(wantedPort) !== port) return false;
  const [network = '', bits] = pattern.split('/');
  const family = isIP(hostname);
  if (bits !== undefined) return family !== 0 && isIP(network) === family && isWithin(hostname, network, Number(bits), family);
  const bare = name.toLowerCase().replace(/^\*?\./, '');
  return hostname === bare || hostname.endsWith(`.${bare}`);
}

function isWithin(address: string, network: string, bits: number, family: number): boolean {
  if (!Number.isInteger(bits) || bits < 0 || bits > (family === 4 ? 32 : 128)) return false;
  const list = new BlockList();
  list.addSubnet(network, bits, family === 4 ? 'ipv4' : 'ipv6');
  return list.check(address, family === 4 ? 'ipv4' : 'ipv6');
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '::1' || hostname.startsWith('127.');
}

/** As Node's own, by a tunnel where there is a proxy. */
export class ProxyAgent extends https.Agent {
  readonly #env: Env;

  constructor(options: https.AgentOptions, env: Env) {
    super(options);
    this.#env = env;
  }

  override createConnection(
    options: https.RequestOptions,
    callback?: (error: Error | null, stream: Duplex) => void,
  ): Duplex | null | undefined {
    const [hostname, port] = [options.host ?? '', Number(options.port ?? 443)];
    const proxy = findProxy(hostname, port, this.#env);
    if (proxy === undefined || callback === undefined) return super.createConnection(options, callback);
    openTunnel(proxy, { hostname, port }).then(
      (socket) => {
        const connection = super.createConnection({ ...options, socket } as https.RequestOptions);
        if (connection) callback(null, connection);
      },
      (error: Error) => callback(error, undefined as never),
    );
    return undefined;
  }
}

function openTunnel(proxy: URL, { hostname, port }: { hostname: string; port: number }): Promise<Duplex> {
  const target = `${isIP(hostname) === 6 ? `[${hostname}]` : hostname}:${port}`;
  const user = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
  const headers = {
    host: target,
    'user-agent': 'bulkhead',
    ...(user !== ':' && { 'proxy-authorization': `Basic ${Buffer.from(user).toString('base64')}` }),
  };
  const { request } = proxy.protocol === 'https:' ? https : http;
  const fail = (why: string, cause?: unknown) => new Transient(`the proxy ${proxy.host} ${why}`, { cause });
  return new Promise((resolve, reject) => {
    const asked = request({
      host: proxy.hostname.replace(/^\[|\]$/g, ''),
      port: proxy.port || (proxy.protocol === 'https:' ? 443 : 80),
      method: 'CONNECT',
      path: target,
      headers,
      agent: false,
    });
    const timer = setTimeout(() => asked.destroy(fail(`does not answer within ${TUNNEL_MS / 1000} s`)), TUNNEL_MS);
    asked
      .on('connect', ({ statusCode }, socket) => {
        clearTimeout(timer);
        if (statusCode === 200) return resolve(socket);
        socket.destroy();
        reject(fail(`answers ${statusCode} to a request for ${target}`));
      })
      .on('response', ({ statusCode }) => asked.destroy(fail(`answers ${statusCode} to a request for ${target}`)))
      .on('error', (error) => {
        clearTimeout(timer);
        reject(error instanceof Transient ? error : fail('cannot be reached', error));
      })
      .end();
  });
}
