/** Reads /proc/PID/mountinfo. */
import { isInside } from './destinations.js';

interface MountedFileSystem {
  readonly id: string;
  readonly parentId: string;
  readonly point: string;
}

export function parseMountTable(text: string): MountedFileSystem[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [id = '', parentId = '', , , point = ''] = line.split(' ');
      return { id, parentId, point: unescapePath(point) };
    });
}

/** Everything mounted below `directory` that can be seen there: a recursive bind of it shows exactly these. */
export function findVisibleMountsBelow(table: readonly MountedFileSystem[], directory: string): string[] {
  const byId = new Map(table.map((mount) => [mount.id, mount]));
  const below = table.filter((mount) => mount.point !== directory && isInside(mount.point, directory) && isVisible(mount));
  return [...new Set(below.map((mount) => mount.point))];

  function isVisible(mount: MountedFileSystem): boolean {
    for (let current: MountedFileSystem | undefined = mount; current !== undefined; current = byId.get(current.parentId)) {
      if (isCovered(current)) return false;
      if (current.id === current.parentId) return true;
    }
    return true;
  }

  /** A sibling nearer to the root came later: had it been there first, this one would be its child. */
  function isCovered(mount: MountedFileSystem): boolean {
    return table.some((other) => other.id !== mount.id && other.parentId === mount.parentId && other.point !== mount.point && isInside(mount.point, other.point));
  }
}

/** The kernel writes space, tab, newline and backslash as `\ooo`. The inverse of what fstab.ts writes. */
function unescapePath(path: string): string {
  return path.replaceAll(/\\([0-7]{3})/g, (_match, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}
