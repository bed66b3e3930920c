/**
 * What a container or a service wrote, on disk:
 *
 *      output.jsonl      {"time":"2026-11-23T10:00:00.000Z","stream":"stdout","text":"hello\n"}      a line each, the youngest last
 *      output.jsonl.1    the file before it; .2, .3 are older
 *
 * A line that was written is one line here, with its line break; the beginning of a line comes without one, and what follows is its
 * rest. What is no UTF-8 is `base64`. FILE_BYTES_MAX * FILES_MAX bounds how much of the disk one can fill.
 */
import { isUtf8 } from 'node:buffer';
import { closeSync, fstatSync, openSync, renameSync, writeSync } from 'node:fs';
import { messageOf } from '#base/errors.js';

const FILE_BYTES_MAX = 8 * 1_048_576;
const FILES_MAX = 4;
/** Of one line; a longer one is divided. */
const LINE_BYTES_MAX = 65_536;
const LINE_BREAK = 0x0a;

export interface OutputFile {
  /** Written when it returns: who reads is not asked for more before, so that the container waits for the disk. Never throws. */
  write(stream: 'stdout' | 'stderr', bytes: Buffer): void;
  /** What was the beginning of a character, as it is. Idempotent. */
  close(): void;
}

export interface OutputFileOptions {
  readonly path: string;
  /** Told once, when nothing can be written any more. */
  readonly onLost: (why: string) => void;
  readonly fileBytesMax?: number;
}

export function openOutputFile({ path, onLost, fileBytesMax = FILE_BYTES_MAX }: OutputFileOptions): OutputFile {
  let fd: number | undefined = openSync(path, 'a', 0o600);
  let sizeBytes = fstatSync(fd).size;
  const begun = { stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) };

  function rotate(): void {
    if (fd !== undefined) closeSync(fd);
    fd = undefined;
    for (let number = FILES_MAX - 1; number > 0; number -= 1) {
      renameIfThere(number === 1 ? path : `${path}.${number - 1}`, `${path}.${number}`);
    }
    fd = openSync(path, 'a', 0o600);
    sizeBytes = 0;
  }

  function append(lines: Buffer): void {
    try {
      if (sizeBytes > 0 && sizeBytes + lines.length > fileBytesMax) rotate();
      if (fd === undefined) return;
      writeSync(fd, lines);
      sizeBytes += lines.length;
    } catch (thrown) {
      // A full disk ends what is written down, not the container.
      if (fd !== undefined) closeSync(fd);
      fd = undefined;
      onLost(messageOf(thrown));
    }
  }

  return {
    write(stream, bytes) {
      if (fd === undefined) return;
      const all = Buffer.concat([begun[stream], bytes]);
      const whole = all.length - countUnfinished(all);
      begun[stream] = Buffer.from(all.subarray(whole));
      if (whole > 0) append(describeLines(stream, all.subarray(0, whole)));
    },
    close() {
      for (const stream of ['stdout', 'stderr'] as const) {
        if (begun[stream].length > 0) append(describeLines(stream, begun[stream]));
        begun[stream] = Buffer.alloc(0);
      }
      if (fd !== undefined) closeSync(fd);
      fd = undefined;
    },
  };
}

function describeLines(stream: string, bytes: Buffer): Buffer {
  const time = new Date().toISOString();
  const lines: string[] = [];
  for (const line of splitLines(bytes)) {
    const content = isUtf8(line) ? { text: line.toString('utf8') } : { base64: line.toString('base64') };
    lines.push(JSON.stringify({ time, stream, ...content }), '\n');
  }
  return Buffer.from(lines.join(''));
}

function* splitLines(bytes: Buffer): Generator<Buffer> {
  for (let start = 0; start < bytes.length;) {
    const found = bytes.indexOf(LINE_BREAK, start);
    const end = Math.min(found < 0 ? bytes.length : found + 1, start + LINE_BYTES_MAX);
    const back = end === bytes.length || bytes[end - 1] === LINE_BREAK ? 0 : countUnfinished(bytes.subarray(start, end));
    const cut = end - back > start ? end - back : end;
    yield bytes.subarray(start, cut);
    start = cut;
  }
}

/** How many bytes at the end are the beginning of a character of UTF-8. */
function countUnfinished(bytes: Buffer): number {
  for (let count = 1; count <= Math.min(3, bytes.length); count += 1) {
    const byte = bytes[bytes.length - count] ?? 0;
    if ((byte & 0xc0) === 0x80) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return length > count ? count : 0;
  }
  return 0;
}

function renameIfThere(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'ENOENT') throw thrown;
  }
}
