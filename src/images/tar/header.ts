/** One block of 512 bytes at the head of an entry, as POSIX (ustar), GNU tar and their ancestor write it. Names are bytes, as latin1. */
import { RefusedLayer } from '../layers/refused.js';

export const BLOCK_BYTES = 512;

export interface TarHeader {
  readonly name: string;
  readonly linkName: string;
  /** The type flag: one character. */
  readonly flag: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly sizeBytes: number;
  readonly mtimeSeconds: number;
  readonly major: number;
  readonly minor: number;
}

/** Undefined for a block of zeros, with which an archive ends. */
export function decodeHeader(block: Buffer): TarHeader | undefined {
  const sum = sumOf(block);
  if (sum === 256) return undefined;
  if (sum !== readNumber(block, 148, 8)) throw new RefusedLayer('it is no tar, or is damaged: the checksum of an entry is wrong');
  const magic = block.toString('latin1', 257, 263);
  const prefix = magic === 'ustar\0' ? readText(block, 345, 155) : '';
  const name = readText(block, 0, 100);
  return {
    name: prefix === '' ? name : `${prefix}/${name}`,
    linkName: readText(block, 157, 100),
    flag: String.fromCharCode(block[156] ?? 0),
    mode: readNumber(block, 100, 8),
    uid: readNumber(block, 108, 8),
    gid: readNumber(block, 116, 8),
    sizeBytes: readSize(block, 124),
    mtimeSeconds: readNumber(block, 136, 12),
    major: readNumber(block, 329, 8),
    minor: readNumber(block, 337, 8),
  };
}

/** The checksum counts its own field as blanks. A block of zeros comes to 256. */
export function sumOf(block: Buffer): number {
  let sum = 256;
  for (let at = 0; at < 148; at++) sum += block[at] ?? 0;
  for (let at = 156; at < BLOCK_BYTES; at++) sum += block[at] ?? 0;
  return sum;
}

export function readSize(block: Buffer, at: number): number {
  const size = readNumber(block, at, 12);
  if (!Number.isSafeInteger(size) || size < 0) throw new RefusedLayer('an entry has a size that is no number');
  return size;
}

/** Octal digits among blanks, or a binary number where the first bit is set. */
function readNumber(block: Buffer, at: number, length: number): number {
  const first = block[at] ?? 0;
  if ((first & 0x80) === 0) {
    const text = readText(block, at, length).trim();
    if (text === '') return 0;
    return /^[0-7]+$/.test(text) ? Number.parseInt(text, 8) : Number.NaN;
  }
  const isNegative = (first & 0x40) !== 0;
  let value = isNegative ? first | ~0xff : first & 0x3f;
  for (let index = at + 1; index < at + length; index++) value = value * 256 + (block[index] ?? 0);
  return value;
}

function readText(block: Buffer, at: number, length: number): string {
  const end = block.indexOf(0, at);
  return block.toString('latin1', at, end < 0 || end > at + length ? at + length : end);
}
