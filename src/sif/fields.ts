/** Reads and writes the kinds of field of which header and descriptors are made. */
import { invalidSif } from './errors.js';

/** A part of the file under examination, and what to call it in an error. */
export interface FilePart {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly where: string;
}

export function recordAt(bytes: Uint8Array, offset: number, { length, where }: { length: number; where: string }): FilePart {
  const part = bytes.subarray(offset, offset + length);
  return { bytes: part, view: new DataView(part.buffer, part.byteOffset, part.byteLength), where };
}

/** An int64 that a JavaScript number holds exactly; no real file has another. */
export function readInteger({ view, where }: FilePart, offset: number, field: string): number {
  const value = view.getBigInt64(offset, true);
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw invalidSif(where, `${field} ${value} is out of range`);
  return number;
}

/** An offset, a size or a count. */
export function readCount(record: FilePart, offset: number, field: string): number {
  const value = readInteger(record, offset, field);
  if (value < 0) throw invalidSif(record.where, `${field} ${value} is negative`);
  return value;
}

/** A stream is never opened on it, so it keeps nothing between two texts. */
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Text up to the first NUL; after it there may only be NULs, so that a name cannot have a hidden part. */
export function readText({ bytes, where }: FilePart, offset: number, { length, field }: { length: number; field: string }): string {
  const room = bytes.subarray(offset, offset + length);
  const end = room.indexOf(0) === -1 ? length : room.indexOf(0);
  if (room.subarray(end).some((byte) => byte !== 0)) throw invalidSif(where, `${field} has bytes after its end`);
  try {
    return utf8.decode(room.subarray(0, end));
  } catch {
    throw invalidSif(where, `${field} is not UTF-8`);
  }
}

/** Whether readText gives the same text back: there is no NUL and no half of a character in it. */
export function isReadable(text: string): boolean {
  return !text.includes('\0') && !/\p{Cs}/u.test(text);
}

/** The inverse of readText; the rest of the field stays zero. */
export function writeText(view: DataView, offset: number, text: string): void {
  writeBytes(view, offset, new TextEncoder().encode(text));
}

export function writeBytes(view: DataView, offset: number, bytes: Uint8Array): void {
  new Uint8Array(view.buffer, view.byteOffset + offset, bytes.length).set(bytes);
}

export function writeInteger(view: DataView, offset: number, value: number): void {
  view.setBigInt64(offset, BigInt(value), true);
}
