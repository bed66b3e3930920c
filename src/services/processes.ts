/** Processes, told apart for good: a pid is used again, a pid with the time it started and the boot is not. */
import { readFileSync } from 'node:fs';
import * as v from 'valibot';
import { findProcess, isAlive } from '#base/process.js';

export const processReference = v.strictObject({
  pid: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
  startTicks: v.pipe(v.string(), v.regex(/^\d{1,20}$/)),
  bootId: v.pipe(v.string(), v.maxLength(64)),
});
export type ProcessReference = v.InferOutput<typeof processReference>;

let boot: string | undefined;

export function readBootId(): string {
  return (boot ??= readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim());
}

/** Undefined where there is none (any more). */
export function referToProcess(pid: number | undefined): ProcessReference | undefined {
  const found = pid === undefined ? undefined : findProcess(pid);
  return found && { pid: found.pid, startTicks: found.startTicks, bootId: readBootId() };
}

export function isRunning(reference: ProcessReference | undefined): reference is ProcessReference {
  return reference !== undefined && reference.bootId === readBootId() && isAlive(reference);
}

/** Only while it is this very process; answers whether it was. */
export function signalProcess(reference: ProcessReference | undefined, signal: NodeJS.Signals): boolean {
  return isRunning(reference) && signalQuietly(reference.pid, signal);
}

/** All of the group that this process leads. */
export function signalGroup(leader: number, signal: NodeJS.Signals): boolean {
  return signalQuietly(-leader, signal);
}

function signalQuietly(target: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(target, signal);
    return true;
  } catch {
    // It has ended already.
    return false;
  }
}
