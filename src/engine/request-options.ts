/** Reads what the user typed beyond binds and environment: one function per option, each of which says how it is written. */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { messageOf, systemCodeOf } from '#base/errors.js';
import { envFileUnreadable, optionInvalid } from './errors.js';
import { RLIMIT_NAMES, type ContainerOptions, type Home, type Limit, type OptionRequest, type ResourceLimits } from './options.js';
import type { Mount } from './shapes.js';
import { parseEnvironment, tidyDestination } from './request.js';

const UNITS: Readonly<Record<string, number>> = { '': 1, K: 1024, M: 1024 ** 2, G: 1024 ** 3, T: 1024 ** 4 };
const CDI_NAME = /^[^/]+\/[^/=]+=.+$/;
const ENV_FILE_BYTES_MAX = 1_048_576;

export function parseOptions(request: OptionRequest, caller: { readonly home: string; readonly gid: number }): ContainerOptions {
  const { workdir, home, rootSize, umask, rlimits = [], user, devices = [], userns } = request;
  const isCdi = (device: string): boolean => !device.startsWith('/') && CDI_NAME.test(device);
  return withoutUndefined({
    workdir: workdir === undefined ? undefined : resolve(workdir),
    home: home === undefined ? undefined : parseHome(home, caller.home),
    rootSizeBytes: rootSize === undefined ? undefined : parseSize('--root-size', rootSize),
    umask: umask === undefined ? undefined : parseUmask(umask),
    rlimits: rlimits.length === 0 ? undefined : parseRlimits(rlimits),
    user: user === undefined ? undefined : parseUser(user, caller.gid),
    capabilities: parseCapabilities(request),
    network: parseNetwork(request),
    dns: parseDns(request),
    hosts: parseHosts(request.hosts),
    namespaces: parseNamespaces(request, userns),
    devices: orNone(devices.filter((device) => !isCdi(device)).map(parseDevice)),
    cdi: orNone(devices.filter(isCdi)),
    limits: parseLimits(request),
  });
}

/** `DIR[:SIZE]` in memory; with a work directory `DIR` alone, which is there. */
export function parseScratch({ scratch = [], workdir }: OptionRequest): Mount[] {
  return scratch.map((typed): Mount => {
    const [directory = '', size, ...rest] = typed.split(':');
    if (rest.length > 0) throw optionInvalid('--scratch', typed, 'it has more than two parts', '--scratch /scratch:1G');
    const destination = tidyDestination(`--scratch ${typed}`, directory);
    if (workdir === undefined)
      return { type: 'tmpfs', destination, ...(size === undefined ? {} : { sizeBytes: parseSize('--scratch', size) }) };
    if (size !== undefined)
      throw optionInvalid('--scratch', typed, 'a size is for memory, and --workdir puts it on a disk', '--scratch /scratch');
    return { type: 'bind', source: `${resolve(workdir)}/scratch${destination}`, destination };
  });
}

/** What lies over the image. A path is relative to the current directory, and may hold a `:`. */
export interface OverlayRequest {
  readonly path: string;
  readonly readOnly: boolean;
}

export function parseOverlays({ overlays = [] }: OptionRequest = {}): OverlayRequest[] {
  return overlays.map((typed) => {
    const [, path = '', mode] = /^([^]*?)(?::(ro|rw))?$/.exec(typed) ?? [];
    if (path === '' || path.includes('\0')) throw optionInvalid('--overlay', typed, 'it must be DIR[:ro]', '--overlay ./changes');
    return { path: resolve(path), readOnly: mode === 'ro' };
  });
}

/** `DIR[:SIZE]`, or in Docker's words `DIR:size=SIZE,rw,nosuid,nodev`, which it is in any case. */
export function parseTmpfs({ tmpfs = [] }: OptionRequest): Mount[] {
  return tmpfs.map((typed): Mount => {
    const at = typed.indexOf(':');
    const [directory, words] = at < 0 ? [typed, []] : [typed.slice(0, at), typed.slice(at + 1).split(',')];
    const sizes = words.filter((word) => !['rw', 'nosuid', 'nodev'].includes(word));
    const [size, more] = sizes.map((word) => word.replace(/^size=/, ''));
    const other = sizes.find((word) => !/^(?:size=)?\d/.test(word));
    if (other !== undefined || more !== undefined)
      throw optionInvalid('--tmpfs', typed, `"${other ?? more ?? ''}" is more than a size, rw, nosuid or nodev`, '--tmpfs /run:64M');
    const destination = tidyDestination(`--tmpfs ${typed}`, directory);
    return { type: 'tmpfs', destination, ...(size === undefined ? {} : { sizeBytes: parseSize('--tmpfs', size) }) };
  });
}

/** Files of `NAME=VALUE` lines; blank lines and those that begin with `#` are left out, quotes mean nothing. */
export async function readEnvironmentFiles(files: readonly string[] = []): Promise<Record<string, string>> {
  const environment: Record<string, string> = {};
  for (const file of files) {
    const lines = (await readText(file)).split(/\r?\n/).filter((line) => line.trim() !== '' && !line.trimStart().startsWith('#'));
    Object.assign(environment, parseEnvironment(lines));
  }
  return environment;
}

async function readText(file: string): Promise<string> {
  try {
    const bytes = await readFile(file);
    if (bytes.length > ENV_FILE_BYTES_MAX) throw envFileUnreadable(file, 'it has more than 1 MiB', undefined);
    return bytes.toString('utf8');
  } catch (thrown) {
    if (systemCodeOf(thrown) === undefined) throw thrown;
    throw envFileUnreadable(file, messageOf(thrown), thrown);
  }
}

/** Bytes, with K, M, G or T for powers of 1024. */
export function parseSize(flag: string, typed: string): number {
  const [, digits, unit = ''] = /^(\d{1,15})([KMGT]?)i?B?$/i.exec(typed) ?? [];
  const bytes = Number(digits) * (UNITS[unit.toUpperCase()] ?? Number.NaN);
  if (!Number.isSafeInteger(bytes) || bytes < 4096)
    throw optionInvalid(flag, typed, 'it must be at least 4096 bytes, or as in 512M or 2G', `${flag} 512M`);
  return bytes;
}

function parseHome(typed: string, own: string): Home {
  if (typed === 'none') return { type: 'none' };
  if (typed === 'bind') return { type: 'bind', source: own, destination: own };
  const [source = '', destination, ...rest] = typed.split(':');
  if (rest.length > 0 || source === '')
    throw optionInvalid('--home', typed, 'it is none, bind, SRC[:DST] or tmpfs:DST', '--home /data/me:/home/me');
  if (source === 'tmpfs' && destination !== undefined)
    return { type: 'tmpfs', destination: tidyDestination(`--home ${typed}`, destination) };
  const absolute = resolve(source);
  return {
    type: 'bind',
    source: absolute,
    destination: destination === undefined ? absolute : tidyDestination(`--home ${typed}`, destination),
  };
}

function parseUmask(typed: string): number {
  if (!/^0?[0-7]{1,3}$/.test(typed)) throw optionInvalid('--umask', typed, 'it must be octal, 0 to 777', '--umask 0027');
  return Number.parseInt(typed, 8);
}

function parseRlimits(typed: readonly string[]): ResourceLimits {
  const limits: ResourceLimits = {};
  for (const one of typed) {
    const [, name = '', soft = '', hard = soft] = /^([a-z]+)=(\d{1,15}|unlimited)(?::(\d{1,15}|unlimited))?$/.exec(one) ?? [];
    const known = RLIMIT_NAMES.find((candidate) => candidate === name);
    if (known === undefined)
      throw optionInvalid(
        '--ulimit',
        one,
        `it must be NAME=SOFT[:HARD], with one of ${RLIMIT_NAMES.join(', ')}`,
        '--ulimit nofile=1024:4096',
      );
    limits[known] = { soft: parseLimit(soft), hard: parseLimit(hard) };
  }
  return limits;
}

function parseLimit(typed: string): Limit {
  return typed === 'unlimited' ? typed : Number(typed);
}

export function parseUser(typed: string, ownGid: number): { uid: number; gid: number } {
  const [, uid, gid] = /^(\d{1,10})(?::(\d{1,10}))?$/.exec(typed) ?? [];
  const user = { uid: Number(uid), gid: gid === undefined ? (Number(uid) === 0 ? 0 : ownGid) : Number(gid) };
  if (!(user.uid < 2 ** 32 - 1 && user.gid < 2 ** 32 - 1))
    throw optionInvalid('--user', typed, 'it must be UID[:GID], in numbers', '--user 1000:1000');
  return user;
}

function parseCapabilities({ addCapabilities = [], dropCapabilities = [] }: OptionRequest): Record<string, boolean> | undefined {
  const normal = (typed: readonly string[]): string[] =>
    typed.flatMap((names) => names.split(',')).map((name) => name.toLowerCase().replace(/^cap_/, ''));
  const [added, dropped] = [normal(addCapabilities), normal(dropCapabilities)];
  const both = added.find((name) => dropped.includes(name));
  if (both !== undefined) throw optionInvalid('--add-caps', both, 'it is added and dropped at once', '--drop-caps all --add-caps net_raw');
  const entries = [...dropped.map((name) => [name, false] as const), ...added.map((name) => [name, true] as const)];
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

/** Whether there are networks that somebody has to attach the container to. */
export function namesNetworks({ networks = [] }: OptionRequest = {}): boolean {
  return networks.some((network) => network !== 'host' && network !== 'none');
}

function parseNetwork(request: OptionRequest): ContainerOptions['network'] {
  const { networks: [network] = [] } = request;
  if (namesNetworks(request)) return 'none';
  return network === undefined ? undefined : parseChoice('--network', network, ['host', 'none']);
}

function parseDns({ dns = [], dnsSearch = [] }: OptionRequest): ContainerOptions['dns'] {
  const [servers, search] = [dns, dnsSearch].map((typed) => typed.flatMap((one) => one.split(',')).filter((one) => one !== ''));
  if (!servers?.length && !search?.length) return undefined;
  return { ...(servers?.length ? { servers } : {}), ...(search?.length ? { search } : {}) };
}

function parseHosts(typed: readonly string[] = []): Record<string, string> | undefined {
  if (typed.length === 0) return undefined;
  const entries = typed.map((one) => {
    const at = one.indexOf(':');
    if (at <= 0) throw optionInvalid('--add-host', one, 'it must be NAME:ADDRESS', '--add-host db:10.0.0.7');
    return [one.slice(0, at), one.slice(at + 1)] as const;
  });
  return Object.fromEntries(entries);
}

function parseNamespaces({ ipc, uts, pid }: OptionRequest, userns = false): ContainerOptions['namespaces'] {
  if (pid !== undefined && pid !== 'private')
    throw optionInvalid('--pid', pid, 'the process namespace is always private: it is what ends all of a container', '--pid private');
  if (ipc === undefined && uts === undefined && !userns) return undefined;
  const choices = ['private', 'host'] as const;
  return {
    ...(ipc === undefined ? {} : { ipc: parseChoice('--ipc', ipc, choices) }),
    ...(uts === undefined ? {} : { uts: parseChoice('--uts', uts, choices) }),
    ...(userns ? { user: 'private' as const } : {}),
  };
}

function parseDevice(typed: string): { path: string; destination?: string } {
  const [path = '', destination, ...rest] = typed.split(':');
  if (!path.startsWith('/') || rest.length > 0)
    throw optionInvalid('--device', typed, 'it must be PATH[:DST], or vendor.com/class=name', '--device /dev/fuse');
  return { path, ...(destination === undefined ? {} : { destination: tidyDestination(`--device ${typed}`, destination) }) };
}

function parseLimits({ memory, cpus, pids }: OptionRequest): ContainerOptions['limits'] {
  if (memory === undefined && cpus === undefined && pids === undefined) return undefined;
  return {
    ...(memory === undefined ? {} : { memoryBytes: parseSize('--memory', memory) }),
    ...(cpus === undefined ? {} : { cpus: parseNumber('--cpus', cpus, /^\d{1,5}(?:\.\d{1,3})?$/) }),
    ...(pids === undefined ? {} : { pids: parseNumber('--pids-limit', pids, /^[1-9]\d{0,6}$/) }),
  };
}

function parseNumber(flag: string, typed: string, pattern: RegExp): number {
  if (!pattern.test(typed) || Number(typed) <= 0) throw optionInvalid(flag, typed, 'it must be a number above 0', `${flag} 2`);
  return Number(typed);
}

function parseChoice<const Choice extends string>(flag: string, typed: string, choices: readonly Choice[]): Choice {
  const choice = choices.find((one) => one === typed);
  if (choice === undefined) throw optionInvalid(flag, typed, `it must be ${choices.join(' or ')}`, `${flag} ${choices[0] ?? ''}`);
  return choice;
}

function orNone<T>(list: readonly T[]): T[] | undefined {
  return list.length === 0 ? undefined : [...list];
}

function withoutUndefined(options: ContainerOptions): ContainerOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as ContainerOptions;
}
