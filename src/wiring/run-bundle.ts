/** A bundle as a command: its program in place of bulkhead, as nearly as a parent can make it so. No daemon, no compartment: it is a program. */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { systemCodeOf } from '#base/errors.js';
import { pauseProcess } from '#base/pause.js';
import { findProcess } from '#base/process.js';
import { isReserved } from './contributions.js';
import { bundleUseErrors } from './bundle-errors.js';
import { requireUsableBundle } from './bundles.js';
import type { Scene } from './scene.js';

/** All that a program may mean something by, and that does not end it whatever it does. */
const RELAYED = ['SIGTERM', 'SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2', 'SIGALRM', 'SIGWINCH', 'SIGTSTP', 'SIGCONT'] as const;
const FROM_KEYBOARD: ReadonlySet<NodeJS.Signals> = new Set(['SIGINT', 'SIGQUIT', 'SIGTSTP']);

export interface BundleOutcome {
  /** 128 and the signal's number where one ended it. */
  readonly exitCode: number;
  readonly signal?: NodeJS.Signals;
}

/** Nothing where no bundle has this name. Throws why the bundle is not run. Arguments, directory, environment and streams are the caller's. */
export async function runBundle(scene: Scene, name: string, args: readonly string[]): Promise<BundleOutcome | undefined> {
  if (isReserved(name)) return undefined;
  const bundle = await requireUsableBundle(scene, name);
  if (bundle === undefined) return undefined;
  if (bundle.services !== undefined) throw bundleUseErrors.notACommand(bundle);
  const { executable } = bundle;
  scene.log.write('debug', `running ${executable}, the program of bundle "${name}"`);
  const child = spawn(executable, args, { stdio: 'inherit', env: { ...scene.env } });
  const stop = relaySignals((signal) => child.kill(signal));
  try {
    return await new Promise<BundleOutcome>((resolve, reject) => {
      child.once('error', (error) => reject(bundleUseErrors.notStarted(name, executable, describeFailure(error), error)));
      child.once('exit', (code, signal) => resolve(toOutcome(code, signal)));
    });
  } finally {
    stop();
  }
}

function toOutcome(code: number | null, signal: NodeJS.Signals | null): BundleOutcome {
  return signal === null ? { exitCode: code ?? 1 } : { exitCode: 128 + constants.signals[signal], signal };
}

/** The kernel says ENOENT of a script whose interpreter is missing. */
function describeFailure(error: Error): string {
  const code = systemCodeOf(error) ?? error.message;
  return code === 'ENOENT' ? 'it, or the interpreter that its first line names, is not there' : code;
}

/** Hands on what this process is sent. What is typed goes to both of them already: they are in one process group. */
function relaySignals(send: (signal: NodeJS.Signals) => void): () => void {
  const relay = (signal: NodeJS.Signals): void => {
    if (!(FROM_KEYBOARD.has(signal) && isInForeground())) send(signal);
    if (signal === 'SIGTSTP') pauseProcess();
  };
  for (const signal of RELAYED) process.on(signal, relay);
  return () => RELAYED.forEach((signal) => process.off(signal, relay));
}

function isInForeground(): boolean {
  const own = findProcess(process.pid);
  return own !== undefined && own.groupId === own.foregroundGroupId;
}
