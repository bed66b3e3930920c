/**
 * From the planned tree to what is made in the session directory and what is mounted; pure.
 *
 *      SESSION/root         where the container's root is mounted together
 *      SESSION/lower/N      layer N's source, when an overlay needs it (its path is then a simple one: no escapes in options)
 *      SESSION/lower/N-1…   what lies over that one, the last on top
 *      SESSION/writable     the directory on a disk that keeps what is written, instead of memory/0
 *      SESSION/memory/N     layer N's memory, a tmpfs; for a writable image with upper/ and work/
 *      SESSION/memory/points/N   the mount points and links that layer N lacks: the overlay's lowest layer, so that the
 *                           image's own directories keep their owner and mode
 *      SESSION/memory/points/text-N   the generated file that layer N is
 *      SESSION/skeleton     what is copied into memory/ once that is mounted
 *      SESSION/overlay/N    layer N as the program of a driver lays it together, where the kernel does not
 */
import { posix } from 'node:path';
import type { Identity } from '../runtimes/identity.js';
import { overlayDisabled, overlayRefused } from '../errors.js';
import type { FstabLine } from './fstab.js';
import { mountProc, mountPts, mountSys, shadowTerminals } from './kernel.js';
import type { MountedFileSystem } from './mount-table.js';
import type { Content, Entry, Layer, RootTree } from './root-tree.js';

export interface MountLayout {
  /** Directories of the session, relative to it. */
  readonly directories: readonly Directory[];
  /** Empty files and links in them, relative to the session. */
  readonly files: readonly string[];
  readonly links: ReadonlyMap<string, string>;
  /** Files with their text. */
  readonly texts: ReadonlyMap<string, string>;
  /** Mounted first, after which the session is a mount of its own; then the skeleton is copied into the memory. */
  readonly memory: readonly FstabLine[];
  readonly mounts: readonly FstabLine[];
  /** Where drivers lay the overlays: what must be mounted before them, and what each of them is. */
  readonly lowers: readonly FstabLine[];
  readonly overlays: readonly OverlayPlace[];
}

/** Relative to the session, in which the program stands. */
export interface OverlayPlace {
  /** Where it is in the container. */
  readonly point: string;
  /** Absolute. */
  readonly target: string;
  readonly lower: string;
  readonly writable?: { readonly upper: string; readonly work: string } | undefined;
}

export interface Directory {
  readonly path: string;
  readonly mode: number;
  readonly owner?: { readonly uid: number; readonly gid: number } | undefined;
}

export interface LayoutContext {
  /** Absolute. */
  readonly session: string;
  readonly identity: Identity;
  /** The mount that a directory of the host is in, and those below it. */
  readonly findBoundMounts: (directory: string) => readonly MountedFileSystem[];
  /** Who lays directories over one another; `nobody` refuses, and so does `copy`, since a copy needs nothing laid over it. */
  readonly overlays: 'kernel' | 'driver' | 'copy' | 'nobody';
  /** Whether the session has been hidden already, by `hideSession`. */
  readonly isHidden: boolean;
}

const GUARDED = ['nosuid', 'nodev'];

export function layOut(tree: RootTree, context: LayoutContext): MountLayout {
  const layers = tree.layers;
  const directories: Directory[] = [{ path: 'root', mode: 0o755 }];
  for (const kind of ['lower', 'skeleton', 'memory', 'memory/points']) directories.push({ path: kind, mode: 0o755 });
  const files: string[] = [];
  const links = new Map<string, string>();
  const texts = new Map<string, string>();
  for (const layer of layers) {
    directories.push(...directoriesOf(layer, context));
    if (layer.content.type === 'generated') texts.set(`skeleton/${textOf(layer)}`, layer.content.text);
    for (const [path, entry] of isCopy(layer.content) ? [] : sortByPath(layer.additions)) {
      const inSession = posix.join(
        isInMemory(layer.content) ? `skeleton/${layer.number}` : `skeleton/points/${layer.number}`,
        posix.relative(layer.point, path),
      );
      if (entry.kind === 'directory') directories.push({ path: inSession, mode: 0o755 });
      else if (entry.kind === 'link') links.set(inSession, entry.target);
      else files.push(inSession);
    }
  }
  const overlaid = layers.filter(needsOverlay);
  const [refused] = context.overlays === 'nobody' || context.overlays === 'copy' ? overlaid : [];
  if (refused !== undefined) throw context.overlays === 'nobody' ? overlayDisabled(refused.point) : uncopied(refused.point);
  const byDriver = context.overlays === 'driver' ? overlaid : [];
  const hiding = context.isHidden ? [] : hideSession(context.session);
  const points: FstabLine = {
    source: 'tmpfs',
    target: `${context.session}/memory/points`,
    type: 'tmpfs',
    options: ['mode=755', ...GUARDED],
  };
  const memory = [...hiding, points, ...layers.flatMap((layer) => mountMemory(layer, context))];
  return {
    directories,
    files,
    links,
    texts,
    memory,
    mounts: [...layers.flatMap((layer) => mountLayer(layer, context)), ...shadowTerminals(`${context.session}/root`)],
    lowers: byDriver.flatMap((layer) => bindLower(layer, context)),
    overlays: byDriver.map((layer) => placeOverlay(layer, context)),
  };
}

/**
 * A bind of `/` would else show what is being mounted here, the image writable among it. What is itself unbindable cannot
 * be an overlay's layer either, so that the points get a mount of their own.
 */
export function hideSession(session: string): FstabLine[] {
  return [{ source: session, target: session, type: 'none', options: ['bind', 'unbindable'] }];
}

/** Relative to the skeleton, and to the memory into which that is copied. */
function textOf({ number }: Layer): string {
  return `points/text-${number}`;
}

/** Whether what set-up adds is copied into memory, rather than shown through an overlay. */
function isInMemory(content: Content): boolean {
  return content.type === 'tmpfs';
}

function isCopy(content: Content): boolean {
  return content.type === 'image' && content.isCopy === true;
}

function isWritableImage(content: Content): content is Content & { type: 'image' } {
  return content.type === 'image' && !content.readOnly && !isCopy(content);
}

function needsOverlay({ content, additions }: Layer): boolean {
  if (content.type !== 'image' && content.type !== 'bind') return false;
  return isWritableImage(content) || (additions.size > 0 && !isCopy(content)) || overOf(content).length > 0;
}

function overOf(content: Content): readonly string[] {
  return content.type === 'image' ? (content.over ?? []).map(({ source }) => source) : [];
}

/** Where what is written goes, relative to the session. */
function upperOf({ number, content }: Layer): OverlayPlace['writable'] {
  if (!isWritableImage(content)) return undefined;
  const place = content.kept === undefined ? `memory/${number}` : 'writable';
  return { upper: `${place}/upper`, work: `${place}/work` };
}

function uncopied(point: string): Error {
  return overlayRefused(`${point} lacks mount points, and only the image itself can be copied`);
}

function directoriesOf(layer: Layer, { identity, overlays }: LayoutContext): Directory[] {
  const { number, content } = layer;
  const directories: Directory[] = [];
  if (content.type === 'tmpfs')
    directories.push({ path: `skeleton/${number}`, mode: content.mode }, { path: `memory/${number}`, mode: 0o755 });
  if (isWritableImage(content) && content.kept !== undefined) directories.push({ path: 'writable', mode: 0o755 });
  else if (isWritableImage(content)) {
    const owner = identity === 'root' ? { uid: content.ownerUid, gid: content.ownerGid } : undefined;
    directories.push({ path: `skeleton/${number}`, mode: 0o755 }, { path: `memory/${number}`, mode: 0o755 });
    directories.push({ path: `skeleton/${number}/upper`, mode: content.mode, owner }, { path: `skeleton/${number}/work`, mode: 0o755 });
  }
  if (needsOverlay(layer)) for (const path of lowersOf(layer)) directories.push({ path, mode: 0o755 });
  if (needsOverlay(layer) && overlays === 'driver') directories.push({ path: `overlay/${number}`, mode: 0o755 });
  if (needsOverlay(layer) && layer.additions.size > 0) directories.push({ path: `skeleton/points/${number}`, mode: 0o755 });
  return directories;
}

function mountMemory({ number, content }: Layer, { session }: LayoutContext): FstabLine[] {
  if (content.type !== 'tmpfs' && !(isWritableImage(content) && content.kept === undefined)) return [];
  const size = content.sizeBytes === undefined ? [] : [`size=${content.sizeBytes}`];
  return [{ source: 'tmpfs', target: `${session}/memory/${number}`, type: 'tmpfs', options: ['mode=755', ...GUARDED, ...size] }];
}

function mountLayer(layer: Layer, context: LayoutContext): FstabLine[] {
  const { number, point, content } = layer;
  const root = `${context.session}/root`;
  const target = point === '/' ? root : `${root}${point}`;
  switch (content.type) {
    case 'proc':
      return mountProc(root, context.identity === 'root');
    case 'sys':
      return mountSys(root, context.identity === 'root');
    case 'pts':
      return mountPts(root);
    case 'tmpfs':
      return [bind(`${context.session}/memory/${number}`, target), ...(content.readOnly ? [remount(target, ['ro', ...GUARDED])] : [])];
    case 'generated':
      return [bind(`${context.session}/memory/${textOf(layer)}`, target), remount(target, ['ro', ...GUARDED])];
    case 'bind':
    case 'image':
      return needsOverlay(layer) ? mountOverlay(layer, { target, context }) : mountSource(content, { target, context });
  }
}

function mountSource(
  content: Content & { type: 'bind' | 'image' },
  { target, context }: { target: string; context: LayoutContext },
): FstabLine[] {
  const guards = content.type === 'image' ? GUARDED : (content.flags ?? []);
  const mounted = bind(content.source, target);
  const wanted = [...(content.readOnly ? ['ro'] : []), ...guards];
  if (wanted.length === 0) return [mounted];
  const [around, ...below] = context.findBoundMounts(content.source);
  const inner = below.filter((mount) => wanted.some((flag) => !mount.flags.includes(flag)));
  return [
    mounted,
    remount(target, [...wanted, ...keptFlags(around)]),
    ...inner.map((mount) => remount(posix.join(target, posix.relative(content.source, mount.point)), [...wanted, ...keptFlags(mount)])),
  ];
}

/** Those that a user namespace may not clear; the kernel keeps the others by itself. */
function keptFlags(mount: MountedFileSystem | undefined): string[] {
  return (mount?.flags ?? []).filter((flag) => flag === 'ro' || flag === 'nosuid' || flag === 'nodev' || flag === 'noexec');
}

/** Relative paths: the mounting shell stands in the session. Without upperdir an overlay is read-only. */
function mountOverlay(layer: Layer, { target, context }: { target: string; context: LayoutContext }): FstabLine[] {
  const { content } = layer;
  if (context.overlays === 'driver') {
    const kept = content.type === 'bind' ? (content.flags ?? []) : [];
    const options = [...new Set(['remount', 'bind', ...(isWritableImage(content) ? [] : ['ro']), ...GUARDED, ...kept])];
    return [bind(placeOverlay(layer, context).target, target), { source: 'none', target, type: 'none', options }];
  }
  const lower = lowerOf(layer);
  const written = upperOf(layer);
  const upper = written === undefined ? ['ro'] : [`upperdir=${written.upper}`, `workdir=${written.work}`];
  const flags = content.type === 'bind' ? (content.flags ?? []) : [];
  // Also to read what a container of an ordinary user has left in its layer.
  const unprivileged = (written !== undefined || overOf(content).length > 0) && context.identity !== 'root' ? ['userxattr'] : [];
  return [
    ...bindLower(layer, context),
    {
      source: 'overlay',
      target,
      type: 'overlay',
      options: [`lowerdir=${lower}`, ...upper, ...unprivileged, ...new Set([...GUARDED, ...flags])],
    },
  ];
}

/** The topmost first. */
function lowerOf(layer: Layer): string {
  const lowers = lowersOf(layer);
  return [...lowers.toReversed(), ...(layer.additions.size > 0 ? [`memory/points/${layer.number}`] : [])].join(':');
}

function lowersOf({ number, content }: Layer): string[] {
  return [`lower/${number}`, ...overOf(content).map((_, index) => `lower/${number}-${index + 1}`)];
}

function bindLower(layer: Layer, { session }: LayoutContext): FstabLine[] {
  const { content } = layer;
  if (content.type !== 'image' && content.type !== 'bind') return [];
  const places = lowersOf(layer);
  const kept = isWritableImage(content) && content.kept !== undefined ? [bind(content.kept, `${session}/writable`)] : [];
  return [...[content.source, ...overOf(content)].map((source, index) => bind(source, `${session}/${places[index] ?? ''}`)), ...kept];
}

function placeOverlay(layer: Layer, { session }: LayoutContext): OverlayPlace {
  const { number, point } = layer;
  return { point, target: `${session}/overlay/${number}`, lower: lowerOf(layer), writable: upperOf(layer) };
}

/** Recursive: in a user namespace the kernel refuses to show a directory without what is mounted below it. */
function bind(source: string, target: string): FstabLine {
  return { source, target, type: 'none', options: ['rbind'] };
}

/** A second step: `bind,ro` in one is refused where the source has flags that a user namespace may not clear (util-linux 2.38). */
function remount(target: string, flags: readonly string[]): FstabLine {
  return { source: 'none', target, type: 'none', options: [...new Set(['remount', 'bind', ...flags])] };
}

function sortByPath(additions: ReadonlyMap<string, Entry>): [string, Entry][] {
  return [...additions].toSorted(([one], [other]) => (one < other ? -1 : 1));
}
