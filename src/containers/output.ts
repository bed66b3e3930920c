/**
 * What a container has written, out of `output.jsonl` and the files that it was rotated into:
 *
 *      output.jsonl.2   output.jsonl.1   output.jsonl        oldest to youngest, each a line of JSON for a part that came at once
 *
 * The monitor writes whole lines at the end of the youngest, and renames when that is large. A reader keeps the file open at which it
 * is, so that it finds it again by its inode under whatever name, and goes on with the next younger one.
 */
import { open, readdir, type FileHandle } from 'node:fs/promises';
import { constants } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import * as v from 'valibot';
import { systemCodeOf } from '#base/errors.js';
import { findContainer } from './find.js';
import { outputLine, type ContainerPlace, type OutputLine } from './shapes.js';

/** At most a line of what was written: one that is not ended yet has no line feed. */
export interface OutputPart {
  readonly time: string;
  readonly stream: OutputLine['stream'];
  readonly bytes: Uint8Array;
  /** It begins a line of its stream. */
  readonly begins: boolean;
}

export interface OutputOptions {
  /** Goes on until the container has ended. */
  readonly follow: boolean;
  /** Of those that are there already, only so many lines at the end. */
  readonly tail?: number | undefined;
  /** Milliseconds since 1970; only what was written then or later. */
  readonly sinceMs?: number | undefined;
  /** How often is looked for more; 100 where absent. */
  readonly everyMs?: number | undefined;
  /** Whoever follows goes. */
  readonly signal?: AbortSignal | undefined;
  /** Takes what cannot be read of it. */
  readonly warn: (line: string) => void;
}

const ROTATED = /^output\.jsonl(?:\.([1-9]\d{0,5}))?$/;
const LOOK_EVERY_MS = 100;
const CHUNK_BYTES = 65_536;
/** A pipe holds 64 KiB, and a monitor writes what it has read at once; JSON may make six characters of a byte. */
const LINE_BYTES_MAX = 8 * 1_048_576;

export function readOutput(place: ContainerPlace, options: OutputOptions): AsyncGenerator<OutputPart> {
  return readOutputFiles(place.path, options, async () => {
    const status = (await findContainer(place))?.status.status;
    return status !== 'running' && status !== 'starting';
  });
}

/** The same of any directory with such files; `options.follow` goes on until `isWriterOver`. */
export async function* readOutputFiles(
  path: string,
  options: OutputOptions,
  isWriterOver: () => Promise<boolean>,
): AsyncGenerator<OutputPart> {
  const reader = openReader({ path }, options);
  const sinceMs = options.sinceMs ?? -Infinity;
  const split = splitLines();
  const parts = function* (lines: readonly OutputLine[]): Generator<OutputPart> {
    for (const line of lines) for (const part of split(line)) if (Date.parse(part.time) >= sinceMs) yield part;
  };
  try {
    yield* lastLines(options.tail, reader.readOn(), parts);
    if (!options.follow) return;
    for (let isOver = false; !isOver && options.signal?.aborted !== true;) {
      // Looked at first: what it wrote before its end is there by then.
      isOver = await isWriterOver();
      let isIdle = true;
      for await (const lines of reader.readOn()) {
        isIdle = false;
        yield* parts(lines);
      }
      if (isIdle && !isOver) await delay(options.everyMs ?? LOOK_EVERY_MS);
    }
  } finally {
    await reader.close();
  }
}

type Parts = (lines: readonly OutputLine[]) => Iterable<OutputPart>;

/** All of them, or the last ones: as many as are asked for are kept, not more. */
async function* lastLines(count: number | undefined, batches: AsyncIterable<OutputLine[]>, parts: Parts): AsyncGenerator<OutputPart> {
  let kept: { part: OutputPart; number: number }[] = [];
  let number = 0;
  for await (const lines of batches) {
    if (count === undefined) {
      yield* parts(lines);
      continue;
    }
    for (const part of parts(lines)) kept.push({ part, number: part.begins ? (number += 1) : number });
    kept = kept.filter((one) => one.number > number - count);
  }
  for (const { part } of kept) yield part;
}

/** A part for each line that it holds, also where the line began in an earlier one. */
function splitLines(): (line: OutputLine) => OutputPart[] {
  const isOpen = { stdout: false, stderr: false };
  return (line) => {
    const { time, stream } = line;
    const bytes = 'text' in line ? Buffer.from(line.text) : Buffer.from(line.base64, 'base64');
    const parts: OutputPart[] = [];
    for (let start = 0; start < bytes.length;) {
      const feed = bytes.indexOf(10, start);
      const end = feed < 0 ? bytes.length : feed + 1;
      parts.push({ time, stream, bytes: bytes.subarray(start, end), begins: !isOpen[stream] });
      isOpen[stream] = feed < 0;
      start = end;
    }
    return parts;
  };
}

interface Reader {
  /** Whatever was written since the last call. */
  readOn(): AsyncGenerator<OutputLine[]>;
  close(): Promise<void>;
}

interface OpenFile {
  readonly handle: FileHandle;
  readonly inode: number;
}

function openReader({ path }: Pick<ContainerPlace, 'path'>, { warn }: Pick<OutputOptions, 'warn'>): Reader {
  let current: OpenFile | undefined;
  let rest: Buffer = Buffer.alloc(0);
  let hasWarned = false;

  function parse(text: string): OutputLine[] {
    const line = parseLine(text);
    if (line !== undefined) return [line];
    if (!hasWarned) warn('Some lines of its output are damaged, and left out');
    hasWarned = true;
    return [];
  }

  async function* readToEnd({ handle }: OpenFile): AsyncGenerator<OutputLine[]> {
    for (;;) {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(CHUNK_BYTES), 0, CHUNK_BYTES, null);
      if (bytesRead === 0) return;
      const bytes = Buffer.concat([rest, buffer.subarray(0, bytesRead)]);
      const end = bytes.lastIndexOf(10) + 1;
      rest = bytes.length - end > LINE_BYTES_MAX ? Buffer.alloc(0) : bytes.subarray(end);
      const texts = bytes.toString('utf8', 0, end).split('\n').filter(Boolean);
      yield texts.flatMap(parse);
    }
  }

  return {
    async *readOn() {
      for (;;) {
        // What is younger is looked for first: then nothing more comes into the file that is open.
        const next = await openNext(path, current?.inode);
        let untaken = next;
        try {
          if (current !== undefined) yield* readToEnd(current);
          if (next === undefined) return;
          await current?.handle.close();
          // Whoever wrote it was killed in the midst of its last line.
          if (rest.length > 0) parse(rest.toString());
          rest = Buffer.alloc(0);
          current = next;
          untaken = undefined;
        } finally {
          // Who reads may have had enough.
          await untaken?.handle.close();
        }
      }
    },
    close: async () => current?.handle.close(),
  };
}

/** The next younger file than the one of this inode; the oldest where that is not there any more. */
async function openNext(path: string, inode: number | undefined): Promise<OpenFile | undefined> {
  const files = await openAll(path);
  const index = files.findIndex((file) => file.inode === inode);
  const next = files[index + 1];
  await Promise.all(files.filter((file) => file !== next).map(({ handle }) => handle.close()));
  return next;
}

/** Oldest first. What is renamed while they are opened is seen twice, or not at all: then once more. */
async function openAll(path: string): Promise<OpenFile[]> {
  for (;;) {
    const names = await listFiles(path);
    const files: OpenFile[] = [];
    for (const name of names) {
      const file = await openFile(join(path, name));
      if (file !== undefined) files.push(file);
    }
    const isSteady = new Set(files.map(({ inode }) => inode)).size === names.length && same(await listFiles(path), names);
    if (isSteady) return files;
    await Promise.all(files.map(({ handle }) => handle.close()));
  }
}

async function listFiles(path: string): Promise<string[]> {
  const names = await readdir(path).catch((thrown: unknown) => {
    if (systemCodeOf(thrown) === 'ENOENT') return [];
    throw thrown;
  });
  const numberOf = (name: string): number => Number(ROTATED.exec(name)?.[1] ?? 0);
  return names.filter((name) => ROTATED.test(name)).toSorted((a, b) => numberOf(b) - numberOf(a));
}

async function openFile(path: string): Promise<OpenFile | undefined> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    return { handle, inode: (await handle.stat()).ino };
  } catch (thrown) {
    await handle?.close();
    if (systemCodeOf(thrown) === 'ENOENT') return undefined;
    throw thrown;
  }
}

function same(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((one, index) => one === b[index]);
}

function parseLine(text: string): OutputLine | undefined {
  try {
    const result = v.safeParse(outputLine, JSON.parse(text));
    return result.success ? result.output : undefined;
  } catch {
    return undefined;
  }
}
