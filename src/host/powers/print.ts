import type { PowerInput } from '@bulkhead/plugin-sdk/contract';
import { escapeControls } from '#base/text.js';
import { powerErrors } from '../errors.js';
import type { CallInFlight, PowerContext } from './power-context.js';

/** Standard output belongs to the container, except while a contributed command runs. */
export function print({ text }: PowerInput<'print'>, context: PowerContext, { callback }: CallInFlight): undefined {
  if (callback !== 'command') throw powerErrors.onlyInCommands('print');
  context.print(`${escapeControls(text)}\n`);
}
