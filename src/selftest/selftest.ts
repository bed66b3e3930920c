/**
 * The escape suite: ways out of a compartment, tried for real on this machine and this Node.
 *
 *   cases/ ─▶ suite ─┬─▶ a compartment (src/host)        code of a plugin, its twin after it
 *   (data)           ├─▶ the realm around it              code as if it had got out, after the guest has disarmed the realm
 *                    └─▶ invariants, before and after    what of the host must be as it was
 *
 * A case is held when nothing came of it and nothing of the host changed. Its twin, the same shape of code in its honest form,
 * must work: a wall that nobody can live behind is no wall. Needs no plugin, leaves nothing behind.
 */
import type { Isolation } from '#host/host.js';
import { answerCases } from './cases/answers.js';
import { asyncCases } from './cases/async.js';
import { endowmentCases } from './cases/endowments.js';
import { evaluatorCases } from './cases/evaluator.js';
import { facetCases } from './cases/facet.js';
import { globalCases } from './cases/globals.js';
import { intrinsicCases } from './cases/intrinsics.js';
import { realmCases } from './cases/realm.js';
import { resourceCases } from './cases/resources.js';
import { thrownCases } from './cases/thrown.js';
import { timingCases } from './cases/timing.js';
import { escapeClasses, type EscapeCase, type EscapeClass } from './escape-case.js';
import { openSuite, type CaseReport } from './suite.js';

export const escapeCases: readonly EscapeCase[] = [
  ...globalCases,
  ...evaluatorCases,
  ...intrinsicCases,
  ...endowmentCases,
  ...facetCases,
  ...answerCases,
  ...resourceCases,
  ...timingCases,
  ...thrownCases,
  ...asyncCases,
  ...realmCases,
];

export interface ClassReport {
  readonly class: EscapeClass;
  readonly title: string;
  readonly tried: number;
  readonly held: number;
  readonly twinsWorking: number;
}

export interface SelftestReport {
  readonly node: string;
  readonly isolation: Isolation;
  /** Whether every case was held and every twin works. */
  readonly allHeld: boolean;
  readonly classes: readonly ClassReport[];
  readonly failures: readonly CaseReport[];
}

/** Runs the suite, case by case. `onCase` is told of each as it is done. */
export async function runSelftest({
  isolation,
  cases,
  onCase = () => undefined,
}: {
  isolation: Isolation;
  cases: readonly EscapeCase[];
  onCase?: (report: CaseReport) => void;
}): Promise<SelftestReport> {
  const suite = await openSuite(isolation);
  const reports: CaseReport[] = [];
  try {
    for (const escape of cases) {
      const report = await suite.try(escape);
      reports.push(report);
      onCase(report);
    }
  } finally {
    await suite.close();
  }
  return summarize(isolation, reports);
}

function summarize(isolation: Isolation, reports: readonly CaseReport[]): SelftestReport {
  const failures = reports.filter(({ held, twinWorks }) => !held || !twinWorks);
  const tried = (Object.keys(escapeClasses) as EscapeClass[]).filter((name) => reports.some((report) => report.class === name));
  const classes = tried.map((name) => {
    const mine = reports.filter((report) => report.class === name);
    return {
      class: name,
      title: escapeClasses[name],
      tried: mine.length,
      held: mine.filter(({ held }) => held).length,
      twinsWorking: mine.filter(({ twinWorks }) => twinWorks).length,
    };
  });
  // A suite without cases proves nothing.
  return { node: process.version, isolation, allHeld: reports.length > 0 && failures.length === 0, classes, failures };
}

export type { Isolation } from '#host/host.js';
export { openSuite, type CaseReport, type Suite } from './suite.js';
export type { EscapeCase } from './escape-case.js';
