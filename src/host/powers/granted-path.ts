/**
 * Where a path truly leads, and whether that was granted.
 *
 * What a plugin names is found first and held (`hold`), then the kernel is asked where the held thing is (`realPathOf`), and
 * that is compared with where the grants are (`isGranted`). The held thing is what is used, so that nothing is gained by
 * changing names in between. Real paths are bytes, one character each ("latin1"): names that are not UTF-8, or that differ only
 * in how Unicode composes them, stay different.
 */
import { constants } from 'node:fs';
import { lstat, open, readlink, type FileHandle } from 'node:fs/promises';
import { systemCodeOf } from '#base/errors.js';

/** Linux's O_PATH, which Node does not name: the file is found and held, but not opened; a FIFO does not block, a device does not act. */
const O_PATH = 0o10000000;
/** As in the kernel. */
const linksMax = 40;

/** Holds what `path` names, links followed; a file, a directory or anything else. Throws the system's error. */
export function hold(path: string, kind: 'anything' | 'directory' = 'anything'): Promise<FileHandle> {
  return open(path, O_PATH | (kind === 'directory' ? constants.O_DIRECTORY : 0));
}

/** The path by which what is held can be used, whatever its names are by now. */
export function pathOf(held: FileHandle): string {
  return `/proc/self/fd/${held.fd}`;
}

/** Where the kernel says that it is, as bytes. */
export function realPathOf(held: FileHandle): Promise<string> {
  return readlink(pathOf(held), 'latin1');
}

export function bytesOf(path: string): string {
  return Buffer.from(path).toString('latin1');
}

/** Whether `real`, as bytes, is one of the grants or below one. */
export async function isGranted(real: string, grants: readonly string[]): Promise<boolean> {
  for (const grant of grants) {
    const realGrant = await findGrant(grant);
    if (realGrant !== undefined && isWithin(real, realGrant)) return true;
  }
  return false;
}

/**
 * Whether `real`, as bytes, is one of these directories or below one, whoever owns the links on the way to them: they are the
 * host's own words, and what is closed stays closed where one is a link of somebody else.
 */
export async function isWithinAny(real: string, directories: readonly string[]): Promise<boolean> {
  for (const directory of directories) {
    if (isWithin(real, bytesOf(directory))) return true;
    const held = await hold(directory, 'directory').catch(() => undefined);
    if (held === undefined) continue;
    try {
      if (isWithin(real, await realPathOf(held))) return true;
    } finally {
      await held.close();
    }
  }
  return false;
}

/** Both are canonical: the contract's schema, or the kernel's answer. */
export function isWithin(path: string, grant: string): boolean {
  return path === grant || path.startsWith(grant === '/' ? '/' : `${grant}/`);
}

/**
 * Where a grant is, as bytes. The operator may have granted a link, such as `/etc/os-release`; it is followed if it is root's or
 * the caller's own. Whoever else owns one could turn the grant to a place of their choice: such a grant leads nowhere.
 */
async function findGrant(grant: string): Promise<string | undefined> {
  const names = bytesOf(grant).split('/');
  let real = '';
  let links = 0;
  for (let name = names.shift(); name !== undefined; name = names.shift()) {
    if (name === '' || name === '.') continue;
    if (name === '..') {
      real = real.slice(0, Math.max(0, real.lastIndexOf('/')));
      continue;
    }
    const next = `${real}/${name}`;
    const target = await readTrustedLink(next);
    if (target === 'missing') return [next, ...names].join('/');
    if (target === 'untrusted') return undefined;
    if (target === 'no link') {
      real = next;
      continue;
    }
    if ((links += 1) > linksMax) return undefined;
    if (target.to.startsWith('/')) real = '';
    names.unshift(...target.to.split('/'));
  }
  return real === '' ? '/' : real;
}

async function readTrustedLink(path: string): Promise<'no link' | 'missing' | 'untrusted' | { readonly to: string }> {
  const bytes = Buffer.from(path, 'latin1');
  try {
    const before = await lstat(bytes, { bigint: true });
    if (!before.isSymbolicLink()) return 'no link';
    const owner = Number(before.uid);
    if (owner !== 0 && owner !== process.geteuid?.()) return 'untrusted';
    const to = await readlink(bytes, 'latin1');
    // Else what was read may be another link than what was judged.
    const after = await lstat(bytes, { bigint: true });
    return before.ino === after.ino && before.ctimeNs === after.ctimeNs ? { to } : 'untrusted';
  } catch (error) {
    return systemCodeOf(error) === 'ENOENT' ? 'missing' : 'untrusted';
  }
}
