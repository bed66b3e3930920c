import { runtimeAnswer, runtimeQuestion } from '../runtime-shapes.js';
import { callback } from './callback.js';

/** The plugin runs nothing: it answers with what is to be run, which the host checks and carries out. */
export const runtime = callback({
  seedName: 'Runtime',
  version: '1.0.0',
  when: "a container is run with `--runtime` and one of the plugin's names",
  answers: 'one',
  deadlineMs: 5_000,
  onFailure: 'stop',
  input: runtimeQuestion,
  output: runtimeAnswer,
});
