/** How long it takes until something is there: a bare Node, a bare worker, the CLI, a compartment. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { benchPlugin, openBenchHost } from './payloads.js';

export interface Starts {
  /** Medians, in milliseconds. */
  readonly nodeMs: number;
  readonly helpMs: number;
  readonly listMs: number;
  readonly workerMs: number;
  readonly threadMs: number;
  readonly processMs: number;
}

const rounds = 15;
export const program = join(import.meta.dirname, '../bin/run.js');

/** In turn, so that all see the same machine; the first round warms the caches and does not count. */
export async function measureStarts(directory: string): Promise<Starts> {
  const env = { PATH: process.env['PATH'], HOME: directory, BULKHEAD_ROOT: join(directory, 'system') };
  const times = { nodeMs: [], helpMs: [], listMs: [], workerMs: [], threadMs: [], processMs: [] } as Record<keyof Starts, number[]>;
  for (let round = 0; round <= rounds; round++) {
    const taken: Starts = {
      nodeMs: timeProcess(['-e', '0'], env),
      helpMs: timeProcess([program, '--help'], env),
      listMs: timeProcess([program, 'plugin', 'list'], env),
      workerMs: await time(startWorker),
      threadMs: await time(() => startCompartment(directory, 'thread')),
      processMs: await time(() => startCompartment(directory, 'process')),
    };
    if (round > 0) for (const key of Object.keys(times) as (keyof Starts)[]) times[key].push(taken[key]);
  }
  return Object.fromEntries(Object.entries(times).map(([key, all]) => [key, median(all)])) as unknown as Starts;
}

export function timeProcess(words: readonly string[], env: NodeJS.ProcessEnv): number {
  const startedAtMs = performance.now();
  const { status, stderr } = spawnSync(process.execPath, words, { env, stdio: ['ignore', 'ignore', 'pipe'], encoding: 'utf8' });
  if (status !== 0) throw new Error(`${words.join(' ')} ended with ${status}: ${stderr}`);
  return performance.now() - startedAtMs;
}

/** Until it is there; ending it again is not part of the time. */
async function time(start: () => Promise<() => Promise<unknown>>): Promise<number> {
  const startedAtMs = performance.now();
  const close = await start();
  const tookMs = performance.now() - startedAtMs;
  await close();
  return tookMs;
}

async function startWorker(): Promise<() => Promise<unknown>> {
  const worker = new Worker('require("node:worker_threads").parentPort.postMessage(1)', { eval: true, execArgv: [], env: {} });
  await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
  return () => worker.terminate();
}

async function startCompartment(directory: string, isolation: 'thread' | 'process'): Promise<() => Promise<unknown>> {
  const host = openBenchHost(directory);
  await host.requireReady(benchPlugin(isolation));
  return () => host.close();
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
