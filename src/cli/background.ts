import { escapeControls } from '#base/text.js';
import type { BackgroundStart, ContainerCommands } from '#wiring/wiring.js';
import { printOutput } from './print-output.js';

/** Says which container runs; of one that ended before its command ran, what it said, and ends as it did. */
export function endAsEarly({ id, early, release }: BackgroundStart, say: (id: string) => void): void {
  release();
  if (early === undefined) return say(id);
  process.exitCode = early.exitCode;
  process.stderr.write(escapeControls(early.said));
}

/** As in the foreground, except that nothing is typed into it; and whoever kills this command line leaves the container running. */
export async function attach(
  { id, ended, release }: BackgroundStart,
  { containers, sinceMs }: { containers: ContainerCommands; sinceMs: number },
): Promise<void> {
  const pass = (signal: NodeJS.Signals): void => {
    // It may have ended in this very moment.
    containers.kill(id, { signal }).catch(() => undefined);
  };
  const signals: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'];
  for (const signal of signals) process.on(signal, pass);
  try {
    for await (const part of containers.output(id, { follow: true, sinceMs })) await printOutput(part);
    process.exitCode = await ended;
  } finally {
    for (const signal of signals) process.off(signal, pass);
    release();
  }
}
