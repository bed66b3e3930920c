/**
 * Which servers a grant of `fetch` means, and which addresses a name may lead to.
 *
 * Both sides are read by WHATWG's URL before they are compared, so that `0x7f.1`, `127.1` and `2130706433` are 127.0.0.1 here as
 * they are for the one who connects. A name is then looked up once, and what it leads to is judged: a name that leads into the
 * machine or its own network (the metadata of a cloud, an unprotected service) leads there only where the address itself, or
 * `localhost`, was granted.
 */
import { BlockList, isIP } from 'node:net';

export interface Address {
  readonly address: string;
  readonly family: number;
}

/** Finds the addresses of a name; rejects with the system's error. */
export type Lookup = (hostname: string) => Promise<readonly Address[]>;

/** Whether one of the grants names the server of `url`: scheme, host and port. */
export function isHostGranted(url: URL, grants: readonly string[]): boolean {
  return grants.some((text) => {
    const grant = readGrant(text);
    if (grant === undefined || url.protocol !== grant.protocol || url.port !== grant.port) return false;
    const { hostname, below } = grant;
    return below ? url.hostname.endsWith(`.${hostname}`) && url.hostname.length > hostname.length + 1 : url.hostname === hostname;
  });
}

/** Of the addresses that a granted name has, those that may be connected to. */
export async function findAddresses(url: URL, grants: readonly string[], lookup: Lookup): Promise<Address[]> {
  const literal = addressIn(url.hostname);
  // Granted by name of the address: that is the operator's word.
  if (literal !== undefined) return [literal];
  const addresses = await lookup(url.hostname);
  if (url.hostname === 'localhost') return addresses.filter(({ address }) => isLoopback(address));
  return addresses.filter(({ address }) => isPublic(address) || isAddressGranted(url, address, grants));
}

interface HostGrant {
  readonly protocol: string;
  readonly hostname: string;
  /** Empty for the scheme's own. */
  readonly port: string;
  /** Whether it means all names below, as in `*.example.com`. */
  readonly below: boolean;
}

/** `registry.example.com`, `*.example.com`, `http://localhost:8080`, …; nothing where no URL can have such a host. */
function readGrant(grant: string): HostGrant | undefined {
  const [, http, star, host = ''] = /^(http:\/\/)?(\*\.)?(.*)$/.exec(grant) ?? [];
  const origin = `${http ?? 'https://'}${host}`;
  if (!URL.canParse(origin)) return undefined;
  const { protocol, hostname, port } = new URL(origin);
  return { protocol, hostname, port, below: star !== undefined };
}

/** Whether the operator named the address that the name of `url` has, with the same scheme and port. */
function isAddressGranted(url: URL, address: string, grants: readonly string[]): boolean {
  const host = isIP(address) === 6 ? `[${address}]` : address;
  const origin = `${url.protocol}//${host}${url.port === '' ? '' : `:${url.port}`}`;
  // An address with a zone (%eth0) is in no URL, and so in no grant.
  return URL.canParse(origin) && isHostGranted(new URL(origin), grants);
}

/** The address that a host is, where it is no name. */
function addressIn(hostname: string): Address | undefined {
  const address = hostname.replace(/^\[|\]$/g, '');
  const family = isIP(address);
  return family === 0 ? undefined : { address, family };
}

/** Whether it is of the public internet. What is not known to be is not. */
export function isPublic(address: string): boolean {
  const family = isIP(address);
  if (family === 4) return !specialIpv4.check(address, 'ipv4');
  if (family === 6 && !address.includes('%')) return globalIpv6.check(address, 'ipv6') && !specialIpv6.check(address, 'ipv6');
  return false;
}

function isLoopback(address: string): boolean {
  return isIP(address) === 4 ? loopbackIpv4.check(address, 'ipv4') : address === '::1';
}

/** IANA's special-purpose registry, and what the clouds have in public space for the machine alone. */
const specialIpv4 = blockList('ipv4', [
  '0.0.0.0/8', // this network
  '10.0.0.0/8', // private
  '100.64.0.0/10', // carrier's own; Alibaba's metadata
  '127.0.0.0/8', // loopback
  '168.63.129.16/32', // Azure's host
  '169.254.0.0/16', // link-local; metadata of most clouds
  '172.16.0.0/12', // private
  '192.0.0.0/24', // protocol assignments; Oracle's metadata
  '192.0.2.0/24', // documentation
  '192.88.99.0/24', // relays to IPv6
  '192.168.0.0/16', // private
  '198.18.0.0/15', // benchmarks
  '198.51.100.0/24', // documentation
  '203.0.113.0/24', // documentation
  '224.0.0.0/4', // multicast
  '240.0.0.0/4', // reserved, broadcast
]);
const loopbackIpv4 = blockList('ipv4', ['127.0.0.0/8']);
/** Loopback, private, link-local, multicast and IPv4 in IPv6 are all outside of this. */
const globalIpv6 = blockList('ipv6', ['2000::/3']);
const specialIpv6 = blockList('ipv6', [
  '2001::/23', // protocol assignments; Teredo, which holds an IPv4 address
  '2001:db8::/32', // documentation
  '2002::/16', // 6to4, which holds an IPv4 address
  '3fff::/20', // documentation
]);

function blockList(family: 'ipv4' | 'ipv6', networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', prefix] = network.split('/');
    list.addSubnet(address, Number(prefix), family);
  }
  return list;
}
