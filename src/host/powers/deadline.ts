export interface Deadline {
  /** Aborts when the time is over, or the call in whose name the power was asked. */
  readonly signal: AbortSignal;
  /** Must be called when the work is done. */
  clear(): void;
}

/** Not `AbortSignal.any` of `AbortSignal.timeout`: Node 20 may collect the two as garbage, and then neither ever aborts. */
export function startDeadline(over: AbortSignal, deadlineMs: number): Deadline {
  const controller = new AbortController();
  const stop = (): void => controller.abort();
  const timer = setTimeout(stop, deadlineMs);
  over.addEventListener('abort', stop);
  if (over.aborted) stop();
  return {
    signal: controller.signal,
    clear() {
      clearTimeout(timer);
      over.removeEventListener('abort', stop);
    },
  };
}
