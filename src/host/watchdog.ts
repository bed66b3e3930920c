import { onResume } from '#base/pause.js';

/** Watches a compartment that nobody asks anything: it has nothing to compute. While a call is in flight its deadline watches. */
export interface Watchdog {
  /** From now on, until `stop`. Idempotent. */
  start(): void;
  stop(): void;
}

export interface WatchOptions {
  /** CPU time of the compartment so far, as milliseconds; measured outside of it. */
  readonly activeMs: () => number;
  readonly percentMax: number;
  readonly windowMs: number;
  /** Told once. */
  readonly onBurning: () => void;
}

/** What threads need to wake after a pause, and much more. */
const wakingMs = 200;

/** Looks once per window, which costs less than 0.1 ms, and keeps no process alive. */
export function openWatchdog({ activeMs, percentMax, windowMs, onBurning }: WatchOptions): Watchdog {
  let timer: NodeJS.Timeout | undefined;
  let before = { atMs: 0, activeMs: 0 };
  let forget = (): void => undefined;
  const look = () => ({ atMs: performance.now(), activeMs: activeMs() });

  function stop(): void {
    clearInterval(timer);
    timer = undefined;
    forget();
  }
  function check(): void {
    const seen = look();
    const percent = (100 * (seen.activeMs - before.activeMs)) / (seen.atMs - before.atMs);
    before = seen;
    if (percent <= percentMax) return;
    stop();
    onBurning();
  }

  return {
    start() {
      if (timer !== undefined) return;
      before = look();
      timer = setInterval(check, windowMs).unref();
      forget = onResume(() => {
        clearInterval(timer);
        // A pause looks like work: libuv forgets how long a thread has been idle that was stopped while it waited, as soon as it wakes.
        timer = setTimeout(() => {
          before = look();
          timer = setInterval(check, windowMs).unref();
        }, wakingMs).unref();
      });
    },
    stop,
  };
}
