/**
 * Whose word counts: root's and the caller's own. Checked for the plugin directory, for the two directories in it and for every file
 * that is read. It is not a check of the directories above: who owns one of those can take the plugins away, but cannot make files
 * that pass here.
 */
import type { Stats } from 'node:fs';

/** Why a file or directory is not trusted; nothing when it is. */
export function findDistrust({ uid, mode }: Pick<Stats, 'uid' | 'mode'>, callerUid: number): string | undefined {
  if (uid !== 0 && uid !== callerUid) return `it belongs to user ${uid}, who is neither root nor the caller`;
  if ((mode & 0o022) !== 0) return `others than its owner may write to it (mode ${(mode & 0o7777).toString(8).padStart(4, '0')})`;
  return undefined;
}
