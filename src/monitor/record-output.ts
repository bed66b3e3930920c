/** The streams of a container in the background: what it writes goes to output.jsonl, and it reads what those type who attach, or nothing. */
import { closeSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { Streams } from '#engine/engine.js';
import { openOutputFile } from '#base/output-file.js';
import { openInput } from './input.js';
import { openPipes } from './pipes.js';

/** Who else got hold of the streams, such as a process of the host, is waited for so long once the container has ended. */
const DRAIN_MS = 1_000;
const SAID_BYTES_MAX = 4_096;

export interface RecordedOutput {
  readonly streams: Streams;
  /** The last that was said on standard error. */
  readonly said: () => string;
  /** There is nobody left to type. */
  readonly endInput: () => void;
  /** When the container has ended: resolves once all that it wrote is on disk. */
  readonly close: () => Promise<void>;
}

export interface RecordOptions {
  /** Of the container, where pipes can be made. */
  readonly directory: string;
  readonly file: string;
  /** Where it is to read. */
  readonly input: string | undefined;
  readonly warn: (line: string) => void;
}

export async function recordOutput({ directory, file, input: inputPath, warn }: RecordOptions): Promise<RecordedOutput> {
  const onLost = (why: string): void => warn(`What the container writes is lost from here on: ${why}`);
  const output = openOutputFile({ path: file, onLost });
  const [stdout, stderr] = await openPipes(directory, ['stdout', 'stderr']);
  if (stdout === undefined || stderr === undefined) throw new Error('two pipes were asked for');
  const input = inputPath === undefined ? undefined : await openInput(inputPath);
  let last = Buffer.alloc(0);
  stdout.reading.on('data', (bytes: Buffer) => output.write('stdout', bytes));
  stderr.reading.on('data', (bytes: Buffer) => {
    last = Buffer.concat([last, bytes]).subarray(-SAID_BYTES_MAX);
    output.write('stderr', bytes);
  });
  const ended = Promise.all([stdout, stderr].map(({ reading }) => new Promise((resolve) => reading.once('close', resolve))));
  // The end of a pipe says all that an error of it would.
  for (const { reading } of [stdout, stderr]) reading.on('error', () => undefined);
  return {
    streams: { stdin: input?.reading ?? 'ignore', stdout: stdout.writing, stderr: stderr.writing },
    said: () => last.toString('utf8'),
    endInput: () => input?.end(),
    async close() {
      await input?.close();
      for (const { writing } of [stdout, stderr]) closeSync(writing);
      await Promise.race([ended, delay(DRAIN_MS, undefined, { ref: false })]);
      for (const { reading } of [stdout, stderr]) reading.destroy();
      output.close();
    },
  };
}
