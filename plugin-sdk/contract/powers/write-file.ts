import * as v from 'valibot';
import { absolutePath } from '../shapes.js';
import { power } from './power.js';

export const writeFile = power({
  version: '1.0.0',
  summary: 'Writes a text file of the host whole, UTF-8, at most 1 MiB',
  permission: 'writeFile',
  input: v.strictObject({ path: absolutePath, text: v.pipe(v.string(), v.maxLength(1_048_576)) }),
  output: v.undefined(),
});
