import * as v from 'valibot';
import { commandName } from '../description.js';
import { flagValues } from '../flags.js';
import { commandLine, text } from '../shapes.js';
import { callback } from './callback.js';

/** Asked where the plugin names the command in `hooks`, or where one of the flags that it adds to it was given. */
export const beforeCommand = callback({
  seedName: 'Command',
  version: '1.0.0',
  when: 'a built-in command has been parsed and has not begun',
  answers: 'chain',
  deadlineMs: 5_000,
  onFailure: 'stop',
  input: v.strictObject({
    command: commandName,
    args: commandLine,
    /** Of the plugin's own flags. */
    flags: flagValues,
    /** Of the command's own flags, those that have a value. */
    commandFlags: flagValues,
  }),
  /** Only what changes; nothing means no change. */
  output: v.optional(
    v.strictObject({
      /** Of its own flags. */
      flags: v.optional(flagValues),
      /** Of the command's flags, those that `permissions.flags` names. */
      commandFlags: v.optional(flagValues),
      /** The command does not begin. */
      abort: v.optional(
        v.strictObject({
          message: text,
          /** 1 where absent. */
          exitCode: v.optional(v.pipe(v.number(), v.safeInteger(), v.minValue(1), v.maxValue(255))),
        }),
      ),
    }),
  ),
});
