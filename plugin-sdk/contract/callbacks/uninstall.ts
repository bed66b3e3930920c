import * as v from 'valibot';
import { installScope } from '../shapes.js';
import { callback } from './callback.js';

/** Its store and its package go by themselves; this is for what it made by other powers. */
export const uninstall = callback({
  seedName: 'none',
  version: '1.0.0',
  when: 'the plugin is about to be removed, and still counts',
  answers: 'one',
  deadlineMs: 30_000,
  onFailure: 'stop',
  input: v.strictObject({ scope: installScope }),
  output: v.undefined(),
});
