/** Why a chain ended before the command ran: from the point it had reached and what its programs said. */
import type { BulkheadError } from '#base/errors.js';
import { launchFailed, mountFailed, namespacesUnavailable, overlayRefused, procMasked } from '../errors.js';
import type { Reports } from './chain.js';

const LINES_SHOWN_MAX = 4;
const LINE_SHOWN_MAX = 500;
const KILLED = 'its programs were killed without a word';

export function explainFailure(
  reports: Readonly<Pick<Reports, 'begin' | 'ready'>>,
  { log, session }: { log: string; session: string },
): BulkheadError {
  const lines = tidyLog(log, session);
  // After the first mount that fails, those that were to go into it fail as well.
  const why = reports.begin ? (lines[0] ?? KILLED) : lines.join('; ') || KILLED;
  if (!reports.begin) return /mount \/proc failed/.test(why) ? procMasked(why) : namespacesUnavailable(why);
  if (!reports.ready) return explainMountFailure(why);
  return launchFailed(why);
}

function explainMountFailure(why: string): BulkheadError {
  if (/\boverlay\b/.test(why)) return overlayRefused(why);
  if (/^mount: \/proc: .*(?:permission denied|not permitted)/i.test(why)) return procMasked(why);
  return mountFailed(why);
}

/** The paths of the session mean nothing to the reader; what is below its root is a path in the container. */
function tidyLog(log: string, session: string): string[] {
  return log
    .replaceAll(`${session}/root`, '')
    .replaceAll(`${session}/`, '')
    .split('\n')
    .map((line) =>
      line
        .trim()
        .replaceAll(/[^\x20-\x7e\u00a0-\uffff]/g, '?')
        .slice(0, LINE_SHOWN_MAX),
    )
    .filter((line) => line !== '' && !line.startsWith('dmesg(1)'))
    .slice(0, LINES_SHOWN_MAX);
}
