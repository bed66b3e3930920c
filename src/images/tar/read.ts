/**
 * Reads a tar from its beginning to its end, entry by entry. The project's own, for what layers need and tar-stream does not give
 * (docs/decisions/own-tar.md): attributes and names as the bytes that they are, files with holes, bounds on what is held in memory.
 */
import { RefusedLayer, shown } from '../layers/refused.js';
import { ByteReader } from './byte-reader.js';
import { BLOCK_BYTES, decodeHeader, type TarHeader } from './header.js';
import { decodePax, type PaxRecords } from './pax.js';
import { readOldMap, readPaxMap, type Segment, type SparseMap } from './sparse.js';

export type TarType = 'file' | 'directory' | 'symlink' | 'hardlink' | 'character' | 'block' | 'fifo';

export interface TarEntry {
  /** Bytes, as latin1; as it stands in the archive. */
  readonly name: string;
  readonly linkName: string;
  readonly type: TarType;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Of a file, with its holes. */
  readonly sizeBytes: number;
  /** May be negative, and have a fraction. */
  readonly mtimeSeconds: number;
  readonly major: number;
  readonly minor: number;
  /** Extended attributes, as latin1: `user.comment`. */
  readonly xattrs: ReadonlyMap<string, string>;
  /** Parts in order, with holes left out; to be read before the next entry, or not at all. */
  content(): AsyncGenerator<ContentPart>;
}

export interface ContentPart {
  /** In the file. */
  readonly offset: number;
  /** Valid until the next part. */
  readonly bytes: Buffer;
}

/** Of names and attributes before one entry. */
const EXTENSION_BYTES_MAX = 1_048_576;
const XATTR = 'SCHILY.xattr.';

const TYPES: Readonly<Partial<Record<string, TarType>>> = {
  ...{ '0': 'file', '\0': 'file', '7': 'file', S: 'file', '1': 'hardlink', '2': 'symlink' },
  ...{ '3': 'character', '4': 'block', '5': 'directory', '6': 'fifo' },
};

interface Extensions {
  records: PaxRecords;
  longName: string | undefined;
  longLink: string | undefined;
}

const none = (): Extensions => ({ records: [], longName: undefined, longLink: undefined });

/** Reads `source` to its end, also what comes after the archive's. Throws RefusedLayer. */
export async function* readTar(source: AsyncIterable<Buffer>): AsyncGenerator<TarEntry> {
  const reader = new ByteReader(source);
  let global: PaxRecords = [];
  let extensions = none();
  for (;;) {
    // It outlives what is read of the map of a file with holes.
    const block = Buffer.from(await reader.take(BLOCK_BYTES));
    if (block.length === 0) return;
    if (block.length < BLOCK_BYTES) throw cutOff();
    const header = decodeHeader(block);
    if (header === undefined) return reader.drain();
    const { flag, sizeBytes } = header;
    if (flag === 'V') await skipContent(reader, sizeBytes);
    else if (flag === 'g') global = [...global, ...decodePax(await readExtension(reader, sizeBytes))];
    else if (flag === 'x') extensions.records = decodePax(await readExtension(reader, sizeBytes));
    else if (flag === 'L') extensions.longName = toText(await readExtension(reader, sizeBytes));
    else if (flag === 'K') extensions.longLink = toText(await readExtension(reader, sizeBytes));
    else {
      yield* readEntry(reader, { header, block }, { ...extensions, records: [...global, ...extensions.records] });
      extensions = none();
    }
    if (global.length > 1000) throw new RefusedLayer('it has more than 1000 records for all entries');
  }
}

/** Whatever of the content was not asked for is passed over. */
async function* readEntry(
  reader: ByteReader,
  { header, block }: { header: TarHeader; block: Buffer },
  { records, longName, longLink }: Extensions,
): AsyncGenerator<TarEntry> {
  const pax = new Map(records);
  const name = pax.get('GNU.sparse.name') ?? pax.get('path') ?? longName ?? header.name;
  const type = header.flag === '\0' && name.endsWith('/') ? 'directory' : TYPES[header.flag];
  if (type === undefined) throw new RefusedLayer(`its entry "${shown(name)}" is refused: it is of a type that no layer has`);
  const storedBytes = numberOf(pax, 'size', header.sizeBytes);
  // An old archive may give links the size of their target, with no content.
  const contentBytes = type === 'file' ? storedBytes : type === 'directory' ? header.sizeBytes : 0;
  const map = header.flag === 'S' ? await readOldMap(block, reader) : await readPaxMap(records, reader);
  const body = openBody(reader, { contentBytes: contentBytes - (map?.readBytes ?? 0), map });
  yield {
    ...{ name, type, linkName: pax.get('linkpath') ?? longLink ?? header.linkName, mode: header.mode },
    ...{ uid: numberOf(pax, 'uid', header.uid), gid: numberOf(pax, 'gid', header.gid) },
    ...{ major: header.major, minor: header.minor },
    mtimeSeconds: numberOf(pax, 'mtime', header.mtimeSeconds),
    sizeBytes: type === 'file' ? (map?.sizeBytes ?? storedBytes) : 0,
    xattrs: new Map(records.flatMap(([key, value]) => (key.startsWith(XATTR) ? [[key.slice(XATTR.length), value]] : []))),
    content: body.content,
  };
  await body.finish();
}

interface Body {
  readonly content: () => AsyncGenerator<ContentPart>;
  readonly finish: () => Promise<void>;
}

function openBody(reader: ByteReader, { contentBytes, map }: { contentBytes: number; map: SparseMap | undefined }): Body {
  const segments: readonly Segment[] = map?.segments ?? [{ offset: 0, length: contentBytes }];
  if (contentBytes < 0 || segments.reduce((sum, { length }) => sum + length, 0) !== contentBytes)
    throw new RefusedLayer('the map of a file with holes does not fit its content');
  let left = contentBytes;
  return {
    async *content() {
      for (const { offset, length } of segments) {
        for (let done = 0; done < length;) {
          const bytes = await reader.next(length - done);
          if (bytes === undefined) throw cutOff();
          left -= bytes.length;
          yield { offset: offset + done, bytes };
          done += bytes.length;
        }
      }
    },
    finish: async () => {
      if (!(await reader.skip(left))) throw cutOff();
      // umoci 0.4 ends its archives with the last byte of content.
      await reader.skip(paddingOf(contentBytes));
    },
  };
}

async function readExtension(reader: ByteReader, sizeBytes: number): Promise<Buffer> {
  if (sizeBytes > EXTENSION_BYTES_MAX) throw new RefusedLayer(`an entry has a header of more than ${EXTENSION_BYTES_MAX} bytes`);
  const bytes = Buffer.from(await reader.take(sizeBytes));
  if (bytes.length < sizeBytes || !(await reader.skip(paddingOf(sizeBytes)))) throw cutOff();
  return bytes;
}

async function skipContent(reader: ByteReader, sizeBytes: number): Promise<void> {
  if (!(await reader.skip(sizeBytes + paddingOf(sizeBytes)))) throw cutOff();
}

function numberOf(pax: ReadonlyMap<string, string>, key: string, otherwise: number): number {
  const text = pax.get(key);
  if (text === undefined) return otherwise;
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || (key === 'size' && !(Number.isSafeInteger(value) && value >= 0)))
    throw new RefusedLayer(`an extended header has a ${key} that is no number`);
  return value;
}

function toText(bytes: Buffer): string {
  const end = bytes.indexOf(0);
  return bytes.toString('latin1', 0, end < 0 ? bytes.length : end);
}

/** Content fills whole blocks. */
export function paddingOf(sizeBytes: number): number {
  return (BLOCK_BYTES - (sizeBytes % BLOCK_BYTES)) % BLOCK_BYTES;
}

function cutOff(): RefusedLayer {
  return new RefusedLayer('it ends in the midst of an entry');
}
