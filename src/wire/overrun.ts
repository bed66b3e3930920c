import * as v from 'valibot';

/** A method on the power port beside the powers. It is not in the contract: no plugin asks for it, the guest tells of itself. */
export const overrunMethod = 'overrun';

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

/**
 * What the guest held back in the compartment, because it would have been refused here: so many lines of log, and whether the
 * call prints more than it may.
 */
export const overrun = v.strictObject({ lines: count, printed: v.boolean() });
export type Overrun = v.InferOutput<typeof overrun>;
