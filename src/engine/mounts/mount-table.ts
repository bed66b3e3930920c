/** Reads /proc/PID/mountinfo. */
import { readFile } from 'node:fs/promises';
import { isInside } from './destinations.js';

export interface MountedFileSystem {
  readonly id: string;
  readonly parentId: string;
  readonly point: string;
  /** `ro`, `nosuid`, `relatime`, … */
  readonly flags: readonly string[];
}

/** The mounts of a process, as it sees them. */
export async function readMountTable(pid: number | 'self'): Promise<MountedFileSystem[]> {
  return parseMountTable(await readFile(`/proc/${pid}/mountinfo`, 'utf8'));
}

export function parseMountTable(text: string): MountedFileSystem[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [id = '', parentId = '', , , point = '', flags = ''] = line.split(' ');
      return { id, parentId, point: unescapePath(point), flags: flags.split(',') };
    });
}

/** What a recursive bind of `directory` shows: the mount that it is in comes first, then those that can be seen below it. */
export function findBoundMounts(table: readonly MountedFileSystem[], directory: string): MountedFileSystem[] {
  const visible = table.filter((mount) => isVisible(table, mount));
  const around = visible
    .filter((mount) => isInside(directory, mount.point))
    .toSorted((one, other) => other.point.length - one.point.length);
  return [...around.slice(0, 1), ...visible.filter((mount) => mount.point !== directory && isInside(mount.point, directory))];
}

function isVisible(table: readonly MountedFileSystem[], mount: MountedFileSystem): boolean {
  if (table.some((other) => other.parentId === mount.id && other.id !== mount.id && other.point === mount.point)) return false;
  for (let current: MountedFileSystem | undefined = mount; current !== undefined; current = findParent(table, current)) {
    if (isCovered(table, current)) return false;
  }
  return true;
}

function findParent(table: readonly MountedFileSystem[], mount: MountedFileSystem): MountedFileSystem | undefined {
  return mount.id === mount.parentId ? undefined : table.find((other) => other.id === mount.parentId);
}

/** A sibling nearer to the root came later: had it been there first, this one would be its child. */
function isCovered(table: readonly MountedFileSystem[], mount: MountedFileSystem): boolean {
  return table.some((other) => isSibling(other, mount) && other.point !== mount.point && isInside(mount.point, other.point));
}

/** The first mount of a namespace is its own parent. */
function isSibling(one: MountedFileSystem, other: MountedFileSystem): boolean {
  return one.id !== other.id && one.id !== one.parentId && one.parentId === other.parentId;
}

/** The kernel writes space, tab, newline and backslash as `\ooo`. */
function unescapePath(path: string): string {
  return path.replaceAll(/\\([0-7]{3})/g, (_match, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}
