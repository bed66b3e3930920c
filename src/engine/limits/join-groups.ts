/** Puts a process into the control groups of another, so that the limits of a container hold for whoever enters it. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '#base/errors.js';

export interface JoinRequest {
  readonly pid: number;
  /** Whose groups they are. */
  readonly of: number;
  readonly warn: (line: string) => void;
}

export async function joinControlGroups({ pid, of, warn }: JoinRequest): Promise<void> {
  const [own, theirs] = await Promise.all([readGroups('self'), readGroups(of)]);
  const foreign = [...theirs].filter(([names, path]) => own.get(names) !== path);
  if (foreign.length === 0) return;
  const mounts = (await readFile('/proc/self/mounts', 'utf8')).split('\n').map((line) => line.split(' '));
  for (const [names, path] of foreign) {
    const mountPoint = mounts.find(([, , type, options = '']) => isHierarchy(names, { type, options: options.split(',') }))?.[1];
    if (mountPoint === undefined) continue;
    await writeFile(join(mountPoint, path, 'cgroup.procs'), String(pid)).catch((thrown: unknown) => {
      warn(`The limits in ${join(mountPoint, path)} are not held: ${messageOf(thrown)}`);
    });
  }
}

/** The first version has a hierarchy for each list of controllers, the second has one, without names. */
function isHierarchy(names: string, { type, options }: { type: string | undefined; options: readonly string[] }): boolean {
  return names === '' ? type === 'cgroup2' : type === 'cgroup' && names.split(',').every((name) => options.includes(name));
}

async function readGroups(pid: number | 'self'): Promise<Map<string, string>> {
  const text = await readFile(`/proc/${pid}/cgroup`, 'utf8');
  return new Map(
    text
      .split('\n')
      .flatMap((line) => [/^\d+:([^:]*):(.*)$/.exec(line)?.slice(1) as [string, string] | undefined])
      .filter((row) => row !== undefined),
  );
}
