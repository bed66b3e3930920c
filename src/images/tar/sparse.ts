/**
 * Files with holes, as GNU tar writes them. Only what is not a hole stands in the archive; a map says where it belongs:
 *
 *      S          old: four places in the header itself, 21 in each further block
 *      pax 0.0    GNU.sparse.offset and GNU.sparse.numbytes, again and again
 *      pax 0.1    GNU.sparse.map=offset,length,offset,length…
 *      pax 1.0    decimal lines before the content
 */
import { RefusedLayer } from '../layers/refused.js';
import type { ByteReader } from './byte-reader.js';
import { BLOCK_BYTES, readSize } from './header.js';
import type { PaxRecords } from './pax.js';

/** In bytes of the file, in order. */
export interface Segment {
  readonly offset: number;
  readonly length: number;
}

export interface SparseMap {
  readonly segments: readonly Segment[];
  /** With its holes. */
  readonly sizeBytes: number;
  /** Of the archive, that were read for the map. */
  readonly readBytes: number;
}

const SEGMENTS_MAX = 100_000;

/** Of a header with the flag S. */
export async function readOldMap(header: Buffer, reader: ByteReader): Promise<SparseMap> {
  const segments = readPlaces(header, 386, 4);
  const sizeBytes = readSize(header, 483);
  let isExtended = header[482] !== 0;
  for (let count = 0; isExtended; count++) {
    const block = await reader.take(BLOCK_BYTES);
    if (block.length < BLOCK_BYTES || count * 21 > SEGMENTS_MAX) throw refuse();
    segments.push(...readPlaces(block, 0, 21));
    isExtended = block[504] !== 0;
  }
  return checkMap({ segments, sizeBytes, readBytes: 0 });
}

/** Undefined where the records tell of no holes. */
export async function readPaxMap(records: PaxRecords, reader: ByteReader): Promise<SparseMap | undefined> {
  const value = (key: string): string | undefined => records.findLast(([own]) => own === `GNU.sparse.${key}`)?.[1];
  const size = value('realsize') ?? value('size');
  if (size === undefined && value('major') === undefined) return undefined;
  const sizeBytes = toNumber(size ?? '');
  if (value('major') === '1') return checkMap({ ...(await readLines(reader)), sizeBytes });
  const map = value('map')?.split(',') ?? records.flatMap(([key, own]) => (/^GNU\.sparse\.(?:offset|numbytes)$/.test(key) ? [own] : []));
  return checkMap({ segments: pair(map.map(toNumber)), sizeBytes, readBytes: 0 });
}

async function readLines(reader: ByteReader): Promise<Pick<SparseMap, 'segments' | 'readBytes'>> {
  const numbers: number[] = [];
  let rest = '';
  let readBytes = 0;
  for (;;) {
    const block = await reader.take(BLOCK_BYTES);
    readBytes += block.length;
    const lines = (rest + block.toString('latin1')).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const [count] = numbers;
      if (count === undefined || numbers.length < 1 + 2 * count) numbers.push(toNumber(line));
    }
    const [count = Number.NaN] = numbers;
    if (count > SEGMENTS_MAX || block.length < BLOCK_BYTES || rest.length > BLOCK_BYTES) throw refuse();
    if (numbers.length === 1 + 2 * count) return { segments: pair(numbers.slice(1)), readBytes };
  }
}

function readPlaces(block: Buffer, at: number, count: number): Segment[] {
  return Array.from({ length: count }, (_, index) => at + index * 24)
    .filter((place) => block[place] !== 0)
    .map((place) => ({ offset: readSize(block, place), length: readSize(block, place + 12) }));
}

function pair(numbers: readonly number[]): Segment[] {
  if (numbers.length % 2 !== 0) throw refuse();
  return Array.from({ length: numbers.length / 2 }, (_, index) => ({
    offset: numbers[2 * index] ?? 0,
    length: numbers[2 * index + 1] ?? 0,
  }));
}

function checkMap(map: SparseMap): SparseMap {
  let end = 0;
  for (const { offset, length } of map.segments) {
    if (offset < end) throw refuse();
    end = offset + length;
  }
  if (end > map.sizeBytes || map.segments.length > SEGMENTS_MAX) throw refuse();
  return map;
}

function toNumber(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw refuse();
  return Number(text);
}

function refuse(): RefusedLayer {
  return new RefusedLayer('the map of a file with holes contradicts itself');
}
