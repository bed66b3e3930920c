/**
 * Connections to the servers of one pull: whom they trust, and through which proxy they go.
 *
 *      trusted     the authorities of this machine and of Node, NODE_EXTRA_CA_CERTS, and for one registry alone
 *                  /etc/containers/certs.d/HOST/*.crt and /etc/docker/certs.d/HOST/*.crt
 */
import { readdirSync, readFileSync } from 'node:fs';
import http from 'node:http';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import type { Agents } from './http.js';
import { ProxyAgent } from './proxy.js';

export interface ConnectionsOptions {
  /** `host[:port]`, whose own authorities count. */
  readonly host: string;
  /** False: any certificate will do. */
  readonly verify: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export interface Connections {
  readonly agents: Agents;
  close(): void;
}

/** Where distributions keep all authorities in one file, first wins. */
const SYSTEM_BUNDLES: readonly string[] = ['/etc/ssl/certs/ca-certificates.crt', '/etc/pki/tls/certs/ca-bundle.crt', '/etc/ssl/cert.pem'];
const CERTIFICATE_DIRECTORIES: readonly string[] = ['/etc/containers/certs.d', '/etc/docker/certs.d'];
const SOCKETS_MAX = 16;

/** Opens nothing before the first request. Close it: connections are kept for the next request. */
export function openConnections({ host, verify, env }: ConnectionsOptions): Connections {
  const shared = { keepAlive: true, maxSockets: SOCKETS_MAX };
  const agents = {
    http: new http.Agent(shared),
    https: new ProxyAgent({ ...shared, rejectUnauthorized: verify, ...(verify && { ca: readAuthorities(host, env) }) }, env),
  };
  return {
    agents,
    close() {
      agents.http.destroy();
      agents.https.destroy();
    },
  };
}

function readAuthorities(host: string, env: ConnectionsOptions['env']): string[] {
  const bundles = env['SSL_CERT_FILE'] ? [env['SSL_CERT_FILE']] : SYSTEM_BUNDLES;
  const system = bundles.map(readText).find((text) => text !== undefined);
  const extra = env['NODE_EXTRA_CA_CERTS'] ? readText(env['NODE_EXTRA_CA_CERTS']) : undefined;
  const own = CERTIFICATE_DIRECTORIES.flatMap((directory) => readCertificates(join(directory, host)));
  return [...(system === undefined ? rootCertificates : [system]), ...(extra === undefined ? [] : [extra]), ...own];
}

function readCertificates(directory: string): string[] {
  try {
    const names = readdirSync(directory).filter((name) => name.endsWith('.crt'));
    return names.flatMap((name) => readText(join(directory, name)) ?? []);
  } catch {
    return [];
  }
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
