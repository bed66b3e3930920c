import * as v from 'valibot';
import { commandName } from '../description.js';
import { flagValues } from '../flags.js';
import { pluginData } from '../plugin-data.js';
import { commandLine, text } from '../shapes.js';
import { callback } from './callback.js';

/** Asked by the rule of `beforeCommand`, whatever became of the command; the plugin's variables are still those of then. */
export const afterCommand = callback({
  seedName: 'Command',
  version: '1.0.0',
  when: 'a built-in command is over',
  answers: 'every',
  deadlineMs: 5_000,
  onFailure: 'report',
  input: v.strictObject({
    command: commandName,
    args: commandLine,
    /** Of the plugin's own flags. */
    flags: flagValues,
    /** With which bulkhead exits. */
    exitCode: v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(255)),
    /** ended: the command has that exit code · aborted: a plugin stopped it before it began · failed: bulkhead could not do it. */
    outcome: v.picklist(['ended', 'aborted', 'failed']),
    /** Why it was aborted or has failed. */
    reason: v.optional(text),
    /** How long the container's command ran; absent where none did. */
    runMs: v.optional(v.pipe(v.number(), v.minValue(0))),
    /** What its `engineConfig` handed on, where it did. */
    data: v.optional(pluginData),
  }),
  output: v.undefined(),
});
