/** Tells whether and when the launcher has become the command. */
import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';
import { findArguments, findProcess, isAlive, signalQuietly, type ProcessStatus } from '../lifecycle/process-tree.js';
import type { Reports } from './chain.js';
import type { Launcher } from './launcher.js';

const POLL_MS = 1;
const STOP_DEADLINE_MS = 5_000;

export interface WatchRequest {
  readonly command: ProcessStatus;
  /** Who waits for it: PID 1, or script(1). */
  readonly parent: ProcessStatus;
  readonly launcher: Launcher;
  /** Those of the shell that becomes the command. */
  readonly shellArguments: readonly string[] | undefined;
  readonly reports: Readonly<Reports>;
}

/** `either`: it is over, and has the name of the launcher's last program as well as its own; the exit code must tell. */
export type ExecVerdict = 'ran' | 'failed' | 'either';

/**
 * Says "go" and answers whether the exec of the command happened. A command may be over before anybody looks, so its parent is
 * stopped meanwhile: what has ended stays a zombie, and a zombie keeps the name of the program that it last was.
 */
export async function watchExec(request: WatchRequest, go: () => void): Promise<ExecVerdict> {
  try {
    await stop(request.parent);
    go();
    return await pollExec(request);
  } finally {
    signalQuietly(request.parent, 'SIGCONT');
  }
}

/** A stop takes effect once the process is scheduled; until then it would still collect its child. */
async function stop(parent: ProcessStatus): Promise<void> {
  signalQuietly(parent, 'SIGSTOP');
  const deadline = performance.now() + STOP_DEADLINE_MS;
  while (isAlive(parent) && findProcess(parent.pid)?.state !== 'T' && performance.now() < deadline) await delay(POLL_MS);
}

async function pollExec(request: WatchRequest): Promise<ExecVerdict> {
  for (;;) {
    const process = findProcess(request.command.pid);
    if (process === undefined || process.startTicks !== request.command.startTicks) return 'failed';
    if (process.state === 'Z' || process.state === 'X') {
      // What it reported before has arrived after a whole turn of the event loop; a timer may fire again without one.
      await nextTurn();
      await nextTurn();
      return judgeEnded(process.name, request);
    }
    if (isCommand(findArguments(process.pid), request)) return 'ran';
    await delay(POLL_MS);
  }
}

function isCommand(words: readonly string[] | undefined, { launcher, shellArguments }: WatchRequest): boolean {
  // In the middle of an exec there are none.
  if (words === undefined || words.length === 0) return false;
  return ![shellArguments, ...launcher.steps].some((step) => step !== undefined && isSame(step, words));
}

function judgeEnded(name: string, { launcher, reports }: WatchRequest): ExecVerdict {
  if (!reports.exec) return 'failed';
  if (!launcher.names.has(name)) return 'ran';
  return launcher.commandName === name ? 'either' : 'failed';
}

function isSame(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((word, index) => word === other[index]);
}
