import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Finds a file that `npm run build` made, such as `guest/guest.cjs`, from wherever this module itself ended up: in `dist/`,
 * in one of its chunks, in `plugin-sdk/dist/`, or in the sources. Undefined where it has not been built.
 */
export function findShipped(file: string): string | undefined {
  for (let directory = dirname(fileURLToPath(import.meta.url)); ; directory = dirname(directory)) {
    const found = [join(directory, file), join(directory, 'dist', file)].find((candidate) => existsSync(candidate));
    if (found !== undefined) return realpathSync(found);
    if (directory === dirname(directory)) return undefined;
  }
}

/** Of a file that the package has; that it is what `npm run build` wrote is taken for granted. */
export function readShippedJson(file: string): unknown {
  return JSON.parse(readFileSync(file, 'utf8'));
}
