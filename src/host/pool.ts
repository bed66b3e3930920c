import { MessageChannel, threadId as mainThreadId, type MessagePort, type ResourceLimits } from 'node:worker_threads';
import { oneThread } from '#base/one-thread.js';
import type { SessionStart, SessionTask } from '#wire/wire.js';
import type { Budgets } from './budgets.js';
import { findGuestFile, permissionArguments } from './guest-file.js';
import type { Vessel } from './vessel.js';

/** Best effort, not a wall: one big allocation can still make V8 abort, and this process with it; `isolation: process` is for that. */
function resourceLimitsOf(budgets: Budgets): Required<Omit<ResourceLimits, 'codeRangeSizeMb'>> {
  return {
    maxOldGenerationSizeMb: budgets['heap-old-mib'],
    maxYoungGenerationSizeMb: budgets['heap-young-mib'],
    stackSizeMb: budgets['stack-mib'],
  };
}

type Task = SessionTask<MessagePort>;

/**
 * Starts one worker thread for one plugin: a piscina pool of exactly one thread, whose single, long task is the session.
 */
export async function startThread(start: SessionStart, budgets: Budgets): Promise<Vessel> {
  const { Piscina } = await import('piscina');
  const filename = findGuestFile();
  const thread = oneThread({ filename, execArgv: permissionArguments(filename), resourceLimits: resourceLimitsOf(budgets) });
  const pool = new Piscina({ ...thread, closeTimeout: 1000 });
  // Errors between tasks; those of the task are the rejection below.
  pool.on('error', () => undefined);
  const calls = new MessageChannel();
  const powers = new MessageChannel();
  const abort = new AbortController();
  const session: Task = { ...start, callPort: calls.port2, powerPort: powers.port2 };
  const running = pool.run(session, { transferList: [calls.port2, powers.port2], signal: abort.signal }) as Promise<unknown>;
  const ended = running.then(
    () => 'it was closed',
    (error: unknown) => describeEnd(error, budgets),
  );
  let terminated: Promise<void> | undefined;
  return {
    callPort: calls.port1,
    powerPort: powers.port1,
    describe: (threadId) => `thread ${threadId}; the main thread is ${mainThreadId}`,
    ended,
    activeMs: () => pool.threads[0]?.performance.eventLoopUtilization().active ?? 0,
    terminate: () => (terminated ??= terminate()),
  };

  async function terminate(): Promise<void> {
    abort.abort();
    calls.port1.close();
    powers.port1.close();
    await ended;
    await pool.destroy();
  }
}

/** The worker's `error` event can carry anything, even null. */
function describeEnd(error: unknown, budgets: Budgets): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'ERR_WORKER_OUT_OF_MEMORY') return `it used more than ${budgets['heap-old-mib']} MiB of memory`;
  return error instanceof Error ? error.message.slice(0, 200) : 'it crashed';
}
