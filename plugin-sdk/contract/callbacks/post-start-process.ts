import * as v from 'valibot';
import { container } from '../shapes.js';
import { pluginData } from '../plugin-data.js';
import { callback } from './callback.js';

export const postStartProcess = callback({
  seedName: 'PostStartProcess',
  version: '1.0.0',
  when: "the container's process runs",
  answers: 'every',
  deadlineMs: 5_000,
  onFailure: 'stop',
  /** `data` is what the plugin's own `engineConfig` handed on. */
  input: v.strictObject({ container, data: v.optional(pluginData) }),
  output: v.undefined(),
});
