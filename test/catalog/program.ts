/** Programs that change a plugin directory from outside, so that they can be killed, and be several. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

export interface Program {
  /** How many steps it has done, as far as it told: a line each. */
  countSteps(): number;
  /** Until it has said something, a whole line or not. */
  waitForStart(): Promise<void>;
  waitForSteps(count: number): Promise<void>;
  kill(): void;
  /** All that it has said. */
  output(): string;
  /** The signal that ended it, when all it said has been read. */
  readonly ended: Promise<string | null>;
}

export function startProgram(args: readonly string[]): Program {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (said += chunk));
  const ended = once(child, 'close').then(() => child.signalCode);
  const countSteps = () => said.split('\n').length - 1;
  const waitUntil = async (isReached: () => boolean) => {
    while (!isReached()) await Promise.race([once(child.stdout, 'data'), ended.then(() => assert.fail('the program ended by itself'))]);
  };
  return {
    countSteps,
    waitForStart: () => waitUntil(() => said !== ''),
    waitForSteps: (count) => waitUntil(() => countSteps() >= count),
    kill: () => child.kill('SIGKILL'),
    output: () => said,
    ended,
  };
}

/** One file starts five times faster than the sources do. */
export async function bundleProgram(entry: URL, outfile: string): Promise<void> {
  await build({
    entryPoints: [fileURLToPath(entry)],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    conditions: ['bulkhead-source'],
    external: ['esbuild'],
    logLevel: 'error',
    logOverride: { 'empty-import-meta': 'silent' },
  });
}
