/**
 * Paths that are resolved beneath a root, whatever happens there meanwhile. Each step is opened by one name in a directory that is
 * held open, and never through a symbolic link; links are read and walked by us, an absolute one from the root again, and ".." goes
 * back to the directory that was held before. So nobody who changes the tree can lead a step out of it.
 */
import { readlink } from 'node:fs/promises';
import { openChild, pathIn, type Directory } from '#base/held-directory.js';
import { containerErrors } from '../errors.js';

const LINKS_MAX = 40;
const NAMES_MAX = 4_096;

/** Where a path leads. `parent` and `directory` are to be closed by `close`. */
export type Resolved = { readonly close: () => Promise<void> } & (
  | { readonly kind: 'directory'; readonly directory: Directory }
  /** A file, or with `followLast: false` a symbolic link. */
  | { readonly kind: 'entry'; readonly parent: Directory; readonly name: string }
  /** Nothing is there, in a directory that is. */
  | { readonly kind: 'absent'; readonly parent: Directory; readonly name: string }
);

/** `root` stays the caller's. Throws where a step in the midst of the path is missing, or is no directory. */
export async function resolveBeneath(root: Directory, path: string, { followLast }: { followLast: boolean }): Promise<Resolved> {
  const held: Directory[] = [];
  const close = async (): Promise<void> => {
    for (const one of held.splice(0)) await one.close();
  };
  try {
    return { ...(await walk({ root, held, path, followLast })), close };
  } catch (thrown) {
    await close();
    throw thrown;
  }
}

/** What each kind of `Resolved` has beside `close`. */
type Found = Resolved extends infer One ? (One extends unknown ? Omit<One, 'close'> : never) : never;

interface Walk {
  readonly root: Directory;
  /** Those from below the root to where the walk is; whoever called closes them. */
  readonly held: Directory[];
  readonly path: string;
  readonly followLast: boolean;
}

async function walk({ root, held, path, followLast }: Walk): Promise<Found> {
  let names = namesOf(path);
  for (let links = 0; ;) {
    const [name, ...rest] = names;
    const here = held.at(-1) ?? root;
    if (name === undefined) return { kind: 'directory', directory: here };
    names = rest;
    if (name === '..') {
      await held.pop()?.close();
      continue;
    }
    const child = await openChild(here, name);
    if (child === undefined) {
      if (rest.length > 0) throw containerErrors.pathMissing(path);
      return { kind: 'absent', parent: here, name };
    }
    if (child.stats.isDirectory()) {
      held.push(child.handle);
      continue;
    }
    await child.handle.close();
    const isLast = rest.length === 0;
    if (child.stats.isSymbolicLink() && (followLast || !isLast)) {
      links += 1;
      const target = await readlink(pathIn(here, name));
      names = [...namesOf(target), ...rest];
      if (links > LINKS_MAX || names.length > NAMES_MAX) throw containerErrors.pathLoops(path);
      if (target.startsWith('/')) for (const one of held.splice(0)) await one.close();
      continue;
    }
    if (!isLast) throw containerErrors.pathMissing(path);
    return { kind: 'entry', parent: here, name };
  }
}

function namesOf(path: string): string[] {
  return path.split('/').filter((name) => name !== '' && name !== '.');
}
