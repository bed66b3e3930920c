import * as v from 'valibot';
import { installScope } from '../shapes.js';
import { callback } from './callback.js';

/** What it keeps in its store counts with the installation, or not at all; what it does by other powers is not undone. */
export const install = callback({
  seedName: 'Install',
  version: '1.0.0',
  when: 'the plugin is granted what it is granted and lies on the disk, and does not count yet',
  answers: 'one',
  deadlineMs: 30_000,
  onFailure: 'stop',
  input: v.strictObject({ scope: installScope }),
  output: v.undefined(),
});
