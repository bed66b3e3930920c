/** Files of the kind of /etc/passwd and /etc/group, which an image brings: bounded, and never through a link at the end of the path. */
import { systemCodeOf } from './errors.js';
import { readRegularFile } from './regular-file.js';

/** Larger ones nobody keeps by hand. */
export const ACCOUNTS_BYTES_MAX = 1_048_576;

/** The fields of each line; none where there is no such file. */
export async function readAccountRows(path: string): Promise<string[][]> {
  try {
    const { bytes } = await readRegularFile(path, { bytesMax: ACCOUNTS_BYTES_MAX, noFollow: true });
    return parseAccountRows(bytes);
  } catch (thrown) {
    if (systemCodeOf(thrown) === 'ENOENT') return [];
    throw thrown;
  }
}

export function parseAccountRows(bytes: Uint8Array): string[][] {
  return new TextDecoder()
    .decode(bytes)
    .split('\n')
    .map((line) => line.split(':'));
}
