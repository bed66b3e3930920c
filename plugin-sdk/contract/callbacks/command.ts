import * as v from 'valibot';
import { flagValues } from '../flags.js';
import { commandLine, text } from '../shapes.js';
import { callback } from './callback.js';

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
    flags: flagValues,
  }),
  /** The exit code of the command; nothing means 0. */
  output: v.optional(v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(255))),
});
