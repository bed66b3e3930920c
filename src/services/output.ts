/** The end of what a service wrote. The whole of it is for `bulkhead system logs`. */
import { open } from 'node:fs/promises';
import * as v from 'valibot';
import { shorten } from '#base/text.js';

const READ_BYTES = 65_536;
const LINE_LENGTH_MAX = 500;
const line = v.object({ text: v.optional(v.string(), '') });

/** Without line breaks; none where there is no output. Never throws: they go into the message of another error. */
export async function readLastLines(file: string, count: number): Promise<string[]> {
  try {
    const handle = await open(file, 'r');
    try {
      const { size } = await handle.stat();
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(READ_BYTES), 0, READ_BYTES, Math.max(0, size - READ_BYTES));
      return buffer.subarray(0, bytesRead).toString('utf8').split('\n').flatMap(textOf).slice(-count);
    } finally {
      await handle.close();
    }
  } catch {
    return [];
  }
}

function textOf(text: string): string[] {
  try {
    return [shorten(v.parse(line, JSON.parse(text)).text.trimEnd(), LINE_LENGTH_MAX)];
  } catch {
    return [];
  }
}
