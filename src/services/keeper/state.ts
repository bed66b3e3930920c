/** What a keeper says of its service, in `state.json`, and what it was told, in `assignment.json`. */
import { join } from 'node:path';
import * as v from 'valibot';
import { serviceDefinition } from '../definition.js';
import { processReference } from '../processes.js';

/**
 *      starting ─▶ running ─▶ ended            ended by itself, without an error, or because it was told to
 *          ▲          │
 *          └─ waiting ◀┘                       failed; tried again at nextTryAt
 */
export const phases = ['starting', 'running', 'waiting', 'stopping', 'ended'] as const;

const time = v.pipe(v.string(), v.isoTimestamp());
const text = v.pipe(v.string(), v.maxLength(1024));
const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

export const lastEnd = v.strictObject({
  at: time,
  /** `exit code 3`, `SIGSEGV`, `it accepted no connection within 30 s`. */
  why: text,
  exitCode: v.optional(v.pipe(v.number(), v.safeInteger())),
  signal: v.optional(v.pipe(v.string(), v.maxLength(32))),
});
export type LastEnd = v.InferOutput<typeof lastEnd>;

export const keeperState = v.strictObject({
  phase: v.picklist(phases),
  keeper: processReference,
  service: v.optional(processReference),
  /** Of the program that runs, or ran last. */
  startedAt: v.optional(time),
  /** Starts by this keeper after the first. */
  restarts: count,
  /** Failures, none of them after a time that counts as steady. */
  failuresInARow: count,
  lastEnd: v.optional(lastEnd),
  nextTryAt: v.optional(time),
});
export type KeeperState = v.InferOutput<typeof keeperState>;

export const assignment = v.strictObject({
  definition: serviceDefinition,
  stateDirectory: v.pipe(v.string(), v.startsWith('/')),
  /** In the order of their descriptors, which begin with FIRST_SOCKET. */
  sockets: v.array(v.strictObject({ name: v.string(), boundPath: v.string() })),
  /** Failures that a keeper before this one has counted. */
  failuresInARow: count,
});
export type Assignment = v.InferOutput<typeof assignment>;

/** As systemd's SD_LISTEN_FDS_START. */
export const FIRST_SOCKET = 3;

export const stateFile = (directory: string): string => join(directory, 'state.json');
export const assignmentFile = (directory: string): string => join(directory, 'assignment.json');
export const outputFile = (directory: string): string => join(directory, 'output.jsonl');
