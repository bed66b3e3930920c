import { createInterface } from 'node:readline/promises';
import { escapeControls } from '#base/text.js';

/** Whether there is somebody to ask. */
export function isInteractive(): boolean {
  return process.stdin.isTTY && process.stderr.isTTY;
}

/** Asks on standard error. Only "y" and "yes" mean yes; an empty line, the end of input and everything else mean no. */
export async function askYesNo(question: string): Promise<boolean> {
  const line = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const closed = new Promise<string>((resolve) => line.once('close', () => resolve('')));
    const answer = await Promise.race([line.question(`${escapeControls(question)} [y/N] `), closed]);
    return /^y(?:es)?$/i.test(answer.trim());
  } finally {
    line.close();
  }
}
