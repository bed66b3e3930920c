/** Signals to containers. Nothing is signalled that was not recorded, and that is not still the very process that was recorded. */
import { constants } from 'node:os';
import { findProcess } from '#engine/engine.js';
import { systemCodeOf } from '#base/errors.js';
import { containerErrors } from './errors.js';
import type { Container } from './find.js';
import { judgeProcess } from './process.js';
import type { ProcessReference } from './shapes.js';

const { signals } = constants;
const NUMBER_MAX = 64;

/** Those that a monitor takes and passes on, so that plugins see them and may decide on them; others go to the command itself. */
const PASSED_ON: ReadonlySet<number> = new Set([signals.SIGTERM, signals.SIGHUP, signals.SIGUSR1, signals.SIGUSR2]);
/** A monitor at a terminal takes these for what the keys have sent to its command already. */
const FROM_KEYBOARD: ReadonlySet<number> = new Set([signals.SIGINT, signals.SIGQUIT]);

/** `TERM`, `SIGTERM`, `sigterm`, `15`. */
export function parseSignal(text: string): number {
  const upper = text.toUpperCase();
  const name = upper.startsWith('SIG') ? upper : `SIG${upper}`;
  const known = Object.entries(signals).find(([one]) => one === name)?.[1];
  const number = known ?? (/^\d{1,2}$/.test(text) ? Number(text) : 0);
  if (number < 1 || number > NUMBER_MAX) throw containerErrors.signalUnknown(text);
  return number;
}

/** To its command, by its monitor where that passes it on. Throws where it does not run, or cannot be told from here. */
export function signalContainer({ record, state: { monitor, command }, status }: Container, signal: number): void {
  if (status.status !== 'running') throw containerErrors.notRunning(record, status.status);
  if (monitor !== undefined && passesOn(monitor, signal) && signalProcess(monitor, signal)) return;
  if (command !== undefined && signalProcess(command, signal)) return;
  const isForeign = [monitor, command].some((one) => one !== undefined && judgeProcess(one) === 'foreign');
  throw isForeign ? containerErrors.foreign(record) : containerErrors.notRunning(record, 'stopped');
}

/** Whether it was sent: not where the process has ended. */
export function signalProcess(process_: ProcessReference, signal: number): boolean {
  if (judgeProcess(process_) !== 'alive') return false;
  try {
    return process.kill(process_.pid, signal);
  } catch (thrown) {
    if (systemCodeOf(thrown) === 'ESRCH') return false;
    throw thrown;
  }
}

function passesOn({ pid }: ProcessReference, signal: number): boolean {
  return PASSED_ON.has(signal) || (FROM_KEYBOARD.has(signal) && findProcess(pid)?.terminal === 0);
}
