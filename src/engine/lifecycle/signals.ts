/**
 * Signals to the engine are signals to the command. From `catchSignals` on none of them ends the engine; before the command
 * runs, those that would have ended it end the run.
 */
import { constants } from 'node:os';
import { pauseProcess } from '#base/pause.js';
import { isInForeground } from '../terminal/caller-terminal.js';
import { signalQuietly, type ProcessStatus } from './process-tree.js';

export type CaughtSignal = (typeof CAUGHT)[number];

const CAUGHT = ['SIGTERM', 'SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2', 'SIGWINCH', 'SIGTSTP', 'SIGCONT'] as const;
const DEADLY: ReadonlySet<CaughtSignal> = new Set(['SIGTERM', 'SIGHUP', 'SIGINT', 'SIGQUIT']);
const FROM_KEYBOARD: ReadonlySet<CaughtSignal> = new Set(['SIGINT', 'SIGQUIT', 'SIGTSTP']);

export interface SignalCatcher {
  /** Aborted with an `Interruption` by a deadly signal that nobody takes. */
  readonly interrupted: AbortSignal;
  /** From here on they wait for `forward`: whether the command runs yet is not known. */
  readonly hold: () => void;
  /** From here on `take` gets them, those that waited first. */
  readonly forward: (take: (signal: CaughtSignal) => void) => void;
  readonly close: () => void;
}

/** Why a run ended before its command ran; not an error of anybody. */
export class Interruption extends Error {
  override readonly name = 'Interruption';
  readonly exitCode: number;

  constructor(signal: CaughtSignal) {
    super(`Interrupted by ${signal}`);
    this.exitCode = 128 + constants.signals[signal];
  }
}

/**
 * Close it; the process has its own ways with signals again then. With `ownTerminal` the command is in no process group of this
 * terminal, and its window is told of by whoever makes that one.
 */
export function catchSignals({ ownTerminal = false }: { ownTerminal?: boolean | undefined } = {}): SignalCatcher {
  const interruption = new AbortController();
  const held: CaughtSignal[] = [];
  let take: ((signal: CaughtSignal) => void) | undefined;
  let holding = false;
  const listener = (signal: CaughtSignal): void => {
    if (take === undefined && !holding) {
      if (signal === 'SIGTSTP') pauseProcess();
      if (DEADLY.has(signal)) interruption.abort(new Interruption(signal));
      return;
    }
    // The kernel has sent it to the whole foreground process group already, of which the command is part.
    if (ownTerminal && signal === 'SIGWINCH') return;
    if (!ownTerminal && FROM_KEYBOARD.has(signal) && isInForeground()) return signal === 'SIGTSTP' ? pauseProcess() : undefined;
    if (take !== undefined) take(signal);
    else if (!held.includes(signal)) held.push(signal);
  };
  const listeners = CAUGHT.map((signal) => ({ signal, listen: () => listener(signal) }));
  for (const { signal, listen } of listeners) process.on(signal, listen);
  return {
    interrupted: interruption.signal,
    hold: () => void (holding = true),
    forward(taker) {
      take = taker;
      for (const signal of held.splice(0)) taker(signal);
    },
    close() {
      for (const { signal, listen } of listeners) process.off(signal, listen);
    },
  };
}

/** What becomes of a signal by itself: the command gets it, and one that stops it stops the engine, as the shell that waits expects. */
export function forwardSignal(command: ProcessStatus, signal: NodeJS.Signals): void {
  signalQuietly(command, signal);
  if (signal === 'SIGTSTP') pauseProcess();
}
