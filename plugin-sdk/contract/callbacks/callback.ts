import type { GenericSchema } from 'valibot';

/**
 * One thing that the host asks a plugin. Everything else (author types, the gate's list, the manifest's picklist, `inspect`,
 * the reference page, the version lock) derives from this value.
 */
export interface Callback<Input extends GenericSchema = GenericSchema, Output extends GenericSchema = GenericSchema> {
  /** Apptainer's name for it. */
  readonly seedName: string;
  /** The contract version in which this callback last changed. */
  readonly version: string;
  /** The moment at which the host asks. */
  readonly when: string;
  /** one: by name or scheme · every: all in order, answers are not combined · chain: each sees what those before it changed. */
  readonly answers: 'one' | 'every' | 'chain';
  /** A call that takes longer is ended, and its worker with it. */
  readonly deadlineMs: number;
  /** What a failure means unless the operator said otherwise at install: stop the run, or report and go on. */
  readonly onFailure: 'stop' | 'report';
  readonly input: Input;
  readonly output: Output;
}

/** Keeps the exact schema types. */
export function callback<Input extends GenericSchema, Output extends GenericSchema>(
  definition: Callback<Input, Output>,
): Callback<Input, Output> {
  return definition;
}
