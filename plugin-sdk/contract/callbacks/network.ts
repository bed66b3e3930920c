import { networkAnswer, networkQuestion } from '../network-shapes.js';
import { callback } from './callback.js';

/** The plugin touches no network: it answers with what is to be done, which the host checks and carries out. */
export const network = callback({
  seedName: 'Network',
  version: '1.0.0',
  when: "a network of one of the plugin's `networks` is made or removed, and a container is attached to it or detached",
  answers: 'one',
  deadlineMs: 5_000,
  onFailure: 'stop',
  input: networkQuestion,
  output: networkAnswer,
});
