/** What services wrote, of one or of all of them and the daemon, line by line in the order of time. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '#base/errors.js';
import { readOutputFiles, type OutputPart } from '#containers/containers.js';
import { labelOfName, serviceErrors } from '#services/services.js';

export interface LoggedLine {
  /** As in `com.bulkhead.hydra.1`; `daemon`. */
  readonly label: string;
  readonly time: string;
  /** Of a program of a plugin, as it wrote it; without its line break. */
  readonly text: string;
}

export interface LogsRequest {
  /** As in `hydra` or `hydra.1`; all of them, and the daemon, where absent. */
  readonly name: string | undefined;
  readonly follow: boolean;
  /** Milliseconds since 1970. */
  readonly sinceMs: number | undefined;
  /** Ends what follows. */
  readonly signal: AbortSignal;
}

const LOOK_EVERY_MS = 500;
const QUEUE_MAX = 1_000;
const PAUSE_MS = 10;

export async function* readServiceLogs(kept: string, request: LogsRequest, warn: (line: string) => void): AsyncGenerator<LoggedLine> {
  const { name, follow, sinceMs, signal } = request;
  const only = name === undefined ? undefined : labelOfName(name);
  const listLabels = async (): Promise<string[]> => (await listWriters(kept)).filter((label) => only === undefined || label === only);
  if (only !== undefined && (await listLabels()).length === 0) throw serviceErrors.notRegistered(only);
  const isOver = (): Promise<boolean> => Promise.resolve(signal.aborted);
  const open = async function* (label: string): AsyncGenerator<LoggedLine> {
    for await (const part of readOutputFiles(join(kept, label), { follow, sinceMs, warn }, isOver)) yield toLine(label, part);
  };
  if (follow) yield* mergeAsTheyCome(listLabels, open, signal);
  else yield* mergeByTime((await listLabels()).map(open));
}

/** Directories of services, and that of the daemon, in which something was written. */
async function listWriters(kept: string): Promise<string[]> {
  const found: string[] = [];
  for (const name of (await readdir(kept).catch((): string[] => [])).toSorted()) {
    if ((await readdir(join(kept, name)).catch((): string[] => [])).includes('output.jsonl')) found.push(name);
  }
  return found;
}

function toLine(label: string, { time, bytes }: OutputPart): LoggedLine {
  return {
    label,
    time,
    text: Buffer.from(bytes)
      .toString('utf8')
      .replace(/\r?\n$/, ''),
  };
}

async function* mergeByTime(streams: readonly AsyncGenerator<LoggedLine>[]): AsyncGenerator<LoggedLine> {
  const heads = await Promise.all(streams.map(async (stream) => ({ stream, head: await stream.next() })));
  for (;;) {
    let first: (typeof heads)[number] | undefined;
    for (const one of heads) {
      if (one.head.done !== true && (first === undefined || first.head.done === true || one.head.value.time < first.head.value.time))
        first = one;
    }
    if (first === undefined || first.head.done === true) return;
    yield first.head.value;
    first.head = await first.stream.next();
  }
}

/** Also of services that are registered meanwhile. */
async function* mergeAsTheyCome(
  listLabels: () => Promise<string[]>,
  open: (label: string) => AsyncGenerator<LoggedLine>,
  signal: AbortSignal,
): AsyncGenerator<LoggedLine> {
  const queue: LoggedLine[] = [];
  const known = new Map<string, Promise<void>>();
  let failure: Error | undefined;
  let wake = (): void => undefined;
  const pump = async (label: string): Promise<void> => {
    for await (const line of open(label)) {
      queue.push(line);
      wake();
      while (queue.length > QUEUE_MAX && !signal.aborted) await delay(PAUSE_MS);
    }
  };
  while (!signal.aborted && failure === undefined) {
    for (const label of await listLabels()) {
      if (!known.has(label))
        known.set(
          label,
          pump(label).catch((thrown: unknown) => void (failure = thrown instanceof Error ? thrown : new Error(messageOf(thrown)))),
        );
    }
    yield* queue.splice(0);
    const woken = new Promise<void>((resolve) => (wake = resolve));
    if (queue.length === 0) await Promise.race([woken, delay(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined)]);
  }
  if (failure !== undefined) throw failure;
}
