import { readlink, stat } from 'node:fs/promises';
import { isatty } from 'node:tty';
import type { Streams } from '../shapes.js';

const OWN: Streams = { stdin: 0, stdout: 1, stderr: 2 };

/** The terminal that the command gets, e.g. `/dev/pts/3`; undefined where it has none, or one without a path here. */
export async function findTerminal({ stdin, stdout, stderr }: Streams = OWN): Promise<{ path: string } | undefined> {
  const fd = [stdin, stdout, stderr].find((candidate): candidate is number => candidate !== 'ignore' && isatty(candidate));
  if (fd === undefined) return undefined;
  const path = await readlink(`/proc/self/fd/${fd}`);
  const stats = await stat(path).catch(() => undefined);
  return stats?.isCharacterDevice() === true ? { path } : undefined;
}
