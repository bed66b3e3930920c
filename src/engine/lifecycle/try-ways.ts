/** Tries one way of a table after the other, until one of them does not fail before the command runs. */
import { chooseWay, describeChoice, type ChosenWay, type Circumstances, type PassedWay, type RootNeed } from '../mounts/root-ways.js';

export interface Attempts<Result> {
  readonly need: RootNeed;
  readonly circumstances: Circumstances;
  /** Takes one line for each choice. */
  readonly log: (line: string) => void;
  readonly attempt: (chosen: ChosenWay) => Promise<Result>;
  /** Why the next one may do better; undefined where the failure is final. */
  readonly explain: (thrown: unknown) => string | undefined;
  /** What to throw where nothing could be tried; else it is what the first attempt threw. */
  readonly giveUp: (passed: readonly PassedWay[]) => unknown;
}

export async function tryWays<Result>({ need, circumstances, log, attempt, explain, giveUp }: Attempts<Result>): Promise<Result> {
  const tried: PassedWay[] = [];
  const failures: unknown[] = [];
  for (;;) {
    const chosen = await chooseWay(need, circumstances, tried);
    if (chosen.way === undefined) throw failures[0] ?? giveUp(chosen.passed);
    log(describeChoice(need, chosen));
    try {
      return await attempt(chosen);
    } catch (thrown) {
      const why = explain(thrown);
      if (why === undefined) throw thrown;
      tried.push({ way: chosen.way, why });
      failures.push(thrown);
    }
  }
}
