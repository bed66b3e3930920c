/** A container whose processes are there to be reached. */
import { containerErrors } from './errors.js';
import type { Container } from './find.js';
import { judgeProcess } from './process.js';
import type { ContainerRecord, ProcessReference } from './shapes.js';

export interface RunningContainer {
  readonly id: string;
  readonly init: ProcessReference;
  readonly command: ProcessReference;
}

/** Throws for one that reads nothing that is typed. */
export function requireInteractive(record: ContainerRecord): void {
  if (!record.interactive) throw containerErrors.notInteractive(record);
}

/** Throws where it does not run, or cannot be told from here. */
export function requireRunning({ place, record, state: { init, command }, status }: Container): RunningContainer {
  if (status.status !== 'running') throw containerErrors.notRunning(record, status.status);
  const [first, second] = [init, command];
  if (first === undefined || second === undefined) throw containerErrors.notRunning(record, 'stopped');
  const verdicts = [judgeProcess(first), judgeProcess(second)];
  if (verdicts.includes('foreign')) throw containerErrors.foreign(record);
  if (verdicts.includes('dead')) throw containerErrors.notRunning(record, 'stopped');
  return { id: place.id, init: first, command: second };
}
