/**
 * The container's root as it will be, before anything is mounted: layers over one another, and what set-up adds to each.
 *
 *      /            image      /srv/images/a      + /proc /sys (missing there, so added)
 *      /dev         tmpfs                         + null zero fd -> /proc/self/fd …
 *      /dev/null    bind       /dev/null
 *      /data        bind       /home/ann/data
 *
 * Symbolic links of the image are followed here, inside this tree: mount(8) would follow them on the host, and an image
 * with `data -> /etc` would make it mount over the host's /etc, from which the next program of the host then reads.
 */
import { lstat, readlink, stat } from 'node:fs/promises';
import { posix } from 'node:path';
import { systemCodeOf } from '#base/errors.js';
import { imageUnreadable, mountPointMismatch, mountPointMissing } from '../errors.js';
import { isInside } from './destinations.js';

/** A directory that lies over the image. */
export interface LayerDirectory {
  readonly source: string;
  /** By which to read it here, where `source` is a path in the session's mount namespace. */
  readonly view?: string | undefined;
}

export type Content =
  | {
      readonly type: 'image';
      readonly source: string;
      /** By which to read it here, where `source` is a path in the session's mount namespace. */
      readonly view?: string | undefined;
      readonly readOnly: boolean;
      readonly ownerUid: number;
      readonly ownerGid: number;
      readonly mode: number;
      /** Of what is written over it. */
      readonly sizeBytes?: number | undefined;
      /** What lies over it and is only read; the last one is on top. */
      readonly over?: readonly LayerDirectory[] | undefined;
      /** Where what is written over it stays; in memory where absent. See kept-layer.ts. */
      readonly kept?: string | undefined;
      /** It is this container's own: written to as it is, and what set-up adds is added there. */
      readonly isCopy?: boolean | undefined;
    }
  | {
      readonly type: 'bind';
      readonly source: string;
      readonly isDirectory: boolean;
      readonly readOnly: boolean;
      /** `nosuid`, `nodev`, `noexec`. */
      readonly flags?: readonly string[] | undefined;
    }
  | { readonly type: 'generated'; readonly text: string }
  | { readonly type: 'tmpfs'; readonly mode: number; readonly readOnly: boolean; readonly sizeBytes?: number | undefined }
  | KernelContent;

interface KernelContent {
  readonly type: 'proc' | 'sys' | 'pts';
}

export type Entry = { readonly kind: 'directory' | 'file' | 'opaque' } | { readonly kind: 'link'; readonly target: string };

export interface Layer {
  /** Names its directories in the session. */
  readonly number: number;
  /** Where it is in the container; no part of it is a symbolic link. */
  readonly point: string;
  readonly content: Content;
  /** What set-up adds to it, by path in the container; never in the source, always in front of or behind it. */
  readonly additions: Map<string, Entry>;
}

/** Parents before children; the first is the root. */
export interface RootTree {
  layers: [Layer, ...Layer[]];
  nextNumber: number;
}

const LINKS_MAX = 40;

export function createTree(root: Content): RootTree {
  return { layers: [{ number: 0, point: '/', content: root, additions: new Map() }], nextNumber: 1 };
}

/** Lays `content` over what is at `path`, which must be resolved. What it hides is not mounted at all. */
export async function layContent(tree: RootTree, path: string, content: Content): Promise<void> {
  const wanted = content.type === 'generated' || (content.type === 'bind' && !content.isDirectory) ? 'file' : 'directory';
  const present = await readEntry(tree, path);
  if (present === undefined) await addEntry(tree, path, { kind: wanted });
  else if (present.kind !== wanted)
    throw mountPointMismatch(path, `it is a ${present.kind} in the image, and what is to be mounted is a ${wanted}`);
  const [root, ...others] = tree.layers;
  const visible = others.filter((layer) => !isInside(layer.point, path));
  tree.layers = [root, ...visible, { number: tree.nextNumber, point: path, content, additions: new Map() }];
  tree.nextNumber += 1;
}

/** Adds what is missing at `path`, and the directories above it. */
export async function addEntry(tree: RootTree, path: string, entry: Entry): Promise<void> {
  const layer = findLayer(tree, path);
  if (layer.content.type === 'bind' && !layer.content.readOnly) throw mountPointMissing(path, layer.point);
  if (isKernels(layer.content)) throw mountPointMismatch(path, `${layer.point} belongs to the kernel`);
  await refuseRemoved(layer, path);
  for (let parent = posix.dirname(path); parent !== layer.point && isInside(parent, layer.point); parent = posix.dirname(parent)) {
    if ((await readEntry(tree, parent)) !== undefined) continue;
    await refuseRemoved(layer, parent);
    layer.additions.set(parent, { kind: 'directory' });
  }
  layer.additions.set(path, entry);
}

/** Follows every symbolic link, as a process inside would. `entry` is undefined where nothing is there. */
export async function resolvePath(tree: RootTree, path: string): Promise<{ path: string; entry: Entry | undefined }> {
  let names = path.split('/').filter(isName);
  let current = '/';
  let entry: Entry | undefined = { kind: 'directory' };
  for (let links = 0; names.length > 0;) {
    const [name = '', ...rest] = names;
    const next = posix.join(current, name);
    entry = await readEntry(tree, next);
    if (entry === undefined || entry.kind === 'opaque') return { path: posix.join(next, ...rest), entry };
    if (entry.kind === 'file' && rest.length > 0) throw mountPointMismatch(path, `${next} is a file in the image`);
    if (entry.kind === 'link') {
      links += 1;
      if (links > LINKS_MAX) throw mountPointMismatch(path, 'its symbolic links in the image lead in a circle');
      names = [...entry.target.split('/').filter(isName), ...rest];
      if (entry.target.startsWith('/')) current = '/';
      entry = { kind: 'directory' };
    } else {
      current = next;
      names = rest;
    }
  }
  return { path: current, entry };
}

function isName(part: string): boolean {
  return part !== '' && part !== '.';
}

/** What is at `path` itself; no symbolic link is followed, and no directory of `path` may be one. */
export async function readEntry(tree: RootTree, path: string): Promise<Entry | undefined> {
  const { point, content, additions } = findLayer(tree, path);
  if (isKernels(content)) return path === point ? { kind: 'directory' } : { kind: 'opaque' };
  const added = additions.get(path);
  if (added !== undefined) return added;
  if (content.type === 'tmpfs') return path === point ? { kind: 'directory' } : undefined;
  if (content.type === 'generated') return path === point ? { kind: 'file' } : undefined;
  const found = await findSource(content, posix.relative(point, path));
  return found?.entry;
}

/** What set-up adds lies below all layers: it would not be seen where one of them says that nothing is there. */
async function refuseRemoved({ point, content }: Layer, path: string): Promise<void> {
  if (content.type !== 'image' || (await findInLayers(content, posix.relative(point, path)))?.entry !== 'removed') return;
  throw mountPointMismatch(path, 'it was removed from the image, in a layer that lies over it');
}

/** By which to read here what is at `relative` in a layer; undefined where nothing is. */
export async function findSource(
  content: Content & { readonly type: 'image' | 'bind' },
  relative: string,
): Promise<{ readonly path: string; readonly entry: Entry } | undefined> {
  const found = await findInLayers(content, relative);
  return found === undefined || found.entry === 'removed' ? undefined : { path: found.path, entry: found.entry };
}

async function findInLayers(
  content: Content & { readonly type: 'image' | 'bind' },
  relative: string,
): Promise<{ readonly path: string; readonly entry: Entry | 'removed' } | undefined> {
  for (const source of sourcesSeen(content)) {
    const path = posix.join(source, relative);
    const entry = await readHostEntry(path, relative === '');
    if (entry !== undefined) return { path, entry };
  }
  return undefined;
}

/** Those on top first. A directory that hides all below it looks like any other from here: its attribute cannot be read. */
function sourcesSeen(content: Content & { readonly type: 'image' | 'bind' }): string[] {
  if (content.type === 'bind') return [content.source];
  const { source, view = source, over = [], kept } = content;
  return [...(kept === undefined ? [] : [`${kept}/upper`]), ...over.map((layer) => layer.view ?? layer.source).toReversed(), view];
}

function isKernels(content: Content): content is KernelContent {
  return content.type === 'proc' || content.type === 'sys' || content.type === 'pts';
}

export function findLayer(tree: RootTree, path: string): Layer {
  let deepest: Layer = tree.layers[0];
  for (const layer of tree.layers) {
    if (isInside(path, layer.point) && layer.point.length >= deepest.point.length) deepest = layer;
  }
  return deepest;
}

/** The source itself is followed, as mount(8) does; what is below it is not. */
async function readHostEntry(path: string, isSource: boolean): Promise<Entry | 'removed' | undefined> {
  try {
    const stats = await (isSource ? stat(path) : lstat(path));
    if (stats.isCharacterDevice() && stats.rdev === 0) return 'removed';
    if (stats.isSymbolicLink()) return { kind: 'link', target: await readlink(path) };
    return { kind: stats.isDirectory() ? 'directory' : 'file' };
  } catch (thrown) {
    if (systemCodeOf(thrown) === 'ENOENT' || systemCodeOf(thrown) === 'ENOTDIR') return undefined;
    throw imageUnreadable(path, thrown);
  }
}
