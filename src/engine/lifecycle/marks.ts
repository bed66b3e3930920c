/**
 * Who uses a directory that outlives its users, as empty files in it. No file is ever replaced, so that no two can take one over.
 *
 *      DIR/used.5f3a9c21.k3v0a91xw2qm.4026531836.8123.991734
 *           kind  boot    the name of a session: id, pid namespace, pid, start time of the owner
 */
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { judgeStale, nameSession } from './session.js';

export interface Mark {
  readonly name: string;
  /** Idempotent. */
  readonly close: () => Promise<void>;
}

export interface FoundMarks {
  /** Of owners that live, or of whom it cannot be told. */
  readonly live: readonly string[];
  /** How many there were of owners that were killed; they are gone now. */
  readonly stale: number;
}

/** The inverse is its `close`. */
export async function openMark(directory: string, kind: string): Promise<Mark> {
  const name = `${kind}.${await readBoot()}.${await nameSession()}`;
  const path = join(directory, name);
  await writeFile(path, '', { flag: 'wx', mode: 0o600 });
  return { name, close: () => rm(path, { force: true }) };
}

/** Removes those of killed owners. */
export async function findMarks(directory: string, kind: string): Promise<FoundMarks> {
  const [boot, isStale] = await Promise.all([readBoot(), judgeStale()]);
  const marks = (await readdir(directory)).filter((name) => name.startsWith(`${kind}.`));
  const isDead = (name: string): boolean => {
    const [, of = '', ...session] = name.split('.');
    return of !== boot || isStale(session.join('.'));
  };
  const dead = marks.filter(isDead);
  for (const name of dead) await rm(join(directory, name), { force: true });
  return { live: marks.filter((name) => !dead.includes(name)), stale: dead.length };
}

async function readBoot(): Promise<string> {
  return (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).slice(0, 8);
}
