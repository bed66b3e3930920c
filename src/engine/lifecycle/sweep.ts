/** Removes what killed processes left of their containers, of this uid: sessions, images that were unpacked for one run, control groups. */
import { existsSync } from 'node:fs';
import { removeStaleGroups } from '../limits/control-group.js';
import { judgeStale, removeStaleSessions } from './session.js';

export interface Swept {
  /** Ids. */
  readonly sessions: string[];
  /** Directories. */
  readonly controlGroups: string[];
}

/** Idempotent, and safe beside others that do the same. Creates nothing. */
export async function sweepKilled({
  runDirectory,
  imageDirectory,
}: {
  runDirectory: string;
  imageDirectory?: string | undefined;
}): Promise<Swept> {
  const sessions: string[] = [];
  for (const directory of [runDirectory, imageDirectory])
    if (directory !== undefined && existsSync(directory)) sessions.push(...(await removeStaleSessions(directory)));
  return { sessions: [...new Set(sessions)], controlGroups: await removeStaleGroups(await judgeStale()) };
}
