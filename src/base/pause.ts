/**
 * Stops of the whole process, as by Ctrl-Z, and timers that do not run on meanwhile: after a night in the background nobody who was
 * asked a second before it may be called late. A SIGSTOP from elsewhere cannot be seen coming, and counts as time that passed.
 */
const resumed = new Set<(pausedMs: number) => void>();
let allPausedMs = 0;

/** Stops this process until somebody sends SIGCONT; returns then. */
export function pauseProcess(): void {
  const atMs = performance.now();
  process.kill(process.pid, 'SIGSTOP');
  const pausedMs = performance.now() - atMs;
  allPausedMs += pausedMs;
  for (const tell of [...resumed]) tell(pausedMs);
}

/** As `performance.now()`, without the time of pauses. */
export function unpausedNow(): number {
  return performance.now() - allPausedMs;
}

/** Calls `tell` after each pause, before any timer that ran out during it. Answers with what ends that. */
export function onResume(tell: (pausedMs: number) => void): () => void {
  resumed.add(tell);
  return () => void resumed.delete(tell);
}

export interface PausableTimer {
  readonly clear: () => void;
}

/** Calls `done` after so much time in which the process was not paused. */
export function startPausableTimer(ms: number, done: () => void): PausableTimer {
  let endsAtMs = performance.now() + ms;
  let timer = setTimeout(finish, ms);
  const forget = onResume((pausedMs) => {
    clearTimeout(timer);
    endsAtMs += pausedMs;
    timer = setTimeout(finish, Math.max(0, endsAtMs - performance.now()));
  });
  function finish(): void {
    forget();
    done();
  }
  return {
    clear() {
      clearTimeout(timer);
      forget();
    },
  };
}
