import * as v from 'valibot';
import { text } from '../shapes.js';
import { power } from './power.js';

export const log = power({
  version: '1.0.0',
  summary: 'Writes a line to the log of the command, under the name of the plugin',
  input: v.strictObject({ level: v.picklist(['debug', 'info', 'warning', 'error']), message: text }),
  output: v.undefined(),
});
