import * as v from 'valibot';
import { installScope, semanticVersion } from '../shapes.js';
import { callback } from './callback.js';

/** Asked of the new version, which finds the store of the old one: here it brings what it keeps into its new form. */
export const upgrade = callback({
  seedName: 'none',
  version: '1.0.0',
  when: 'a version of the plugin is about to take the place of another, and does not count yet',
  answers: 'one',
  deadlineMs: 30_000,
  onFailure: 'stop',
  /** `from` is above `to` where the operator forces a downgrade. */
  input: v.strictObject({ scope: installScope, from: semanticVersion, to: semanticVersion }),
  output: v.undefined(),
});
