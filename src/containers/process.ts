/** Processes, told apart for good. */
import { readFileSync, readlinkSync } from 'node:fs';
import { findProcess, isAlive } from '#engine/engine.js';
import type { ProcessReference } from './shapes.js';

/** `foreign`: of a pid namespace that is not the caller's, so that nobody here can tell. */
export type ProcessVerdict = 'alive' | 'dead' | 'foreign';

let here: Pick<ProcessReference, 'pidNamespace' | 'bootId'> | undefined;

/** A process of the caller's pid namespace; undefined where there is none (any more). */
export function referToProcess(pid: number): ProcessReference | undefined {
  const found = findProcess(pid);
  return found && { pid, startTicks: found.startTicks, ...readHere() };
}

/** A zombie is dead: it does nothing any more. */
export function judgeProcess({ pid, startTicks, pidNamespace, bootId }: ProcessReference): ProcessVerdict {
  const own = readHere();
  if (bootId !== own.bootId) return 'dead';
  if (pidNamespace !== own.pidNamespace) return 'foreign';
  return isAlive({ pid, startTicks }) ? 'alive' : 'dead';
}

function readHere(): Pick<ProcessReference, 'pidNamespace' | 'bootId'> {
  return (here ??= {
    pidNamespace: readlinkSync('/proc/self/ns/pid').replaceAll(/\D/g, ''),
    bootId: readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(),
  });
}
