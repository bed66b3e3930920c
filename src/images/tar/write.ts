/** Heads of entries, in the one form that mksquashfs is given, whatever a layer looked like: ustar, and pax for what does not fit. */
import { BLOCK_BYTES, sumOf } from './header.js';
import { encodePax } from './pax.js';

export interface HeadToWrite {
  readonly flag: '0' | '1' | '2' | '3' | '4' | '5' | '6';
  /** Bytes, as latin1; and so `linkName`, and names and values of `xattrs`. */
  readonly name: string;
  readonly linkName?: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly sizeBytes?: number;
  readonly mtimeSeconds: number;
  readonly major?: number;
  readonly minor?: number;
  readonly xattrs?: ReadonlyMap<string, string>;
}

const TEXT_BYTES_MAX = 100;

/** What goes before the content. Numbers are whole and not negative. */
export function encodeHead(head: HeadToWrite): Buffer {
  const { name, linkName = '', xattrs = new Map<string, string>() } = head;
  const records = [
    ...(name.length > TEXT_BYTES_MAX ? [['path', name] as const] : []),
    ...(linkName.length > TEXT_BYTES_MAX ? [['linkpath', linkName] as const] : []),
    ...[...xattrs].map(([key, value]) => [`SCHILY.xattr.${key}`, value] as const),
  ];
  const block = encodeBlock(head, head.flag);
  if (records.length === 0) return block;
  const pax = encodePax(records);
  const padded = Buffer.alloc(Math.ceil(pax.length / BLOCK_BYTES) * BLOCK_BYTES);
  pax.copy(padded);
  const before = { name: 'pax', mode: 0o644, uid: 0, gid: 0, sizeBytes: pax.length, mtimeSeconds: 0 };
  return Buffer.concat([encodeBlock(before, 'x'), padded, block]);
}

/** With which an archive ends. */
export function encodeEnd(): Buffer {
  return Buffer.alloc(2 * BLOCK_BYTES);
}

function encodeBlock(head: Omit<HeadToWrite, 'flag'>, flag: string): Buffer {
  const { name, linkName = '', mode, uid, gid, sizeBytes = 0, mtimeSeconds, major = 0, minor = 0 } = head;
  const block = Buffer.alloc(BLOCK_BYTES);
  block.write(name.slice(0, TEXT_BYTES_MAX), 0, 'latin1');
  writeNumber(block, mode, { at: 100, length: 8 });
  writeNumber(block, uid, { at: 108, length: 8 });
  writeNumber(block, gid, { at: 116, length: 8 });
  writeNumber(block, sizeBytes, { at: 124, length: 12 });
  writeNumber(block, mtimeSeconds, { at: 136, length: 12 });
  block.write(flag, 156, 'latin1');
  block.write(linkName.slice(0, TEXT_BYTES_MAX), 157, 'latin1');
  block.write('ustar\x0000', 257, 'latin1');
  writeNumber(block, major, { at: 329, length: 8 });
  writeNumber(block, minor, { at: 337, length: 8 });
  block.write(`${sumOf(block).toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}

/** Octal, or binary where the digits do not suffice. */
function writeNumber(block: Buffer, value: number, { at, length }: { at: number; length: number }): void {
  const digits = value.toString(8);
  if (digits.length < length) {
    block.write(digits.padStart(length - 1, '0'), at, 'latin1');
    return;
  }
  for (let index = at + length - 1, rest = value; index > at; index--, rest = Math.floor(rest / 256)) block[index] = rest % 256;
  block[at] = 0x80;
}
