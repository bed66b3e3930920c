/**
 * What layers come to, in memory: applied from the lowest to the topmost, without their content. Names alone decide, nothing is on the
 * disk yet, so that nothing of an entry can be followed anywhere. Refused is, and with it the whole image:
 *
 *      name        absolute, "..", NUL, too long or too deep, twice in one layer (directories may be)
 *      through     a file or a link as if it were a directory
 *      link        a hard link to what is not there before it, or to a directory; a symbolic link without a target
 *      whiteout    of "." or ".."
 *
 * `.wh.NAME` hides NAME of the layers below, `.wh..wh..opq` all that they have in its directory; of its own layer it hides nothing.
 */
import { DEPTH_MAX, ID_MAX, NAME_BYTES_MAX, PATH_BYTES_MAX } from '#base/archive-rules.js';
import type { TarEntry } from '../tar/read.js';
import { SECONDS_MAX } from './limits.js';
import { RefusedLayer, shown } from './refused.js';

export interface Attributes {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtimeSeconds: number;
  /** Those that are kept. */
  readonly xattrs: ReadonlyMap<string, string>;
}

/** What a path leads to; hard links lead to the same one. */
export type Node = DirectoryNode | FileNode | OtherNode;

export interface DirectoryNode {
  readonly kind: 'directory';
  attributes: Attributes;
  readonly children: Map<string, Place>;
}

export interface FileNode {
  readonly kind: 'file';
  readonly attributes: Attributes;
  readonly sizeBytes: number;
  /** Where its content is: the layer, and the number of the entry in it. */
  readonly layer: number;
  readonly entry: number;
}

export interface OtherNode {
  readonly kind: 'symlink' | 'character' | 'block' | 'fifo';
  readonly attributes: Attributes;
  readonly target: string;
  readonly major: number;
  readonly minor: number;
}

/** A name in a directory. */
interface Place {
  /** The layer that put it there. */
  layer: number;
  node: Node;
}

const WHITEOUT = '.wh.';
const OPAQUE = '.wh..wh..opq';
/** Notes of aufs to itself. */
const AUFS = '.wh..wh.';
/** What a directory has that no layer names. */
const IMPLIED: Attributes = { mode: 0o755, uid: 0, gid: 0, mtimeSeconds: 0, xattrs: new Map() };

export function createTree(): DirectoryNode {
  return { kind: 'directory', attributes: IMPLIED, children: new Map() };
}

export interface Position {
  readonly layer: number;
  /** The number of the entry in its layer. */
  readonly entry: number;
}

/** Layers in their order, entries in theirs. Names are bytes, as latin1. Answers with the file that the entry brings, where it brings one. */
export function applyEntry(root: DirectoryNode, entry: TarEntry, position: Position): FileNode | undefined {
  const parts = readPath(entry.name);
  const name = parts.at(-1);
  if (name === undefined) {
    if (entry.type !== 'directory') throw refuse(entry, 'it is the root of the image, and no directory');
    root.attributes = attributesOf(entry);
    return undefined;
  }
  if (name.startsWith(WHITEOUT)) {
    applyWhiteout(root, { parts, name, entry }, position);
    return undefined;
  }
  const node = entry.type === 'hardlink' ? findTarget(root, entry) : makeNode(entry, position);
  const { children } = openParents(root, parts, { entry, layer: position.layer });
  const present = children.get(name);
  if (present !== undefined && present.node.kind === 'directory' && node.kind === 'directory') {
    present.layer = position.layer;
    present.node.attributes = node.attributes;
    return undefined;
  }
  if (present?.layer === position.layer) throw refuse(entry, 'it is there twice');
  children.set(name, { layer: position.layer, node });
  return entry.type === 'file' && node.kind === 'file' ? node : undefined;
}

interface Whiteout {
  readonly parts: readonly string[];
  readonly name: string;
  readonly entry: TarEntry;
}

function applyWhiteout(root: DirectoryNode, { parts, name, entry }: Whiteout, { layer }: Position): void {
  const parent = findNode(root, parts.slice(0, -1));
  if (name === OPAQUE) {
    if (parent?.kind === 'directory') hideBelow(parent, layer);
    return;
  }
  if (name.startsWith(AUFS)) return;
  const hidden = name.slice(WHITEOUT.length);
  if (hidden === '' || hidden === '.' || hidden === '..') throw refuse(entry, 'it hides a name that is none');
  if (parent?.kind === 'directory') hide(parent, hidden, layer);
}

/** What the layer itself put there stays, and so do the directories that lead to it. */
function hide({ children }: DirectoryNode, name: string, layer: number): void {
  const place = children.get(name);
  if (place === undefined) return;
  if (place.node.kind === 'directory') hideBelow(place.node, layer);
  const isEmpty = place.node.kind !== 'directory' || place.node.children.size === 0;
  if (place.layer < layer && isEmpty) children.delete(name);
}

function hideBelow(directory: DirectoryNode, layer: number): void {
  for (const name of [...directory.children.keys()]) hide(directory, name, layer);
}

/** Makes the directories above that no layer names. */
function openParents(root: DirectoryNode, parts: readonly string[], { entry, layer }: { entry: TarEntry; layer: number }): DirectoryNode {
  let directory = root;
  for (const [index, part] of parts.slice(0, -1).entries()) {
    const place: Place = directory.children.get(part) ?? { layer, node: createTree() };
    const { node } = place;
    if (node.kind !== 'directory')
      throw refuse(entry, `"${shown(parts.slice(0, index + 1).join('/'))}" above it is a ${describeKind(node)}`);
    directory.children.set(part, place);
    directory = node;
  }
  return directory;
}

function findTarget(root: DirectoryNode, entry: TarEntry): Node {
  const node = findNode(root, readPath(entry.linkName));
  if (node === undefined || node.kind === 'directory') throw refuse(entry, 'it is a hard link to something that is no file before it');
  return node;
}

function findNode(root: DirectoryNode, parts: readonly string[]): Node | undefined {
  let node: Node | undefined = root;
  for (const part of parts) node = node?.kind === 'directory' ? node.children.get(part)?.node : undefined;
  return node;
}

function makeNode(entry: TarEntry, position: Position): Node {
  const attributes = attributesOf(entry);
  const { type, linkName: target, major, minor, sizeBytes } = entry;
  switch (type) {
    case 'directory':
      return { kind: type, attributes, children: new Map() };
    case 'file':
      return { kind: type, attributes, sizeBytes, ...position };
    case 'symlink':
      if (target === '' || target.includes('\0') || target.length > PATH_BYTES_MAX)
        throw refuse(entry, 'it is a link without a usable target');
      return { kind: type, attributes, target, major: 0, minor: 0 };
    case 'character':
    case 'block':
      if (!isWhole(major, 0xfff) || !isWhole(minor, 0xfffff)) throw refuse(entry, 'it is a device without usable numbers');
      return { kind: type, attributes, target: '', major, minor };
    case 'fifo':
      return { kind: type, attributes, target: '', major: 0, minor: 0 };
    case 'hardlink':
      throw new TypeError('a hard link is no node of its own');
  }
}

/** Empty for the root. */
function readPath(name: string): readonly string[] {
  const entry = { name };
  // umoci calls the root so.
  if (name === '/') return [];
  if (name.startsWith('/')) throw refuse(entry, 'its name is absolute');
  const parts = name.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.includes('..') || name === '') throw refuse(entry, 'its name leads elsewhere, or nowhere');
  if (name.includes('\0')) throw refuse(entry, 'its name has a NUL');
  if (name.length > PATH_BYTES_MAX || parts.length > DEPTH_MAX || parts.some((part) => part.length > NAME_BYTES_MAX))
    throw refuse(entry, 'its name is too long');
  return parts;
}

function attributesOf({ mode, uid, gid, mtimeSeconds, xattrs }: TarEntry): Attributes {
  return {
    mode: isWhole(mode, Number.MAX_SAFE_INTEGER) ? mode & 0o7777 : 0o644,
    uid: isWhole(uid, ID_MAX) ? uid : 0,
    gid: isWhole(gid, ID_MAX) ? gid : 0,
    mtimeSeconds: Math.min(SECONDS_MAX, Math.max(0, Math.floor(Number.isFinite(mtimeSeconds) ? mtimeSeconds : 0))),
    xattrs: xattrs.size === 0 ? xattrs : new Map([...xattrs].filter(([key]) => isKept(key))),
  };
}

/**
 * Capabilities of files, and what users wrote. Labels are of another machine; and what overlay file systems note to themselves would
 * make them show something else than the image.
 */
function isKept(key: string): boolean {
  return key === 'security.capability' || (/^user\.[^\0]{1,250}$/.test(key) && !key.startsWith('user.overlay.'));
}

function isWhole(value: number, max: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= max;
}

function describeKind({ kind }: Node): string {
  return kind === 'symlink' ? 'link' : kind === 'character' || kind === 'block' ? 'device' : kind;
}

function refuse({ name }: Pick<TarEntry, 'name'>, why: string): RefusedLayer {
  return new RefusedLayer(`its entry "${shown(name)}" is refused: ${why}`);
}
