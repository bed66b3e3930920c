/** What differs among programs that all say they speak the same command line. */
import { basename } from 'node:path';

export interface Dialect {
  /** Whether it can run a uid other than 0 in a user namespace of one uid (runc cannot: opencontainers/runc#1800). */
  readonly mapsBack: boolean;
  /** Before `run`. */
  readonly globals: readonly string[];
  /**
   * hide     crun before 1.9 refuses to run where cgroup v1 and v2 are both mounted, even told not to use them
   * freeze   runc as root cannot be told not to make control groups: it takes read-only ones for a lack of permission
   * leave    what an unknown program does with them is its own affair
   */
  readonly controlGroups: 'hide' | 'freeze' | 'leave';
  /** Whether it leaves a /dev alone that has all there is to have; else it is told that /dev is a bind. */
  readonly leavesDevices: boolean;
  /** Whether it tells the terminal that it makes of a new window size. */
  readonly resizesTerminal: boolean;
  /** Whether what the command says last at that terminal may get lost; see keeper.ts. */
  readonly losesWords: boolean;
}

/** By the beginning of the program's name, as in `crun-1.8`. */
const DIALECTS: Readonly<Record<string, Dialect>> = {
  crun: {
    mapsBack: true,
    globals: ['--cgroup-manager=disabled'],
    controlGroups: 'hide',
    leavesDevices: true,
    resizesTerminal: false,
    losesWords: true,
  },
  runc: {
    mapsBack: false,
    globals: ['--rootless=true'],
    controlGroups: 'freeze',
    leavesDevices: false,
    resizesTerminal: true,
    losesWords: false,
  },
};

const OTHER: Dialect = {
  mapsBack: true,
  globals: [],
  controlGroups: 'leave',
  leavesDevices: false,
  resizesTerminal: true,
  losesWords: false,
};

/** `like` is a path, or what an operator compares it with. */
export function findDialect(like: string): Dialect {
  const name = basename(like);
  return Object.entries(DIALECTS).find(([prefix]) => name.startsWith(prefix))?.[1] ?? OTHER;
}
