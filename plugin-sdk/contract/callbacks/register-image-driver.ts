import * as v from 'valibot';
import { imageAnswer } from '../image-shapes.js';
import { imageScheme, text } from '../shapes.js';
import { callback } from './callback.js';

/** The plugin mounts nothing: it answers with what is to be shown, which the host checks and carries out. */
export const registerImageDriver = callback({
  seedName: 'RegisterImageDriver',
  version: '1.0.0',
  when: "an image of one of the plugin's schemes is opened",
  answers: 'one',
  deadlineMs: 5_000,
  onFailure: 'stop',
  /** `reference` is what follows `scheme:`; may be empty. */
  input: v.strictObject({ scheme: imageScheme, reference: text }),
  output: imageAnswer,
});
