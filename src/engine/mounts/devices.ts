/**
 * The container's /dev: a tmpfs of its own, with the host's harmless devices bound in, and pseudo-terminals of its own.
 *
 *      /dev/null zero full random urandom tty     binds of the host's
 *      /dev/fd stdin stdout stderr core ptmx      links
 *      /dev/pts  /dev/shm                         devpts (new instance), tmpfs
 *      /dev/console                               the command's terminal where there is one, the caller's or its own: ttyname(3)
 *                                                 finds it there, and the caller's other terminals stay out of reach
 */
import { existsSync } from 'node:fs';
import { addEntry, layContent, type RootTree } from './root-tree.js';

const BOUND = ['/dev/null', '/dev/zero', '/dev/full', '/dev/random', '/dev/urandom', '/dev/tty'];

const LINKS: Readonly<Record<string, string>> = {
  '/dev/fd': '/proc/self/fd',
  '/dev/stdin': '/proc/self/fd/0',
  '/dev/stdout': '/proc/self/fd/1',
  '/dev/stderr': '/proc/self/fd/2',
  '/dev/ptmx': 'pts/ptmx',
};

/** Which terminal the command has: by its path, or one that is made for it and mounted by whoever makes it. */
export type CommandTerminal = { readonly path: string } | 'own' | undefined;

/** Fills /dev, which must be laid. */
export async function layDevices(tree: RootTree, terminal: CommandTerminal): Promise<void> {
  for (const [path, target] of Object.entries(LINKS)) await addEntry(tree, path, { kind: 'link', target });
  for (const device of BOUND.filter((path) => existsSync(path))) await layDevice(tree, device, device);
  if (terminal === 'own') await addEntry(tree, '/dev/console', { kind: 'file' });
  else if (terminal !== undefined) await layDevice(tree, '/dev/console', terminal.path);
  await layContent(tree, '/dev/pts', { type: 'pts' });
  await layContent(tree, '/dev/shm', { type: 'tmpfs', mode: 0o1777, readOnly: false });
}

async function layDevice(tree: RootTree, path: string, source: string): Promise<void> {
  await layContent(tree, path, { type: 'bind', source, isDirectory: false, readOnly: false });
}
