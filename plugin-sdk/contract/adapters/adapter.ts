import type { GenericSchema, InferOutput } from 'valibot';
import type { ContractStamp } from '../description.js';

/**
 * How plugins that were built against an older major of the contract run on this host: its callbacks as they were, and how question and
 * answer are brought from one form into the other. Frozen: its stamp's digest is that of these schemas (test/contract/adapters.test.ts).
 */
export interface Adapter {
  /** All versions that begin so, `0.9` as in 0.9.0 and 0.9.7. */
  readonly generation: string;
  /** What a host of that generation offered, as far as this one still serves it. */
  readonly stamp: ContractStamp;
  readonly callbacks: Readonly<Record<string, AdaptedCallback>>;
}

export interface AdaptedCallback {
  /** What the plugin was sent then. */
  readonly input: GenericSchema;
  /** What it could answer then. */
  readonly output: GenericSchema;
  /** From this host's question to the plugin's. */
  readonly toPlugin: (input: unknown) => unknown;
  /** From an answer that has passed `output` to one of this host's contract, which checks it again. */
  readonly toHost: (answer: unknown) => unknown;
}

/** Keeps the types of the schemas where they meet. */
export function adapted<Input extends GenericSchema, Output extends GenericSchema, Now>(definition: {
  readonly input: Input;
  readonly output: Output;
  readonly toPlugin: (input: Now) => InferOutput<Input>;
  readonly toHost: (answer: InferOutput<Output>) => unknown;
}): AdaptedCallback {
  const { input, output, toPlugin, toHost } = definition;
  return {
    input,
    output,
    toPlugin: (question) => toPlugin(question as Now),
    toHost: (answer) => toHost(answer as InferOutput<Output>),
  };
}
