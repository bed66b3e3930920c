/**
 * The files below /etc that are about this container rather than about its image: who the user is, which name servers to ask,
 * which names are known. Each is the image's own with lines added, laid over it and read-only; the image stays as it is. What the
 * user or a plugin mounted at such a path stays.
 */
import { readFile } from 'node:fs/promises';
import { posix } from 'node:path';
import { systemCodeOf } from '#base/errors.js';
import type { Dns } from '../options.js';
import type { ContainerConfig } from '../shapes.js';
import { findLayer, findSource, layContent, resolvePath, type RootTree } from './root-tree.js';

/** Who the command is, inside. */
export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
}

const TEXT_BYTES_MAX = 1_048_576;
const OWN_HOSTS = '127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n';

export async function layGenerated(
  tree: RootTree,
  config: Pick<ContainerConfig, 'dns' | 'hosts' | 'mounts'>,
  account: Account,
): Promise<void> {
  const { dns, hosts, mounts } = config;
  const layOver = async (path: string, change: Change): Promise<void> => {
    if (!mounts.some(({ destination }) => destination === path)) await layChanged(tree, path, change);
  };
  await layOver('/etc/passwd', (text) => (text === undefined ? undefined : addUser(text, account)));
  await layOver('/etc/group', (text) => (text === undefined ? undefined : addGroup(text, account)));
  if (dns !== undefined) await layOver('/etc/resolv.conf', () => writeResolver(dns));
  if (hosts !== undefined) await layOver('/etc/hosts', (text = OWN_HOSTS) => addHosts(text, hosts));
}

/** Undefined where the image knows the uid. An image without the file does without users, and is not given one. */
export function addUser(text: string, { name, uid, gid, home }: Account): string | undefined {
  const lines = text.split('\n').map((line) => line.split(':'));
  if (lines.some(([, , known]) => known === String(uid))) return undefined;
  const free = lines.some(([known]) => known === name) ? `user${uid}` : name;
  return `${withLineEnd(text)}${free}:x:${uid}:${gid}::${home}:/bin/sh\n`;
}

export function addGroup(text: string, { name, gid }: Account): string | undefined {
  const lines = text.split('\n').map((line) => line.split(':'));
  if (lines.some(([, , known]) => known === String(gid))) return undefined;
  const free = lines.some(([known]) => known === name) ? `group${gid}` : name;
  return `${withLineEnd(text)}${free}:x:${gid}:\n`;
}

function writeResolver({ servers = [], search = [], options = [] }: Dns): string {
  return [
    ...(search.length === 0 ? [] : [`search ${search.join(' ')}`]),
    ...servers.map((server) => `nameserver ${server}`),
    ...(options.length === 0 ? [] : [`options ${options.join(' ')}`]),
    '',
  ].join('\n');
}

function addHosts(text: string, hosts: Readonly<Record<string, string>>): string {
  return `${withLineEnd(text)}${Object.entries(hosts)
    .map(([name, address]) => `${address}\t${name}\n`)
    .join('')}`;
}

function withLineEnd(text: string): string {
  return text === '' || text.endsWith('\n') ? text : `${text}\n`;
}

type Change = (text: string | undefined) => string | undefined;

async function layChanged(tree: RootTree, path: string, change: Change): Promise<void> {
  const resolved = await resolvePath(tree, path);
  if (resolved.entry !== undefined && resolved.entry.kind !== 'file') return;
  const text = change(resolved.entry === undefined ? undefined : await readText(tree, resolved.path));
  if (text !== undefined) await layContent(tree, resolved.path, { type: 'generated', text });
}

/** Undefined where set-up made it, and where it cannot be read. */
async function readText(tree: RootTree, path: string): Promise<string | undefined> {
  const { content, point, additions } = findLayer(tree, path);
  if ((content.type !== 'image' && content.type !== 'bind') || additions.has(path)) return undefined;
  try {
    const found = await findSource(content, posix.relative(point, path));
    if (found === undefined) return undefined;
    const bytes = await readFile(found.path);
    return bytes.length > TEXT_BYTES_MAX ? undefined : bytes.toString('utf8');
  } catch (thrown) {
    if (systemCodeOf(thrown) === undefined) throw thrown;
    return undefined;
  }
}
