import { imageToMount, mountAnswer } from '../image-shapes.js';
import { callback } from './callback.js';

/** Asked of the one driver that has the feature and that the operator's configuration chooses. */
export const mountImage = callback({
  seedName: 'ImageDriver.Mount',
  version: '1.0.0',
  when: "an image needs one of the plugin's features",
  answers: 'one',
  deadlineMs: 5_000,
  onFailure: 'stop',
  input: imageToMount,
  output: mountAnswer,
});
