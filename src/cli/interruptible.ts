import { endBySignal } from './end-by-signal.js';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const NUMBERS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 };

/**
 * Does `work` until it is done or one of the signals comes; then it is told to stop, and once it has, this process ends by that
 * signal. A second one ends it at once. Answers undefined where it was stopped.
 */
export async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T | undefined> {
  const stop = new AbortController();
  let cause: (typeof SIGNALS)[number] | undefined;
  const listen = (signal: NodeJS.Signals): void => {
    cause = SIGNALS.find((one) => one === signal);
    stop.abort(new Error(`stopped by ${signal}`));
    forget();
  };
  const forget = (): void => SIGNALS.forEach((signal) => process.removeListener(signal, listen));
  SIGNALS.forEach((signal) => process.once(signal, listen));
  try {
    return await work(stop.signal);
  } catch (error) {
    if (cause === undefined) throw error;
    process.exitCode = 128 + NUMBERS[cause];
    endBySignal(cause);
    return undefined;
  } finally {
    forget();
  }
}
