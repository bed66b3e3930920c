import type { Readable } from 'node:stream';

const BYTES_KEPT = 4096;

/** The last that a program has said, however much it says. */
export interface ProgramOutput {
  read(): string;
}

export function keepOutput(stream: Readable): ProgramOutput {
  let kept = Buffer.alloc(0);
  // The other end is gone: nothing more is said.
  stream.on('error', () => undefined);
  stream.on('data', (chunk: Buffer) => (kept = Buffer.concat([kept, chunk]).subarray(-BYTES_KEPT)));
  return { read: () => kept.toString('utf8') };
}
