import * as v from 'valibot';
import { monitorDecision } from '../monitor-shapes.js';
import { container, containerEvent } from '../shapes.js';
import { pluginData } from '../plugin-data.js';
import { callback } from './callback.js';

/** Called once per event, one event at a time; what the plugin keeps between them lives in its own variables.
 * One whose `monitor.mode` is `control` decides: an answer to a signal that is not there within a second is not waited for. */
export const monitorContainer = callback({
  seedName: 'MonitorContainer',
  version: '1.0.0',
  when: 'from the start of the container to its exit, once per event',
  answers: 'every',
  deadlineMs: 2_000,
  onFailure: 'report',
  /** `data` is what the plugin's own `engineConfig` handed on. */
  input: v.strictObject({ container, event: containerEvent, data: v.optional(pluginData) }),
  /** Of a controller alone. */
  output: v.optional(monitorDecision),
});
