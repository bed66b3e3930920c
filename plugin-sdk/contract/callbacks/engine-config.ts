import * as v from 'valibot';
import { configChanges, containerConfig } from '../container-config.js';
import { flagValues } from '../flags.js';
import { pluginData } from '../plugin-data.js';
import { callback } from './callback.js';

export const engineConfig = callback({
  seedName: 'ApptainerEngineConfig',
  version: '1.0.0',
  when: "the container's configuration is complete and nothing has started",
  answers: 'chain',
  deadlineMs: 5_000,
  onFailure: 'stop',
  /** `flags`: what the flags have been given that the plugin adds to the command. */
  input: v.strictObject({ config: containerConfig, flags: v.optional(flagValues) }),
  /** Only what changes; nothing means no change. `data` goes to this plugin's later callbacks of the same run. */
  output: v.optional(v.strictObject({ ...configChanges.entries, data: v.optional(pluginData) })),
});
