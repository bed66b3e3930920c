/** Reads what was typed of networks: `--network NAME[,KEY=VALUE…]`, `--publish [ADDRESS:]HOST:CONTAINER[/PROTOCOL]`, `--option K=V`. */
import { isIP, isIPv4 } from 'node:net';
import * as v from 'valibot';
import { networkErrors } from './errors.js';
import { isBuiltinNetwork, macAddress, type PublishedPort } from './shapes.js';
import { requireNetworkName } from './store.js';

export interface NetworkWish {
  readonly name: string;
  readonly ip?: string | undefined;
  readonly mac?: string | undefined;
  readonly mtu?: number | undefined;
}

const EXAMPLE = '--network web,ip=10.89.0.20';
const PORT_EXAMPLE = '--publish 8080:80';

/** All of a run; none where it has the host's or no network. Throws NETWORK_OPTION_INVALID, NETWORK_NAME_INVALID. */
export function parseNetworks(typed: readonly string[] = []): NetworkWish[] {
  const wishes = typed.map(parseNetwork);
  const own = wishes.filter(({ name }) => !isBuiltinNetwork(name));
  const [builtin] = wishes.filter(({ name }) => isBuiltinNetwork(name));
  const [twice] = own.filter(({ name }, index) => own.findIndex((other) => other.name === name) !== index);
  if (builtin !== undefined && wishes.length > 1)
    throw networkErrors.optionInvalid('--network', builtin.name, 'with it there can be no other', EXAMPLE);
  if (twice !== undefined) throw networkErrors.optionInvalid('--network', twice.name, 'it is named twice', EXAMPLE);
  return own;
}

function parseNetwork(typed: string): NetworkWish {
  const [name = '', ...parts] = typed.split(',');
  const refuse = (why: string) => networkErrors.optionInvalid('--network', typed, why, EXAMPLE);
  requireNetworkName(name);
  const words = new Map<string, string>();
  for (const part of parts) {
    const at = part.indexOf('=');
    const key = part.slice(0, Math.max(0, at));
    if (!['ip', 'mac', 'mtu'].includes(key)) throw refuse(`"${part}" is none of ip=ADDRESS, mac=ADDRESS, mtu=BYTES`);
    if (words.has(key)) throw refuse(`it says twice what its ${key} is`);
    words.set(key, part.slice(at + 1));
  }
  if (parts.length > 0 && isBuiltinNetwork(name)) throw refuse(`network ${name} takes no wishes`);
  const [ip, mac, mtu] = [words.get('ip'), words.get('mac'), words.get('mtu')];
  if (ip !== undefined && !isIPv4(ip)) throw refuse(`"${ip}" is not an IPv4 address`);
  if (mac !== undefined && !v.is(macAddress, mac)) throw refuse(`"${mac}" is not six bytes, as in 02:42:0a:59:00:02`);
  // Of a group of machines, not of one.
  if (mac !== undefined && (Number.parseInt(mac.slice(0, 2), 16) & 1) === 1) throw refuse(`"${mac}" is a multicast address`);
  if (mtu !== undefined && !(/^\d{4,5}$/.test(mtu) && Number(mtu) >= 1280 && Number(mtu) <= 65_535))
    throw refuse('mtu must be 1280 to 65535');
  return { name, ip, mac, mtu: mtu === undefined ? undefined : Number(mtu) };
}

/** As docker writes it, without ranges. */
export function parsePorts(typed: readonly string[] = []): PublishedPort[] {
  return typed.map((one) => {
    const refuse = (why: string) => networkErrors.optionInvalid('--publish', one, why, PORT_EXAMPLE);
    const [, address, host = '', container = '', protocol = 'tcp'] =
      /^(?:(\[[0-9a-f:.]+\]|[\d.]+):)?(\d{1,5}):(\d{1,5})(?:\/(tcp|udp))?$/i.exec(one) ?? [];
    const hostAddress = address?.replace(/^\[(.*)\]$/, '$1');
    if (host === '') throw refuse('it must be [ADDRESS:]HOST:CONTAINER[/tcp|udp], with two port numbers');
    if (hostAddress !== undefined && isIP(hostAddress) === 0) throw refuse(`"${hostAddress}" is not an IP address`);
    const [hostPort, containerPort] = [Number(host), Number(container)];
    if ([hostPort, containerPort].some((port) => port < 1 || port > 65_535)) throw refuse('ports are 1 to 65535');
    return {
      ...(hostAddress === undefined ? {} : { hostAddress }),
      ...{ hostPort, containerPort, protocol: protocol.toLowerCase() === 'udp' ? ('udp' as const) : ('tcp' as const) },
    };
  });
}

/** `K=V` each; the last of a key wins. */
export function parsePairs(flag: string, typed: readonly string[] = []): Record<string, string> {
  const pairs = typed.map((one) => {
    const at = one.indexOf('=');
    if (at <= 0) throw networkErrors.optionInvalid(flag, one, 'it must be KEY=VALUE', `${flag} team=web`);
    const [key, value] = [one.slice(0, at), one.slice(at + 1)];
    if (key.length > 128 || value.length > 1024) throw networkErrors.optionInvalid(flag, one, 'it is too long', `${flag} team=web`);
    if (['__proto__', 'constructor', 'prototype'].includes(key))
      throw networkErrors.optionInvalid(flag, one, 'no key can have this name', `${flag} team=web`);
    return [key, value] as const;
  });
  return Object.fromEntries(pairs);
}

export function formatPort({ hostAddress, hostPort, containerPort, protocol }: PublishedPort): string {
  const address = hostAddress === undefined ? '' : `${hostAddress.includes(':') ? `[${hostAddress}]` : hostAddress}:`;
  return `${address}${hostPort}:${containerPort}/${protocol}`;
}
