/** How long a question and its answer take between two threads: bare, with comlink, with the gate, and as a whole call of a plugin. */
import { join } from 'node:path';
import { MessageChannel, Worker, type MessagePort } from 'node:worker_threads';
import { wrap, type Remote } from 'comlink';
import { build } from 'esbuild';
import { Bench } from 'tinybench';
import { openClient } from '#wire/wire.js';
import type { EchoData } from './echo.js';
import { benchPlugin, config, openBenchHost, payloads, type Payload } from './payloads.js';

export interface RoundTrips {
  readonly payload: string;
  /** Medians, in microseconds. */
  readonly rawUs: number;
  readonly comlinkUs: number;
  readonly gateUs: number;
  /** With the contract's schema, the deadline and the log; of the callback engineConfig only, in either isolation. */
  readonly threadUs?: number;
  readonly processUs?: number;
}

type Ask = (question: unknown) => Promise<unknown>;

interface Line {
  readonly kind: string;
  readonly ask: Ask;
}

/** Each for so long, in turn, so that all see the same machine. */
const timeMs = 1500;

export async function measureRoundTrips(directory: string): Promise<RoundTrips[]> {
  const file = join(directory, 'echo.mjs');
  await build({
    entryPoints: [join(import.meta.dirname, 'echo.ts')],
    outfile: file,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    conditions: ['bulkhead-source'],
    logLevel: 'error',
  });
  const host = openBenchHost(directory);
  const calls = (['thread', 'process'] as const).map((isolation) => {
    const plugin = host.respondent(benchPlugin(isolation));
    return { kind: isolation, ask: () => plugin.ask('engineConfig', { config }) };
  });
  const results: RoundTrips[] = [];
  try {
    for (const payload of payloads) {
      results.push(await measure(file, payload, payload.title === 'engineConfig' ? calls : []));
    }
  } finally {
    await host.close();
  }
  return results;
}

async function measure(file: string, payload: Payload, calls: readonly Line[]): Promise<RoundTrips> {
  const lines = await Promise.all((['raw', 'comlink', 'gate'] as const).map((kind) => openLine(file, kind, payload.answer)));
  try {
    const bench = new Bench({ time: timeMs, warmupTime: 300 });
    for (const { kind, ask } of [...lines, ...calls]) bench.add(kind, async () => void (await ask(payload.question)));
    await bench.run();
    const us = (name: string): number => medianUs(bench, name);
    const called = calls.length === 0 ? {} : { threadUs: us('thread'), processUs: us('process') };
    return { payload: payload.title, rawUs: us('raw'), comlinkUs: us('comlink'), gateUs: us('gate'), ...called };
  } finally {
    await Promise.all(lines.map(({ worker }) => worker.terminate()));
  }
}

function medianUs(bench: Bench, name: string): number {
  const result = bench.getTask(name)?.result;
  if (result?.state !== 'completed') throw new Error(`The round trips of "${name}" did not come to their end: ${result?.state}`);
  return result.latency.p50 * 1000;
}

async function openLine(file: string, kind: EchoData['kind'], answer: unknown): Promise<Line & { worker: Worker }> {
  const { port1, port2 } = new MessageChannel();
  const data: EchoData = { kind, port: port2, answer };
  const worker = new Worker(file, { workerData: data, transferList: [port2], execArgv: [] });
  await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
  return { kind, worker, ask: openAsk(kind, port1) };
}

function openAsk(kind: EchoData['kind'], port: MessagePort): Ask {
  if (kind === 'gate') {
    const ask = openClient(port, ['echo'], (why) => {
      throw new Error(why);
    });
    return (question) => ask('echo', question);
  }
  if (kind === 'comlink') {
    const remote = wrap(port as never) as Remote<{ echo(question: unknown): unknown }>;
    return (question) => remote.echo(question);
  }
  const waiting = new Map<number, (value: unknown) => void>();
  let last = 0;
  port.on('message', ({ id, value }: { id: number; value: unknown }) => {
    waiting.get(id)?.(value);
    waiting.delete(id);
  });
  return (question) =>
    new Promise((resolve) => {
      waiting.set((last += 1), resolve);
      port.postMessage({ id: last, question });
    });
}
