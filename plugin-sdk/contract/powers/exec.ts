import * as v from 'valibot';
import { absolutePath, argument } from '../shapes.js';
import { power } from './power.js';

/** UTF-8, at most 1 MiB. */
const stream = v.pipe(v.string(), v.maxLength(1_048_576));

export const exec = power({
  version: '1.0.0',
  summary: 'Runs a program of the host, without a shell, and answers with what it wrote and how it ended',
  permission: 'exec',
  input: v.strictObject({
    program: absolutePath,
    args: v.pipe(v.array(argument), v.maxLength(256)),
    /** What it reads; nothing where absent. */
    stdin: v.optional(stream),
  }),
  output: v.strictObject({
    /** Absent where a signal ended it. */
    exitCode: v.optional(v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(255))),
    signal: v.optional(v.pipe(v.string(), v.regex(/^SIG[A-Z0-9+]{1,12}$/))),
    stdout: stream,
    stderr: stream,
  }),
});
