/**
 * Holds a container to its limits by control groups: one of its own below the caller's, in each hierarchy that has a controller
 * which is needed, and which the caller may write to.
 *
 *      v2   <own, or the nearest above that was delegated>/bulkhead-ID   memory.max   memory.swap.max   cpu.max   pids.max
 *      v1   <own>/bulkhead-ID, a hierarchy each      memory.limit_in_bytes   cpu.cfs_quota_us   pids.max
 *
 * The group's name is that of the session, so that what a killed owner left can be told from what is in use.
 */
import { access, mkdir, readdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { constants, existsSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { dirname, join } from 'node:path';
import { messageOf } from '#base/errors.js';
import type { Limits } from '../options.js';

type Controller = 'memory' | 'cpu' | 'pids';

export interface ControlGroup {
  /** Puts a process, and with it all that it will start, under the limits. */
  add(pid: number): Promise<void>;
  /** Removes the group; the inverse of opening it. After all its processes have ended. */
  close(): Promise<void>;
}

export interface ControlGroupOptions {
  /** Of the session; one path segment. */
  readonly name: string;
  /** Whether a session of this name was left by a killed owner. */
  readonly isStale: (name: string) => boolean;
  /** Takes what is not held, and why. */
  readonly warn: (line: string) => void;
  /** Text of /proc/self/mounts and /proc/self/cgroup; for tests. */
  readonly own?: { readonly mounts: string; readonly groups: string };
}

interface Hierarchy {
  readonly version: 1 | 2;
  readonly mountPoint: string;
  /** The caller's own group in it. */
  readonly directory: string;
}

const PREFIX = 'bulkhead-';
const PERIOD_US = 100_000;
const REMOVE_ATTEMPTS = 50;
const REMOVE_RETRY_MS = 20;

export async function openControlGroup(limits: Limits, { name, isStale, warn, own }: ControlGroupOptions): Promise<ControlGroup> {
  const { mounts, groups } = own ?? {
    mounts: await readFile('/proc/self/mounts', 'utf8'),
    groups: await readFile('/proc/self/cgroup', 'utf8'),
  };
  const made = new Set<string>();
  for (const [controller, what] of Object.entries(neededBy(limits)) as [Controller, string][]) {
    try {
      const hierarchy = await findHierarchy(controller, mounts, groups);
      if (hierarchy === undefined) throw new Error(`this system has no control groups with the controller "${controller}"`);
      const directory = await makeGroup(hierarchy, controller, `${PREFIX}${name}`);
      made.add(directory);
      for (const [file, value] of settingsOf(controller, hierarchy.version, limits)) await writeSetting(join(directory, file), value);
      await removeStale(dirname(directory), isStale);
    } catch (thrown) {
      warn(`The limit ${what} is not held: ${messageOf(thrown)}`);
    }
  }
  return {
    async add(pid) {
      for (const directory of made) {
        await writeFile(join(directory, 'cgroup.procs'), String(pid)).catch((thrown: unknown) => {
          warn(`The limits in ${directory} are not held: ${messageOf(thrown)}`);
        });
      }
    },
    async close() {
      for (const directory of made) await remove(directory);
    },
  };
}

function neededBy({ memoryBytes, cpus, pids }: Limits): Partial<Record<Controller, string>> {
  return {
    ...(memoryBytes === undefined ? {} : { memory: `of ${memoryBytes} bytes of memory` }),
    ...(cpus === undefined ? {} : { cpu: `of ${cpus} processors` }),
    ...(pids === undefined ? {} : { pids: `of ${pids} processes` }),
  };
}

/** In the order in which they are written; one with `?` is left out where the kernel does not have it. */
function settingsOf(controller: Controller, version: 1 | 2, { memoryBytes = 0, cpus = 0, pids = 0 }: Limits): [string, string][] {
  const quota = String(Math.max(1000, Math.round(cpus * PERIOD_US)));
  const table: Record<Controller, Record<1 | 2, [string, string][]>> = {
    memory: {
      1: [
        ['memory.limit_in_bytes', String(memoryBytes)],
        ['?memory.memsw.limit_in_bytes', String(memoryBytes)],
      ],
      2: [
        ['memory.max', String(memoryBytes)],
        ['?memory.swap.max', '0'],
      ],
    },
    cpu: {
      1: [
        ['cpu.cfs_period_us', String(PERIOD_US)],
        ['cpu.cfs_quota_us', quota],
      ],
      2: [['cpu.max', `${quota} ${PERIOD_US}`]],
    },
    pids: { 1: [['pids.max', String(pids)]], 2: [['pids.max', String(pids)]] },
  };
  return table[controller][version];
}

async function writeSetting(path: string, value: string): Promise<void> {
  const wanted = path.replace('/?', '/');
  if (wanted !== path && !existsSync(wanted)) return;
  await writeFile(wanted, value);
}

/** The second version first: on a system with both, a controller is in one of them. */
async function findHierarchy(controller: Controller, mounts: string, groups: string): Promise<Hierarchy | undefined> {
  const rows = mounts.split('\n').map((line) => line.split(' '));
  const own = groups.split('\n').map((line) => /^(\d+):([^:]*):(.*)$/.exec(line)?.slice(1) ?? []);
  const unified = rows.find(([, , type]) => type === 'cgroup2')?.[1];
  if (unified !== undefined && (await readWords(join(unified, 'cgroup.controllers'))).includes(controller))
    return { version: 2, mountPoint: unified, directory: placeIn(unified, own.find(([id]) => id === '0')?.[2]) };
  const old = rows.find(([, , type, options = '']) => type === 'cgroup' && options.split(',').includes(controller))?.[1];
  if (old === undefined) return undefined;
  return { version: 1, mountPoint: old, directory: placeIn(old, own.find(([, names]) => names?.split(',').includes(controller))?.[2]) };
}

/** In a container the caller's group may lie outside of what is mounted. */
function placeIn(mountPoint: string, path = '/'): string {
  const directory = join(mountPoint, path);
  return path.startsWith('/..') || !existsSync(directory) ? mountPoint : directory;
}

/** A group with processes cannot hand its controllers down (v2), so that the nearest above that can is taken. */
async function makeGroup({ version, mountPoint, directory }: Hierarchy, controller: Controller, name: string): Promise<string> {
  for (let parent = directory; ; parent = dirname(parent)) {
    const isUsable = (await mayWrite(parent)) && (version === 1 || (await handsDown(parent, controller)));
    if (isUsable) {
      await mkdir(join(parent, name), { recursive: true });
      return join(parent, name);
    }
    if (version === 1 || parent === mountPoint || parent === dirname(parent))
      throw new Error(`you may not make a control group with the controller "${controller}" in ${directory}`);
  }
}

async function handsDown(parent: string, controller: Controller): Promise<boolean> {
  const file = join(parent, 'cgroup.subtree_control');
  if (!(await readWords(join(parent, 'cgroup.controllers'))).includes(controller)) return false;
  if ((await readWords(file)).includes(controller)) return true;
  return writeFile(file, `+${controller}`).then(
    () => true,
    () => false,
  );
}

async function mayWrite(directory: string): Promise<boolean> {
  return access(directory, constants.W_OK).then(
    () => true,
    () => false,
  );
}

async function readWords(file: string): Promise<string[]> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return text.split(/\s+/).filter(Boolean);
}

/** What killed owners left, in all hierarchies and wherever the caller may have made a group. Answers with their directories. Idempotent. */
export async function removeStaleGroups(isStale: (name: string) => boolean): Promise<string[]> {
  const rows = (await readFile('/proc/self/mounts', 'utf8')).split('\n').map((line) => line.split(' '));
  const own = (await readFile('/proc/self/cgroup', 'utf8')).split('\n').map((line) => /^\d+:[^:]*:(.*)$/.exec(line)?.[1] ?? '/');
  const removed: string[] = [];
  for (const [, mountPoint = '', type] of rows) {
    if (type !== 'cgroup' && type !== 'cgroup2') continue;
    for (const parent of new Set(own.flatMap((path) => listUpwards(mountPoint, placeIn(mountPoint, path)))))
      removed.push(...(await removeStale(parent, isStale)));
  }
  return removed;
}

function listUpwards(mountPoint: string, directory: string): string[] {
  if (directory === mountPoint || directory === dirname(directory)) return [mountPoint];
  return [directory, ...listUpwards(mountPoint, dirname(directory))];
}

/** A group that still has processes cannot be removed, whoever asks. */
async function removeStale(parent: string, isStale: (name: string) => boolean): Promise<string[]> {
  const removed: string[] = [];
  for (const name of await readdir(parent).catch(() => [])) {
    if (!name.startsWith(PREFIX) || !isStale(name.slice(PREFIX.length))) continue;
    const isGone = await rmdir(join(parent, name)).then(
      () => true,
      () => false,
    );
    if (isGone) removed.push(join(parent, name));
  }
  return removed;
}

/** The kernel takes a moment to let go of processes that have ended. */
async function remove(directory: string): Promise<void> {
  for (let attempt = 0; attempt < REMOVE_ATTEMPTS; attempt++) {
    const isGone = await rmdir(directory).then(
      () => true,
      () => !existsSync(directory),
    );
    if (isGone) return;
    await delay(REMOVE_RETRY_MS);
  }
}
