import * as v from 'valibot';
import { power } from './power.js';

export const print = power({
  version: '1.0.0',
  summary: 'Prints to standard output; only while a contributed command runs',
  input: v.strictObject({ text: v.pipe(v.string(), v.maxLength(65536)) }),
  output: v.undefined(),
});
