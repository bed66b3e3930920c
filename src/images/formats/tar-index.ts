/** Where the files of an archive stand in it. Content is passed over, not read. */
import { open, type FileHandle } from 'node:fs/promises';
import { systemCodeOf } from '#base/errors.js';
import { sourceUnreadable } from '../errors.js';
import { RefusedLayer } from '../layers/refused.js';
import { readAt, type FileRegion } from '../source.js';
import { BLOCK_BYTES, decodeHeader } from '../tar/header.js';
import { decodePax } from '../tar/pax.js';
import { paddingOf } from '../tar/read.js';

/** Of images with a thousand layers, three files each. */
const ENTRIES_MAX = 20_000;
const EXTENSION_BYTES_MAX = 65_536;
/** Docker's older archives name a layer that is there twice by a link. */
const LINKS_MAX = 8;

/** Finds a file by its name in the archive; follows links within it. */
export type FindInArchive = (name: string) => FileRegion | undefined;

export async function indexArchive(path: string): Promise<FindInArchive> {
  try {
    const file = await open(path, 'r');
    try {
      return finderOf(await readIndex(path, file));
    } finally {
      await file.close();
    }
  } catch (thrown) {
    throw explain(path, thrown);
  }
}

type Indexed = FileRegion | { readonly link: string };

async function readIndex(path: string, file: FileHandle): Promise<Map<string, Indexed>> {
  const { size } = await requireRegular(path, file);
  const found = new Map<string, Indexed>();
  let longName: string | undefined;
  for (let at = 0; at < size;) {
    const block = await readAt(file, at, BLOCK_BYTES);
    if (at === 0 && isCompressed(block)) throw sourceUnreadable(path, 'it is compressed; decompress it first, as with gunzip or zstd -d');
    const header = block.length < BLOCK_BYTES ? undefined : decodeHeader(block);
    if (header === undefined) return found;
    const { flag, sizeBytes } = header;
    const offset = at + BLOCK_BYTES;
    if (offset + sizeBytes > size) throw new RefusedLayer('it ends in the midst of an entry');
    at = offset + sizeBytes + paddingOf(sizeBytes);
    if (flag === 'x' || flag === 'L') {
      if (sizeBytes > EXTENSION_BYTES_MAX) throw new RefusedLayer(`an entry has a header of more than ${EXTENSION_BYTES_MAX} bytes`);
      const bytes = await readAt(file, offset, sizeBytes);
      longName = flag === 'L' ? bytes.toString('latin1').replace(/\0.*$/s, '') : new Map(decodePax(bytes)).get('path');
      continue;
    }
    const name = normalize(longName ?? header.name);
    longName = undefined;
    if (flag === '0' || flag === '\0' || flag === '7') found.set(name, { path, offset, sizeBytes });
    else if (flag === '1') found.set(name, { link: normalize(header.linkName) });
    else if (flag === '2') found.set(name, { link: normalize(`${name}/../${header.linkName}`) });
    if (found.size > ENTRIES_MAX) throw new RefusedLayer(`it has more than ${ENTRIES_MAX} entries`);
  }
  return found;
}

function finderOf(found: ReadonlyMap<string, Indexed>): FindInArchive {
  return (name) => {
    let indexed = found.get(normalize(name));
    for (let links = 0; indexed !== undefined && 'link' in indexed; links++)
      indexed = links < LINKS_MAX ? found.get(indexed.link) : undefined;
    return indexed;
  };
}

async function requireRegular(path: string, file: FileHandle): Promise<{ size: number }> {
  const stats = await file.stat();
  if (!stats.isFile()) throw sourceUnreadable(path, 'it is no regular file');
  return stats;
}

/** With gzip, zstd, bzip2 or xz, by its first bytes. */
export function isCompressed(head: Uint8Array): boolean {
  return ['1f8b', '28b5', '425a', 'fd37'].includes(Buffer.from(head.subarray(0, 2)).toString('hex'));
}

/** Names lead to regions of this archive alone, so that `..` above its root means nothing. */
function normalize(name: string): string {
  const parts: string[] = [];
  for (const part of name.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return parts.join('/');
}

function explain(path: string, thrown: unknown): unknown {
  const code = systemCodeOf(thrown);
  if (code === 'ENOENT' || code === 'ENOTDIR') return sourceUnreadable(path, 'there is no such file', thrown);
  if (code === 'EACCES') return sourceUnreadable(path, 'you may not read it', thrown);
  if (code === 'EISDIR') return sourceUnreadable(path, 'it is a directory', thrown);
  return thrown instanceof RefusedLayer ? sourceUnreadable(path, `it is no archive that can be read: ${thrown.message}`) : thrown;
}
