/** What all who unpack archives go by. */
import { writeSync } from 'node:fs';

/** What of a path a file system can hold. */
export const PATH_BYTES_MAX = 4095;
export const NAME_BYTES_MAX = 255;
export const DEPTH_MAX = 128;
/** The greatest uid or gid that is one. */
export const ID_MAX = 2 ** 32 - 2;

/** Text that an archive brought, made fit for a message. */
export function showName(name: string): string {
  return name.replaceAll(/[^\x20-\x7e\u00a0-\uffff]/g, '?').slice(0, 200);
}

/** All of them: the system may take fewer at once. */
export function writeWhole(file: number, bytes: Uint8Array, position: number): void {
  for (let at = 0; at < bytes.length; at += writeSync(file, bytes, at, bytes.length - at, position + at));
}
