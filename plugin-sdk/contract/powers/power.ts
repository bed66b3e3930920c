import type { GenericSchema } from 'valibot';

/** One thing that a plugin asks the host. */
export interface Power<Input extends GenericSchema = GenericSchema, Output extends GenericSchema = GenericSchema> {
  /** The contract version in which this power last changed. */
  readonly version: string;
  readonly summary: string;
  /** The key of `permissions` that it needs; absent for powers that every plugin has. */
  readonly permission?: string;
  readonly input: Input;
  readonly output: Output;
}

/** Keeps the exact schema types. */
export function power<Input extends GenericSchema, Output extends GenericSchema>(definition: Power<Input, Output>): Power<Input, Output> {
  return definition;
}
