/** Ranges of IPv4 addresses: reading them, and finding one that nobody has. */
import { readFileSync } from 'node:fs';
import { isIPv4 } from 'node:net';
import { networkInterfaces } from 'node:os';
import { networkErrors } from './errors.js';

export interface Subnet {
  /** The first address, as a number. */
  readonly first: number;
  /** 8 to 29. */
  readonly prefix: number;
}

/** Of these, the first that overlaps nothing; a /24 each. */
const POOL: Subnet = { first: toNumber('10.89.0.0'), prefix: 16 };
const CHOSEN_PREFIX = 24;
/** /30 has an address for the gateway, and one. */
const [PREFIX_MIN, PREFIX_MAX] = [8, 29];

/** As typed: `10.89.0.0/24`. */
export function parseSubnet(typed: string): Subnet {
  const [, address = '', bits] = /^([\d.]+)\/(\d{1,2})$/.exec(typed) ?? [];
  const prefix = Number(bits);
  if (!isIPv4(address)) throw networkErrors.subnetInvalid(typed, 'it must be an IPv4 address and a prefix length');
  if (prefix < PREFIX_MIN || prefix > PREFIX_MAX)
    throw networkErrors.subnetInvalid(typed, `its prefix length must be ${PREFIX_MIN} to ${PREFIX_MAX}`);
  const first = toNumber(address);
  const begin = first - (first % sizeOf(prefix));
  if (first !== begin) throw networkErrors.subnetInvalid(typed, `a range of this length begins at ${toText(begin)}`);
  return { first, prefix };
}

export function formatSubnet({ first, prefix }: Subnet): string {
  return `${toText(first)}/${prefix}`;
}

/** The first address that a machine can have. */
export function defaultGateway({ first }: Subnet): string {
  return toText(first + 1);
}

/** Whether a machine in it can have the address: neither the first nor the last. */
export function holdsHost({ first, prefix }: Subnet, address: string): boolean {
  if (!isIPv4(address)) return false;
  const number = toNumber(address);
  return number > first && number < first + sizeOf(prefix) - 1;
}

export function overlap(one: Subnet, other: Subnet): boolean {
  return one.first < other.first + sizeOf(other.prefix) && other.first < one.first + sizeOf(one.prefix);
}

/** One of the pool that overlaps none of these. */
export function chooseSubnet(taken: readonly Subnet[]): Subnet {
  for (let first = POOL.first; first < POOL.first + sizeOf(POOL.prefix); first += sizeOf(CHOSEN_PREFIX)) {
    const subnet = { first, prefix: CHOSEN_PREFIX };
    if (!taken.some((other) => overlap(subnet, other))) return subnet;
  }
  throw networkErrors.noSubnet(formatSubnet(POOL));
}

/** What this machine has or reaches: the ranges of its interfaces and of its routes. The default route is none. */
export function readHostSubnets(): Subnet[] {
  const own = Object.values(networkInterfaces()).flatMap((addresses = []) =>
    addresses.flatMap(({ family, cidr }) => (family === 'IPv4' && cidr !== null ? alignedSubnet(cidr) : [])),
  );
  return [...own, ...parseRoutes(readRoutes())];
}

function alignedSubnet(cidr: string): Subnet[] {
  const [address = '', bits = '32'] = cidr.split('/');
  const prefix = Number(bits);
  const number = toNumber(address);
  return [{ first: number - (number % sizeOf(prefix)), prefix }];
}

function readRoutes(): string {
  try {
    return readFileSync('/proc/net/route', 'utf8');
  } catch {
    return '';
  }
}

/** Addresses in it are hexadecimal, the last byte first. */
function parseRoutes(text: string): Subnet[] {
  const lines = text.trim().split('\n').slice(1);
  return lines.flatMap((line) => {
    const fields = line.split('\t');
    const [first, mask] = [fields[1], fields[7]].map((field = '') => Buffer.from(field.trim(), 'hex').reverse());
    if (first?.length !== 4 || mask?.length !== 4) return [];
    const prefix = [...mask.readUInt32BE().toString(2)].filter((bit) => bit === '1').length;
    return prefix === 0 ? [] : [{ first: first.readUInt32BE(), prefix }];
  });
}

function sizeOf(prefix: number): number {
  return 2 ** (32 - prefix);
}

function toNumber(address: string): number {
  return address.split('.').reduce((number, byte) => number * 256 + Number(byte), 0);
}

function toText(number: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join('.');
}
