import { once } from 'node:events';
import type { OutputPart } from '#wiring/wiring.js';

/** What a container wrote, byte for byte. Waits for whoever reads. */
export async function printOutput({ stream, time, begins, bytes }: OutputPart, withTime = false): Promise<void> {
  const output = process[stream];
  if (withTime && begins) output.write(`${time} `);
  if (!output.write(bytes)) await once(output, 'drain');
}
