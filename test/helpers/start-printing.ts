import type { ResultPromise } from 'execa';
import type { Cli } from './cli.js';

export interface Printing {
  readonly child: ResultPromise;
  /** Until it has printed this on either of its streams; rejects when it has ended without. */
  readonly printed: (text: string) => Promise<void>;
  /** What it has printed so far. */
  readonly text: { readonly stdout: string; readonly stderr: string };
  /** `exitCode` is undefined where a signal ended it. */
  readonly outcome: Promise<{ exitCode: number | undefined; signal: string | undefined; stdout: string; stderr: string }>;
}

/** Starts the CLI and follows what it prints. */
export function startPrinting(cli: Cli, argv: readonly string[], env: Readonly<Record<string, string>> = {}): Printing {
  const child = cli.start(argv, { env: { ...cli.env, ...env }, stripFinalNewline: false });
  const text = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) child[name]?.on('data', (chunk: Buffer) => (text[name] += chunk.toString()));
  return {
    child,
    text,
    printed: (wanted) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (`${text.stdout}${text.stderr}`.includes(wanted)) resolve();
        };
        child.stdout?.on('data', look);
        child.stderr?.on('data', look);
        void child.then(() => reject(new Error(`It ended without printing "${wanted}": ${text.stdout}${text.stderr}`)));
        look();
      }),
    outcome: child.then(({ exitCode, signal }) => ({ exitCode, signal, ...text })),
  };
}
