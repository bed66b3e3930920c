/** The engine's rules for the options, on what everyone left of them. What it cannot do is refused here, before anything starts. */
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { optionUnsupported } from './errors.js';
import { RLIMIT_NAMES, type ContainerOptions, type Limit, type RlimitName } from './options.js';

/** By number, as the kernel has them. */
export const CAPABILITIES =
  'chown dac_override dac_read_search fowner fsetid kill setgid setuid setpcap linux_immutable net_bind_service net_broadcast net_admin net_raw ipc_lock ipc_owner sys_module sys_rawio sys_chroot sys_ptrace sys_pacct sys_admin sys_boot sys_nice sys_resource sys_time sys_tty_config mknod lease audit_write audit_control setfcap mac_override mac_admin syslog wake_alarm block_suspend audit_read perfmon bpf checkpoint_restore'.split(
    ' ',
  );

const HOST_NAME = /^[A-Za-z0-9](?:[A-Za-z0-9.-]{0,61}[A-Za-z0-9])?$/;
const RESOLVER_WORD = /^[A-Za-z0-9_.:-]{1,253}$/;

export interface Powers {
  readonly uid: number;
  /** What this very process may hand on, by name. */
  readonly bounding: ReadonlySet<string>;
  readonly effective: ReadonlySet<string>;
  /** Its own hard limits. */
  readonly hardLimits: ReadonlyMap<RlimitName, Limit>;
}

export function validateOptions(options: ContainerOptions, powers: Powers): void {
  refuseUser(options, powers);
  refuseNamespaces(options, powers);
  refuseCapabilities(options, powers);
  refuseLimits(options, powers);
  refuseNames(options);
}

/** One uid can be mapped, so that root in a namespace is uid 0 with gid 0, and another uid is nobody else's. */
function refuseUser({ user, namespaces }: ContainerOptions, { uid }: Powers): void {
  if (user === undefined) return;
  const isMapped = uid !== 0 || namespaces?.user === 'private';
  if (isMapped && user.uid === 0 && user.gid !== 0) throw optionUnsupported('user', 'root of a user namespace has gid 0', '--user 0:0');
  if (uid === 0 && isMapped && user.uid !== 0)
    throw optionUnsupported('user', `in a user namespace of its own root is mapped to uid 0, and to no other`, '--user without --userns');
}

function refuseNamespaces({ namespaces, hostname }: ContainerOptions, { uid }: Powers): void {
  if (uid !== 0 && namespaces?.user === 'host')
    throw optionUnsupported('namespaces.user', 'only root can run a container without a user namespace');
  if (namespaces?.uts === 'host' && hostname !== undefined)
    throw optionUnsupported(
      'hostname',
      "with the host's UTS namespace it would be the host's name that is changed",
      'bulkhead run --uts private',
    );
}

function refuseCapabilities({ capabilities = {}, user, namespaces }: ContainerOptions, { uid, bounding }: Powers): void {
  const names = Object.entries(capabilities);
  const unknown = names.find(([name]) => name !== 'all' && !CAPABILITIES.includes(name));
  if (unknown !== undefined) throw optionUnsupported('capabilities', `there is no capability "${unknown[0]}"`, 'man 7 capabilities');
  if (capabilities['sys_chroot'] === false)
    throw optionUnsupported('capabilities', 'sys_chroot is what the last step into the container needs; all others can be dropped');
  const added = names.filter(([, isAdded]) => isAdded).map(([name]) => name);
  if (added.length === 0) return;
  const uidInside = user?.uid ?? uid;
  if (uidInside !== 0)
    throw optionUnsupported(
      'capabilities',
      `uid ${uidInside} has none, and none can be added (${added.join(', ')})`,
      'bulkhead run --fakeroot',
    );
  const missing = uid === 0 && namespaces?.user !== 'private' ? added.find((name) => name !== 'all' && !bounding.has(name)) : undefined;
  if (missing !== undefined)
    throw optionUnsupported('capabilities', `you do not have ${missing} yourself`, 'grep CapBnd /proc/self/status');
}

function refuseLimits({ rlimits = {} }: ContainerOptions, { effective, hardLimits }: Powers): void {
  for (const name of RLIMIT_NAMES) {
    const asked = rlimits[name];
    if (asked === undefined) continue;
    if (isAbove(asked.soft, asked.hard)) throw optionUnsupported(`rlimits.${name}`, 'its soft limit is above its hard one');
    const own = hardLimits.get(name) ?? 'unlimited';
    if (isAbove(asked.hard, own) && !effective.has('sys_resource'))
      throw optionUnsupported(`rlimits.${name}`, `${asked.hard} is above your own hard limit, ${own}`, 'prlimit');
  }
}

function isAbove(one: Limit, other: Limit): boolean {
  if (other === 'unlimited') return false;
  return one === 'unlimited' || one > other;
}

/** They are written into files of the container, line by line. */
function refuseNames({ dns = {}, hosts = {} }: ContainerOptions): void {
  const badAddress = [...(dns.servers ?? []), ...Object.values(hosts)].find((address) => isIP(address) === 0);
  if (badAddress !== undefined) throw optionUnsupported('dns or hosts', `"${badAddress}" is not an IP address`, '--dns 10.0.0.53');
  if ((dns.servers ?? []).length > 3) throw optionUnsupported('dns', 'a resolver asks at most three servers');
  const badWord = [...(dns.search ?? []), ...(dns.options ?? [])].find((word) => !RESOLVER_WORD.test(word));
  if (badWord !== undefined) throw optionUnsupported('dns', `"${badWord}" is not a domain or an option`);
  const badName = Object.keys(hosts).find((name) => !HOST_NAME.test(name));
  if (badName !== undefined) throw optionUnsupported('hosts', `"${badName}" is not a host name`, '--add-host db:10.0.0.7');
}

/** Of this process. */
export function readPowers(): Powers {
  const status = readFileSync('/proc/self/status', 'utf8');
  const set = (field: string): Set<string> => {
    const bits = BigInt(`0x${new RegExp(`^${field}:\\s*([0-9a-f]+)`, 'm').exec(status)?.[1] ?? '0'}`);
    return new Set(CAPABILITIES.filter((_, bit) => (bits >> BigInt(bit)) & 1n));
  };
  return {
    uid: process.getuid?.() ?? 0,
    bounding: set('CapBnd'),
    effective: set('CapEff'),
    hardLimits: parseHardLimits(readFileSync('/proc/self/limits', 'utf8')),
  };
}

const LIMIT_LINES: Readonly<Record<RlimitName, string>> = {
  as: 'Max address space',
  core: 'Max core file size',
  cpu: 'Max cpu time',
  data: 'Max data size',
  fsize: 'Max file size',
  locks: 'Max file locks',
  memlock: 'Max locked memory',
  msgqueue: 'Max msgqueue size',
  nice: 'Max nice priority',
  nofile: 'Max open files',
  nproc: 'Max processes',
  rss: 'Max resident set',
  rtprio: 'Max realtime priority',
  rttime: 'Max realtime timeout',
  sigpending: 'Max pending signals',
  stack: 'Max stack size',
};

export function parseHardLimits(text: string): Map<RlimitName, Limit> {
  const lines = text.split('\n');
  return new Map(
    RLIMIT_NAMES.flatMap((name): [RlimitName, Limit][] => {
      const line = lines.find((one) => one.startsWith(`${LIMIT_LINES[name]} `));
      const hard = line?.slice(LIMIT_LINES[name].length).trim().split(/\s+/)[1];
      return hard === undefined ? [] : [[name, hard === 'unlimited' ? hard : Number(hard)]];
    }),
  );
}
