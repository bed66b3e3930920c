import { realpathSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

/**
 * Where a path leads now, symbolic links followed, as far as there is something; the rest stays as it is written. Never throws.
 * For deciding what a rule is about: whoever uses the path must look again.
 */
export function findRealPath(path: string): string {
  for (let above = path; ; above = dirname(above)) {
    try {
      return join(realpathSync(above), relative(above, path));
    } catch {
      if (above === dirname(above)) return path;
    }
  }
}
