import { BulkheadError } from '#base/errors.js';
import { escapeControls } from '#base/text.js';
import type { BackgroundStart, ContainerCommands } from '#wiring/wiring.js';
import { printOutput } from './print-output.js';
import { startTyping } from './typing.js';

/** Says which container runs; of one that ended before its command ran, what it said, and ends as it did. */
export function endAsEarly({ id, early, release }: BackgroundStart, say: (id: string) => void): void {
  release();
  if (early === undefined) return say(id);
  process.exitCode = early.exitCode;
  process.stderr.write(escapeControls(early.said));
}

export interface Attached extends Pick<BackgroundStart, 'id'>, Partial<Pick<BackgroundStart, 'endInput' | 'release'>> {
  /** Its exit code; whoever goes before that aborts. */
  readonly ended: (signal: AbortSignal) => Promise<number>;
}

export interface Attachment {
  readonly containers: ContainerCommands;
  /** What was written before is not shown. */
  readonly sinceMs: number;
  /** Whether what is typed goes to it. */
  readonly types: boolean;
}

/** How often is looked for what it writes, where somebody types and waits for the answer. */
const TYPIST_MS = 20;

/** As in the foreground, except that whoever kills this command line leaves the container running. */
export async function attach(
  { id, ended, endInput = () => undefined, release = () => undefined }: Attached,
  { containers, sinceMs, types }: Attachment,
): Promise<void> {
  const over = new AbortController();
  const end = ended(over.signal);
  end.catch(() => undefined);
  const input = types ? await containers.input(id).catch(ignoreEnded) : undefined;
  const pass = (signal: NodeJS.Signals): void => {
    // It may have ended in this very moment.
    containers.kill(id, { signal }).catch(() => undefined);
  };
  const signals: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'];
  for (const signal of signals) process.on(signal, pass);
  const typing = input === undefined ? undefined : startTyping(input, endInput);
  const show = async (): Promise<number> => {
    const everyMs = types ? TYPIST_MS : undefined;
    for await (const part of containers.output(id, { follow: true, sinceMs, everyMs, signal: over.signal })) await printOutput(part);
    return end;
  };
  const shown = show();
  shown.catch(() => undefined);
  try {
    process.exitCode = await Promise.race([shown, ...(typing === undefined ? [] : [typing.detached.then(() => 0)])]);
  } finally {
    over.abort();
    for (const signal of signals) process.off(signal, pass);
    await typing?.close();
    release();
  }
}

/** It ran, and is over: what it wrote is there to be shown. */
function ignoreEnded(thrown: unknown): undefined {
  if (!(thrown instanceof BulkheadError) || thrown.code !== 'CONTAINER_NOT_RUNNING') throw thrown;
}
