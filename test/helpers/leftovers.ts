/**
 * What runs have left on this machine: nothing, where all is well. Other tests run at the same time, so that only that counts which
 * can be told to be of one lab: by its directory, by a word that nobody else uses, by the process ids of those that it has started.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

export interface LeftoverPlace {
  /** Of one test or file, e.g. `/tmp/engine-x81aQ0`: no process names it, no mount is in it. */
  readonly directory: string;
  /** Where sessions are. */
  readonly runDirectory: string;
  /** Who started containers; a control group has its owner's process id in its name. */
  readonly owners?: ReadonlySet<number> | undefined;
  /** In the arguments of what the containers run, and of no other process of this machine, e.g. `60.8123`. */
  readonly word?: string | undefined;
}

const DEADLINE_MS = 60_000;
const HIERARCHIES = '/sys/fs/cgroup';

/** Whatever was killed takes a moment to be gone. */
export async function assertNothingLeft(place: LeftoverPlace): Promise<void> {
  const deadline = performance.now() + DEADLINE_MS;
  while (findLeftovers(place).length > 0 && performance.now() < deadline) await delay(20);
  assert.deepEqual(findLeftovers(place), []);
}

/** One line each: sessions, mounts, processes, control groups. */
export function findLeftovers(place: LeftoverPlace): string[] {
  return [
    ...findSessions(place.runDirectory),
    ...findMounts(place).map((line) => `mount ${line}`),
    ...findProcesses(place).map((line) => `process ${line}`),
    ...findControlGroups(place).map((path) => `control group ${path}`),
  ];
}

/** With the records of containers in the foreground; the directory of these stays. */
function findSessions(runDirectory: string): string[] {
  return namesIn(runDirectory).flatMap((name) =>
    name === 'containers' ? namesIn(join(runDirectory, name)).map((record) => `record ${record}`) : [`session ${name}`],
  );
}

export function findMounts({ directory }: Pick<LeftoverPlace, 'directory'>): string[] {
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .filter((line) => line.includes(`${directory}/`));
}

/** By their arguments, the tests' own process aside, and the programs in the directory that tests themselves run. */
export function findProcesses({ directory, word }: Partial<Pick<LeftoverPlace, 'directory' | 'word'>>): string[] {
  const marks = [...(directory === undefined ? [] : [`${directory}/`]), ...(word === undefined ? [] : [word])];
  return namesIn('/proc').flatMap((pid) => {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) return [];
    const words = readOrNothing(`/proc/${pid}/cmdline`).split('\0').slice(0, -1);
    const isOurs = words.some((one) => marks.some((mark) => one.includes(mark)) && !one.includes('{'));
    return isOurs ? [`${pid} ${words.join(' ')}`] : [];
  });
}

/** At any depth that a caller's own group may have, in each hierarchy. */
export function findControlGroups({ owners = new Set() }: Pick<LeftoverPlace, 'owners'>): string[] {
  const search = (directory: string, depth: number): string[] =>
    readDirectories(directory).flatMap((name) => {
      const [, owner] = /^bulkhead-[a-z0-9]{12}\.\d+\.(\d+)\./.exec(name) ?? [];
      if (owner !== undefined) return owners.has(Number(owner)) ? [join(directory, name)] : [];
      return depth === 0 ? [] : search(join(directory, name), depth - 1);
    });
  return owners.size === 0 ? [] : search(HIERARCHIES, 6);
}

function readDirectories(directory: string): string[] {
  try {
    return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));
  } catch {
    return [];
  }
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

function readOrNothing(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
