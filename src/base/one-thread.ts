import type { ResourceLimits } from 'node:worker_threads';

/** For a piscina pool of exactly one thread, which is ended with its task and not replaced. */
export interface OneThreadOptions {
  readonly filename: string;
  readonly execArgv: readonly string[];
  readonly resourceLimits: ResourceLimits;
}

/** `atomics` must be off: piscina's default blocks the thread's event loop between tasks, and whatever speaks through a port with it. */
export function oneThread({ filename, execArgv, resourceLimits }: OneThreadOptions) {
  // Not 1 at least, or piscina would replace the thread that an abort has ended.
  const size = { minThreads: 0, maxThreads: 1 };
  return { ...size, filename, atomics: 'disabled' as const, env: {}, execArgv: [...execArgv], resourceLimits };
}
