/**
 * What a command has said last at the terminal that crun makes for it. crun stops reading there as soon as it has no child left, which at
 * times, on a busy machine, is before it has begun to. So it is given another child, the keeper, before it becomes crun:
 *
 *      shell ▶ env ▶ crun run ─┬▶ the command
 *                              └▶ sleep
 *
 * which the engine ends once the command is over and crun waits for something to happen, as then it has read all there was.
 */
import { requireCoreutil, type Tools } from '../../tools.js';
import { findArguments, findChildren, findProcess, readProcFile, signalQuietly, type ProcessStatus } from '../../lifecycle/process-tree.js';
import { quoteWord } from '../environment.js';

/** Longer than any container. */
const SECONDS = '2147483647';

export interface Keeper {
  /** For the shell that becomes the runtime's program. */
  readonly line: string;
  /** The arguments of the process. */
  readonly words: readonly string[];
}

export async function planKeeper({ setpriv }: Pick<Tools, 'setpriv'>): Promise<Keeper> {
  const words = [await requireCoreutil('sleep'), SECONDS];
  const program = [setpriv, '--pdeathsig', 'KILL', ...words].map(quoteWord).join(' ');
  return { words, line: `${program} </dev/null >/dev/null 2>&1 3>&- 4>&- 9>&- &` };
}

/** Where the program waits for something to happen; else nothing, and it is to be called again. */
export function endKeeper(runtime: ProcessStatus, keeper: Keeper): void {
  if (!isWaiting(runtime)) return;
  const found = findKeeper(runtime, keeper);
  if (found !== undefined) signalQuietly(found, 'SIGKILL');
}

export function findKeeper(runtime: ProcessStatus, { words }: Keeper): ProcessStatus | undefined {
  const pid = findChildren(runtime.pid).find((child) => findArguments(child)?.join('\0') === words.join('\0'));
  return pid === undefined ? undefined : findProcess(pid);
}

/** For any of several things, and not, say, for a reader of what it writes; some kernels tell no more than that it waits. */
function isWaiting({ pid }: ProcessStatus): boolean {
  const place = readProcFile(`/proc/${pid}/wchan`)?.replaceAll('\0', '') ?? '';
  return findProcess(pid)?.state === 'S' && (place === '' || place === '0' || place.includes('poll'));
}
