import * as v from 'valibot';
import { envName, envValue } from '../shapes.js';
import { power } from './power.js';

/** The names that were granted are sent to the compartment when it starts, so that `host.env(name)` answers at once. */
export const env = power({
  version: '1.0.0',
  summary: "Reads a variable of the caller's environment",
  permission: 'env',
  input: v.strictObject({ name: envName }),
  output: v.optional(envValue),
});
