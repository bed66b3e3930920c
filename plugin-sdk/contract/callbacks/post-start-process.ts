import * as v from 'valibot';
import { container } from '../shapes.js';
import { callback } from './callback.js';

export const postStartProcess = callback({
  seedName: 'PostStartProcess',
  version: '1.0.0',
  when: "the container's process runs",
  answers: 'every',
  deadlineMs: 5_000,
  onFailure: 'stop',
  input: v.strictObject({ container }),
  output: v.undefined(),
});
