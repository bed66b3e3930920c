import { escapeCases, runSelftest, type Isolation, type SelftestReport } from '#selftest/selftest.js';
import type { Scene } from './scene.js';

export interface SelftestRequest {
  readonly isolation: Isolation;
  /** Letters of classes; all where absent. */
  readonly classes?: readonly string[] | undefined;
}

/** Runs the escape suite; says with `--debug` what came of each case. */
export function selftest({ log }: Scene, { isolation, classes }: SelftestRequest): Promise<SelftestReport> {
  return runSelftest({
    isolation,
    cases: escapeCases.filter((escape) => classes?.includes(escape.class) ?? true),
    onCase: ({ class: letter, name, held, twinWorks, outcome }) =>
      log.write('debug', `${letter}, ${name}: ${held ? 'held' : 'NOT HELD'}${twinWorks ? '' : ', TWIN NOT WORKING'} (${outcome})`),
  });
}
