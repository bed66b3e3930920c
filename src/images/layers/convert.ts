/** Makes a root of layers in a thread of its own, which is ended where nobody waits for it any more. */
import { messageOf } from '#base/errors.js';
import { oneThread } from '#base/one-thread.js';
import { findShipped } from '#base/shipped.js';
import { conversionFailed, converterNotBuilt, layerRefused, zstdMissing } from '../errors.js';
import type { ConvertOutcome, ConvertProgress, ConvertTask } from './convert-task.js';

/** A node and a name for every entry. */
const HEAP_MIB = 1536;

export interface ConvertOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: ConvertProgress) => void) | undefined;
}

/** Answers with how many devices and FIFOs were left out. What is half there when it throws is the caller's to remove. */
export async function convertLayers(task: ConvertTask, { signal, onProgress }: ConvertOptions = {}): Promise<number> {
  const filename = findShipped('images/convert-thread.js');
  if (filename === undefined) throw converterNotBuilt();
  // Loaded here: a run whose image is there already needs none of it.
  const { Piscina } = await import('piscina');
  const pool = new Piscina(oneThread({ filename, execArgv: [], resourceLimits: { maxOldGenerationSizeMb: HEAP_MIB } }));
  // Errors between tasks; those of the task are the rejection below.
  pool.on('error', () => undefined);
  const { port1, port2 } = new MessageChannel();
  port1.on('message', (data: ConvertProgress) => onProgress?.(data));
  try {
    const running = pool.run({ task, progress: port2 }, { transferList: [port2], ...(signal === undefined ? {} : { signal }) });
    return requireDone((await running.catch((thrown: unknown) => explain(thrown, signal))) as ConvertOutcome);
  } finally {
    port1.close();
    await pool.destroy();
  }
}

function explain(thrown: unknown, signal: AbortSignal | undefined): never {
  if (signal?.aborted === true) throw signal.reason;
  throw conversionFailed(`the thread that does it ended (${messageOf(thrown)})`);
}

function requireDone(outcome: ConvertOutcome): number {
  switch (outcome.type) {
    case 'done':
      return outcome.leftOut;
    case 'refused':
      throw layerRefused(outcome.digest, outcome.why);
    case 'zstd':
      throw zstdMissing(outcome.digest);
    case 'failed':
      throw conversionFailed(outcome.why);
  }
}
