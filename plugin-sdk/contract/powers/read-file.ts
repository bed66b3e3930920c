import * as v from 'valibot';
import { absolutePath } from '../shapes.js';
import { power } from './power.js';

export const readFile = power({
  version: '1.0.0',
  summary: 'Reads a text file of the host, UTF-8, at most 1 MiB',
  permission: 'readFile',
  input: v.strictObject({ path: absolutePath }),
  output: v.pipe(v.string(), v.maxLength(1_048_576)),
});
