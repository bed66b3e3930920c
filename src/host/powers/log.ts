import type { PowerInput } from '@bulkhead/plugin-sdk/contract';
import type { PowerContext } from './power-context.js';

/** Every line carries the plugin's name, which the plugin cannot choose. */
export function writeLog({ level, message }: PowerInput<'log'>, { plugin, log }: PowerContext): undefined {
  log.write(level, `[${plugin}] ${message}`);
}
