import { imageChunk, imagePart } from '../image-shapes.js';
import { callback } from './callback.js';

/** The host asks for the next part when it has unpacked the last one, so that no stream can run ahead of it. */
export const readImage = callback({
  seedName: 'ImageDriver.Read',
  version: '1.0.0',
  when: 'the host unpacks a stream of the plugin, once per part',
  answers: 'one',
  deadlineMs: 30_000,
  onFailure: 'stop',
  input: imagePart,
  output: imageChunk,
});
