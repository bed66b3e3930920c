/** The last that the program of an instance wrote, for the message of an error. */
import { setTimeout as delay } from 'node:timers/promises';
import type { ConnectRequest } from './connect.js';
import { defineService, labelOfService } from './definition.js';
import { outputFile } from './keeper/state.js';
import { readLastLines } from './output.js';
import { serviceDirectory } from './places.js';

const LINES = 10;
/** What it wrote just before it ended is still on its way to the file. */
const TRIES = 10;
const TRY_EVERY_MS = 50;

/** None where it wrote nothing. Never throws. */
export async function readLastWords({
  bundle,
  instance,
  places,
}: Pick<ConnectRequest, 'bundle' | 'instance' | 'places'>): Promise<string[]> {
  const file = outputFile(serviceDirectory(places, labelOfService(defineService({ bundle, instance }))));
  for (let triesLeft = TRIES; ; triesLeft -= 1) {
    const lines = await readLastLines(file, LINES);
    if (lines.length > 0 || triesLeft === 0) return lines;
    await delay(TRY_EVERY_MS);
  }
}
