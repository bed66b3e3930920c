/** How long a keeper waits for what. Milliseconds. */
export const keeperLimits = {
  /** With a connection that waits, from the start of the program until it takes one. */
  startMs: 30_000,
  /** Without one: a program that runs for so long has started. */
  settleMs: 1_000,
  /** From SIGTERM to SIGKILL. */
  stopMs: 5_000,
  /** A program that ran for so long was well: failures before it count no more. */
  steadyMs: 10_000,
  /** After the first failure; twice as long after each further one. */
  retryFirstMs: 250,
  retryMaxMs: 60_000,
  /** Somebody asks for it: at once, but not more often than so. */
  retryAskedMs: 1_000,
} as const;

/** Before the next try. `failures` is 1 or more. */
export function retryDelayMs(failures: number): number {
  return Math.min(keeperLimits.retryMaxMs, keeperLimits.retryFirstMs * 2 ** Math.min(failures - 1, 20));
}
