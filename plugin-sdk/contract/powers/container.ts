import * as v from 'valibot';
import { signalName } from '../monitor-shapes.js';
import { power } from './power.js';

const amount = v.optional(v.pipe(v.number(), v.minValue(0)));

/** Of the container of this run, and only while it runs. */
export const containerSignal = power({
  version: '1.0.0',
  summary: 'Sends a signal to the command of the container',
  permission: 'container.signal',
  input: v.strictObject({ signal: signalName }),
  output: v.undefined(),
});

export const containerStats = power({
  version: '1.0.0',
  summary: 'Says what all processes of the container use, as the host sees it',
  permission: 'container.stats',
  input: v.strictObject({}),
  /** What was granted. */
  output: v.strictObject({
    /** Resident memory of all processes together; what they share counts for each. */
    memoryBytes: amount,
    /** User and system time since the start, of those that have ended too. */
    cpuMs: amount,
    pids: amount,
  }),
});
