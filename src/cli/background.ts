import { escapeControls } from '#base/text.js';
import type { BackgroundStart } from '#wiring/wiring.js';

/** Says which container runs; of one that ended before its command ran, what it said, and ends as it did. */
export function endAsEarly({ id, early, release }: BackgroundStart, say: (id: string) => void): void {
  release();
  if (early === undefined) return say(id);
  process.exitCode = early.exitCode;
  process.stderr.write(escapeControls(early.said));
}
