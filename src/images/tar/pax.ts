/** Records of POSIX's extended headers: `<length> <key>=<value>\n` each. Values are bytes, as latin1: attributes are no text. */
import { RefusedLayer } from '../layers/refused.js';

/** In their order: GNU's first sparse files repeat their keys. */
export type PaxRecords = readonly (readonly [key: string, value: string])[];

const RECORDS_MAX = 100_000;

export function decodePax(bytes: Buffer): PaxRecords {
  const records: [string, string][] = [];
  for (let at = 0; at < bytes.length && bytes[at] !== 0;) {
    const blank = bytes.indexOf(0x20, at);
    const length = blank < 0 || blank - at > 9 ? Number.NaN : Number(bytes.toString('latin1', at, blank));
    const end = at + length;
    const equals = bytes.indexOf(0x3d, blank);
    const isWhole = Number.isInteger(length) && end <= bytes.length && equals > blank && equals < end && bytes[end - 1] === 0x0a;
    if (!isWhole) throw new RefusedLayer('an extended header is damaged');
    records.push([bytes.toString('latin1', blank + 1, equals), bytes.toString('latin1', equals + 1, end - 1)]);
    if (records.length > RECORDS_MAX) throw new RefusedLayer(`an extended header has more than ${RECORDS_MAX} records`);
    at = end;
  }
  return records;
}

/** The inverse of `decodePax`. */
export function encodePax(records: PaxRecords): Buffer {
  return Buffer.from(records.map(([key, value]) => encodeRecord(` ${key}=${value}\n`)).join(''), 'latin1');
}

/** The length counts its own digits. */
function encodeRecord(rest: string): string {
  let length = rest.length;
  while (String(length).length + rest.length !== length) length = String(length).length + rest.length;
  return `${length}${rest}`;
}
