/** Waits for `work`, but not longer than until `stop`; then throws the reason of `stop`. What `work` does later is nobody's concern. */
export async function untilStopped<Result>(work: Promise<Result>, stop: AbortSignal): Promise<Result> {
  work.catch(() => undefined);
  stop.throwIfAborted();
  let onAbort: (() => void) | undefined;
  const stopped = new Promise<never>((_resolve, reject) => {
    onAbort = () => reject(stop.reason);
    stop.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([work, stopped]);
  } finally {
    if (onAbort !== undefined) stop.removeEventListener('abort', onAbort);
  }
}
