import * as v from 'valibot';
import { flagName } from '../description.js';
import { argument, commandLine, text } from '../shapes.js';
import { callback } from './callback.js';

const flagValue = v.union([argument, v.boolean(), v.number(), v.pipe(v.array(argument), v.maxLength(256))]);

/** Authors write it as `commands: { 'name': { run } }`; on the wire it is one callback that names the command. */
export const command = callback({
  seedName: 'Command',
  version: '1.0.0',
  when: 'the user types a command that the plugin contributes',
  answers: 'one',
  deadlineMs: 60_000,
  onFailure: 'stop',
  input: v.strictObject({
    name: text,
    args: commandLine,
    flags: v.pipe(v.record(flagName, flagValue), v.maxEntries(256)),
  }),
  /** The exit code of the command; nothing means 0. */
  output: v.optional(v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(255))),
});
