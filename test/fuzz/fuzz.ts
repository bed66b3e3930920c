/**
 * How the fuzz tests run.
 *
 *      npm test                           a fixed number of runs per property, some seconds in all
 *      npm run fuzz                       FUZZ_RUNS per property (100 000 where not said)
 *      FUZZ_MINUTES=5 npm run fuzz        each property for so long
 *      FUZZ_SEED=… npx mocha FILE         a failure again; seed and counterexample are in its message
 *
 * A counterexample that was mended is kept in corpus/, and replayed first, each time.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { cpuMs } from '../helpers/cpu.js';

const setting = (name: string): number | undefined => (process.env[name] === undefined ? undefined : Number(process.env[name]));

/** Throws with seed, path and the smallest counterexample. `runs` is for `npm test`. */
export async function holds<Args extends unknown[]>(
  property: fc.IAsyncProperty<Args> | fc.IProperty<Args>,
  { runs, examples = [] }: { runs: number; examples?: Args[] },
): Promise<void> {
  const minutes = setting('FUZZ_MINUTES');
  const seed = setting('FUZZ_SEED');
  const ms = minutes === undefined ? undefined : minutes * 60_000;
  await fc.assert(property, {
    numRuns: (ms === undefined ? (setting('FUZZ_RUNS') ?? runs) : Number.MAX_SAFE_INTEGER) + examples.length,
    ...(ms === undefined ? {} : { interruptAfterTimeLimit: ms }),
    ...(seed === undefined ? {} : { seed }),
    examples,
  });
}

/** Long enough for a long run: the properties bound the time of each case themselves. */
export const timeoutMs = process.env['FUZZ_RUNS'] === undefined && process.env['FUZZ_MINUTES'] === undefined ? 30_000 : 0;

/** The files of `corpus/NAME/`: past counterexamples, and the nearest things to them. */
export function readCorpus(name: string): [Uint8Array][] {
  const directory = fileURLToPath(new URL(`./corpus/${name}/`, import.meta.url));
  return readdirSync(directory)
    .toSorted()
    .map((file) => [new Uint8Array(readFileSync(`${directory}${file}`))]);
}

/** Runs something that must not take long whatever it is given, and says so where it does. Best of three: the machine has others to serve. */
export function within<T>(msMax: number, run: () => T): T {
  for (let attempt = 1; ; attempt++) {
    const startedAtMs = cpuMs();
    const result = run();
    const tookMs = cpuMs() - startedAtMs;
    if (tookMs <= msMax) return result;
    if (attempt === 3) throw new Error(`It took ${Math.round(tookMs)} ms, more than ${msMax} ms`);
  }
}
