import { unpausedNow } from '#base/pause.js';

/** The time of one plugin in one command: a plugin that answers each call just before its deadline still delays the whole. */
export interface TotalTime {
  /** Milliseconds that are left; zero or less when it has used its share. */
  leftMs(): number;
  /** Counts the time until `run` settles; what overlaps counts once. */
  spend<T>(run: () => Promise<T>): Promise<T>;
}

/** `totalMs`, and of the time since this call so many percent: who watches a container for days gets more than who changes a configuration. */
export function openTotalTime(totalMs: number, percent: number, now: () => number = unpausedNow): TotalTime {
  const openedAt = now();
  let spentMs = 0;
  let underWay = 0;
  let since = 0;
  const settle = (): void => {
    if (underWay > 0) spentMs += now() - since;
    since = now();
  };
  return {
    leftMs() {
      settle();
      return totalMs + ((now() - openedAt) * percent) / 100 - spentMs;
    },
    async spend(run) {
      settle();
      underWay += 1;
      try {
        return await run();
      } finally {
        settle();
        underWay -= 1;
      }
    },
  };
}
