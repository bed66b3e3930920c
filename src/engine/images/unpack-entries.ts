/**
 * Writes the entries of a tar into an empty directory of this run alone. What could lead out of it, or make of it something else than
 * files, directories and links, is refused, and with it the whole archive:
 *
 *      name        absolute, "..", ".", "//", control characters, too long, twice
 *      through     a file or a symbolic link as if it were a directory
 *      link        a symbolic link that climbs above the image, a hard link to anything but a file that came before
 *      type        devices, FIFOs, sparse files, whatever else there may be
 *      mode        setuid and setgid are left out: nobody gains privileges by them in a container, and the host shall not either
 */
import {
  chmodSync,
  chownSync,
  closeSync,
  fchmodSync,
  fchownSync,
  futimesSync,
  lchownSync,
  linkSync,
  mkdirSync,
  openSync,
  symlinkSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Entry, Extract, Headers } from 'tar-stream';
import { DEPTH_MAX, ID_MAX, NAME_BYTES_MAX, PATH_BYTES_MAX, showName, writeWhole } from '#base/archive-rules.js';
import type { UnpackLimits } from './unpack-limits.js';

const TAR_BLOCK_BYTES = 512;

export interface UnpackEntries {
  readonly directory: string;
  /** Whether owners can be kept. */
  readonly isRoot: boolean;
  readonly limits: Pick<UnpackLimits, 'entries'>;
  /** Told of each entry and of its content, in bytes of the archive, once they are written. */
  readonly onTaken: (bytes: number) => void;
}

/** Why an archive is refused. */
export class RefusedEntry extends Error {}

type Kind = 'directory' | 'file' | 'link';

interface Tree extends UnpackEntries {
  readonly kinds: Map<string, Kind>;
  /** What is set at the end: a directory without write permission could not be filled. */
  readonly modes: Map<string, number>;
  /** Directories that the archive itself names. */
  readonly named: Set<string>;
}

export async function unpackEntries(archive: Extract, options: UnpackEntries): Promise<void> {
  const tree: Tree = { ...options, kinds: new Map([['', 'directory']]), modes: new Map(), named: new Set() };
  mkdirSync(options.directory, { mode: 0o755 });
  let isEmpty = true;
  for await (const entry of archive) {
    isEmpty = false;
    await writeEntry(tree, entry);
    tree.onTaken(TAR_BLOCK_BYTES);
    if (tree.kinds.size > options.limits.entries) throw new RefusedEntry(`it has more than ${options.limits.entries} entries`);
  }
  if (isEmpty) throw new RefusedEntry('it is empty');
  for (const [path, mode] of [...tree.modes].toReversed()) chmodSync(join(options.directory, path), mode);
}

async function writeEntry(tree: Tree, entry: Entry): Promise<void> {
  const { header } = entry;
  const path = readPath(header.name, header.type === 'directory');
  if (Object.keys((header as { pax?: object | null }).pax ?? {}).some((key) => key.startsWith('GNU.sparse')))
    throw refuse(header, 'it is a sparse file');
  switch (header.type) {
    case 'directory':
      writeDirectory(tree, path, header);
      break;
    case 'file':
      await writeFile(tree, path, entry);
      return;
    case 'symlink':
      writeLink(tree, path, header);
      break;
    case 'link':
      writeHardLink(tree, path, header);
      break;
    default:
      throw refuse(header, 'it is a device, a FIFO or something else than a file, a directory or a link');
  }
  if ((header.size ?? 0) > 0) throw refuse(header, 'it has content, as only a file can have');
  entry.resume();
}

/** Of the image's own root: empty. Relative, without `.` and `..`. */
function readPath(name: string, isDirectory: boolean): string {
  const path = (isDirectory ? name.replace(/\/$/, '') : name).replace(/^\.(?:\/|$)/, '');
  if (path === '' && isDirectory) return '';
  const parts = path.split('/');
  const header = { name };
  if (path.startsWith('/')) throw refuse(header, 'its name is absolute');
  if (parts.some((part) => part === '' || part === '.' || part === '..')) throw refuse(header, 'its name leads elsewhere, or nowhere');
  if (/[\u0000-\u001f\u007f]/.test(path)) throw refuse(header, 'its name has control characters');
  if (
    Buffer.byteLength(path) > PATH_BYTES_MAX ||
    parts.length > DEPTH_MAX ||
    parts.some((part) => Buffer.byteLength(part) > NAME_BYTES_MAX)
  )
    throw refuse(header, 'its name is too long');
  return path;
}

/** Makes the directories above that the archive does not name. */
function openParents(tree: Tree, path: string, header: Pick<Headers, 'name'>): void {
  const parts = path.split('/').slice(0, -1);
  for (let depth = 1; depth <= parts.length; depth++) {
    const parent = parts.slice(0, depth).join('/');
    const kind = tree.kinds.get(parent);
    if (kind !== undefined && kind !== 'directory') throw refuse(header, `"${showName(parent)}" above it is a ${kind}`);
    if (kind === undefined) {
      mkdirSync(join(tree.directory, parent), { mode: 0o755 });
      tree.kinds.set(parent, 'directory');
      tree.modes.set(parent, 0o755);
    }
  }
}

function claim(tree: Tree, path: string, kind: Kind, header: Pick<Headers, 'name'>): string {
  openParents(tree, path, header);
  if (tree.kinds.has(path)) throw refuse(header, 'it is there twice');
  tree.kinds.set(path, kind);
  return join(tree.directory, path);
}

/** One that was made for what is below it may be named later, once. */
function writeDirectory(tree: Tree, path: string, header: Headers): void {
  const isMade = tree.kinds.get(path) === 'directory' && !tree.named.has(path);
  if (!isMade) mkdirSync(claim(tree, path, 'directory', header), { mode: 0o700 });
  tree.named.add(path);
  const mode = modeOf(header, 0o755);
  // Whoever is not root could not remove what is in a directory without these.
  tree.modes.set(path, tree.isRoot ? mode : mode | 0o700);
  if (tree.isRoot) chownSync(join(tree.directory, path), ...ownerOf(header));
}

async function writeFile(tree: Tree, path: string, entry: Entry): Promise<void> {
  const { header } = entry;
  const file = openSync(claim(tree, path, 'file', header), 'wx', 0o600);
  try {
    let end = 0;
    for await (const chunk of entry as AsyncIterable<Buffer>) {
      writeWhole(file, chunk, end);
      end += chunk.length;
      tree.onTaken(chunk.length);
    }
    if (tree.isRoot) fchownSync(file, ...ownerOf(header));
    fchmodSync(file, modeOf(header, 0o644));
    const seconds = (header.mtime?.getTime() ?? Number.NaN) / 1000;
    if (Number.isFinite(seconds) && seconds >= 0) futimesSync(file, seconds, seconds);
  } finally {
    closeSync(file);
  }
}

/** An absolute target is one inside the container; nobody on the host follows it. */
function writeLink(tree: Tree, path: string, header: Headers): void {
  const target = header.linkname ?? '';
  if (target === '' || target.includes('\0') || Buffer.byteLength(target) > PATH_BYTES_MAX)
    throw refuse(header, 'it is a link without a usable target');
  let depth = path.split('/').length - 1;
  for (const part of target.startsWith('/') ? [] : target.split('/')) {
    depth += part === '..' ? -1 : part === '' || part === '.' ? 0 : 1;
    if (depth < 0) throw refuse(header, 'it is a link that leads out of the image');
  }
  const place = claim(tree, path, 'link', header);
  symlinkSync(target, place);
  if (tree.isRoot) lchownSync(place, ...ownerOf(header));
}

function writeHardLink(tree: Tree, path: string, header: Headers): void {
  const target = readPath(header.linkname ?? '', false);
  if (tree.kinds.get(target) !== 'file') throw refuse(header, 'it is a hard link to something that is no file of the archive before it');
  linkSync(join(tree.directory, target), claim(tree, path, 'file', header));
}

function modeOf({ mode }: Headers, otherwise: number): number {
  return (mode ?? otherwise) & 0o1777;
}

function ownerOf({ uid, gid }: Headers): [uid: number, gid: number] {
  const idOf = (id: number | undefined): number => (id !== undefined && Number.isInteger(id) && id >= 0 && id <= ID_MAX ? id : 0);
  return [idOf(uid), idOf(gid)];
}

function refuse({ name }: Pick<Headers, 'name'>, why: string): RefusedEntry {
  return new RefusedEntry(`its entry "${showName(name)}" is refused: ${why}`);
}
