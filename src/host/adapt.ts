import { callbacks, type Adapter, type CallbackName } from '@bulkhead/plugin-sdk/contract';
import * as v from 'valibot';
import { hostErrors } from './errors.js';

/** The question in the form of the contract that the plugin was built against; as it is where there is no adapter. */
export function adaptQuestion(plugin: string, callback: CallbackName, input: object, adapter: Adapter | undefined): object {
  const adapted = adapter?.callbacks[callback];
  if (adapter === undefined || adapted === undefined) return input;
  const checked = v.safeParse(adapted.input, adapted.toPlugin(input), { abortEarly: true });
  if (checked.success) return checked.output as object;
  const issue = checked.issues[0];
  throw hostErrors.notAdaptable(plugin, callback, adapter.generation, `${v.getDotPath(issue) ?? 'it'}: ${issue.message}`);
}

/** The answer in the form of this host's contract, which is still to be held against it. What 0.9 could not answer, an answer of 0.9 is not. */
export function adaptAnswer(plugin: string, callback: CallbackName, answer: unknown, adapter: Adapter | undefined): unknown {
  const adapted = adapter?.callbacks[callback];
  if (adapted === undefined) return answer;
  return adapted.toHost(requireAnswer(plugin, callback, adapted.output, answer));
}

/** The answer, held against this host's contract. */
export function checkAnswer(plugin: string, callback: CallbackName, answer: unknown): unknown {
  return requireAnswer(plugin, callback, callbacks[callback].output, answer);
}

function requireAnswer(plugin: string, callback: CallbackName, schema: v.GenericSchema, answer: unknown): unknown {
  const checked = v.safeParse(schema, answer, { abortEarly: true });
  if (checked.success) return checked.output;
  const issue = checked.issues[0];
  throw hostErrors.answerRefused(plugin, callback, v.getDotPath(issue) ?? 'the answer', issue.message);
}
