import * as v from 'valibot';
import { imageDriverEvent as event } from '../image-shapes.js';
import { callback } from './callback.js';

/** What Apptainer calls Start, MountErr and Stop. A failure at `start` fails the run; later it is only reported. */
export const imageDriverEvent = callback({
  seedName: 'ImageDriver.Start, MountErr, Stop',
  version: '1.0.0',
  when: 'the plugin is about to mount images, a mount of it failed, all its mounts are gone',
  answers: 'one',
  deadlineMs: 5_000,
  onFailure: 'stop',
  input: v.strictObject({ event }),
  output: v.undefined(),
});
