/** Trying again what may work a moment later: a busy registry, a broken connection, silence. Bounded in every direction. */
import { setTimeout as delay } from 'node:timers/promises';

/** May work a moment later. Never leaves this room: who gives up says so in an error of errors.ts. */
export class Transient extends Error {
  /** What the registry asked for (Retry-After). */
  readonly waitMs: number | undefined;

  constructor(why: string, { waitMs, cause }: { waitMs?: number | undefined; cause?: unknown } = {}) {
    super(why, cause === undefined ? undefined : { cause });
    this.waitMs = waitMs;
  }
}

export interface RetryPolicy {
  /** In a row, without anything having come of one of them. */
  readonly attemptsMax: number;
  /** In all, so that a registry that gives a byte at a time comes to an end too. */
  readonly attemptsTotalMax: number;
  /** Before the second attempt; doubled for each further one. */
  readonly firstDelayMs: number;
  /** Of one wait. A registry that asks for more is not waited for. */
  readonly delayMaxMs: number;
}

export const defaultRetryPolicy: RetryPolicy = { attemptsMax: 5, attemptsTotalMax: 40, firstDelayMs: 500, delayMaxMs: 60_000 };

export interface Retrying {
  readonly policy: RetryPolicy;
  readonly signal: AbortSignal;
  /** Whether something came of the attempt that just failed: then counting begins anew. */
  readonly progressed?: () => boolean;
  /** Before each wait. */
  readonly told?: ((why: string, waitMs: number) => void) | undefined;
  /** What is thrown in the end. */
  readonly gaveUp: (last: Transient, attempts: number) => unknown;
}

/** Answers what `work` answers. What it throws that is not Transient is thrown as it is, and so is what `signal` aborts with. */
export async function retrying<T>(work: () => Promise<T>, options: Retrying): Promise<T> {
  const { policy, signal, progressed, told, gaveUp } = options;
  for (let [inRow, total] = [1, 1]; ; inRow += 1, total += 1) {
    signal.throwIfAborted();
    try {
      return await work();
    } catch (thrown) {
      signal.throwIfAborted();
      if (!(thrown instanceof Transient)) throw thrown;
      if (progressed?.() === true) inRow = 1;
      const waitMs = thrown.waitMs ?? backOff(inRow, policy);
      if (inRow >= policy.attemptsMax || total >= policy.attemptsTotalMax || waitMs > policy.delayMaxMs) throw gaveUp(thrown, total);
      told?.(thrown.message, waitMs);
      await delay(waitMs, undefined, { signal }).catch(() => signal.throwIfAborted());
    }
  }
}

/** Up to half of it at random, so that many machines that lost a registry at once do not come back at once. */
function backOff(attempt: number, { firstDelayMs, delayMaxMs }: RetryPolicy): number {
  const fullMs = Math.min(firstDelayMs * 2 ** (attempt - 1), delayMaxMs);
  return Math.round(fullMs * (1 - Math.random() / 2));
}

/** `Retry-After: 120` or a date, as milliseconds from now; undefined where there is none that can be read. */
export function readRetryAfter(header: string | undefined, nowMs = Date.now()): number | undefined {
  if (header === undefined) return undefined;
  if (/^\d{1,9}$/.test(header)) return Number(header) * 1000;
  const at = Date.parse(header);
  return Number.isNaN(at) ? undefined : Math.max(0, at - nowMs);
}
