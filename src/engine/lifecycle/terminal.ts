import { readlink, stat } from 'node:fs/promises';
import { isatty } from 'node:tty';

/** The terminal that the command inherits, e.g. `/dev/pts/3`; undefined where it has none, or one without a path here. */
export async function findTerminal(): Promise<{ path: string } | undefined> {
  const fd = [0, 1, 2].find((candidate) => isatty(candidate));
  if (fd === undefined) return undefined;
  const path = await readlink(`/proc/self/fd/${fd}`);
  const stats = await stat(path).catch(() => undefined);
  return stats?.isCharacterDevice() === true ? { path } : undefined;
}
