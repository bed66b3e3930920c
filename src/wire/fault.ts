import * as v from 'valibot';

/**
 * What went wrong on the other side, as plain data: the only form in which an error crosses. Class, cause and custom fields
 * stay behind. `stack` is for `--debug` and source maps; it holds positions in the plugin's own script, nothing of the host.
 */
export const fault = v.strictObject({
  code: v.pipe(v.string(), v.regex(/^[A-Z][A-Z0-9_]{0,63}$/)),
  name: v.pipe(v.string(), v.maxLength(128)),
  message: v.pipe(v.string(), v.maxLength(4096)),
  stack: v.optional(v.pipe(v.string(), v.maxLength(16384))),
});
export type Fault = v.InferOutput<typeof fault>;

/** Every answer that crosses is one of these two; nothing is ever thrown across. */
export const reply = v.variant('ok', [
  v.strictObject({ ok: v.literal(true), value: v.unknown() }),
  v.strictObject({ ok: v.literal(false), fault }),
]);
export type Reply = v.InferOutput<typeof reply>;

/**
 * Describes anything that was thrown, within the bounds of the schema. Reading a thrown object can run the code of whoever
 * threw it, so that a getter may throw again: the answer then says so.
 */
export function describeThrown(thrown: unknown, code: string, readStack: (error: Error) => string = () => ''): Fault {
  try {
    if (!(thrown instanceof Error)) return { code, name: 'Error', message: cut(`threw ${describeValue(thrown)}`, 4096) };
    const stack = readStack(thrown);
    return {
      code,
      name: cut(textOf(thrown.name, 'Error'), 128),
      message: cut(textOf(thrown.message, ''), 4096),
      ...(stack ? { stack: cut(stack, 16384) } : {}),
    };
  } catch {
    return { code, name: 'Error', message: 'threw a value that cannot be described' };
  }
}

function describeValue(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(cut(value, 1000));
  if (typeof value === 'object' && value !== null) return 'an object that is not an Error';
  return typeof value === 'function' ? 'a function' : String(value);
}

function textOf(value: unknown, otherwise: string): string {
  return typeof value === 'string' ? value : otherwise;
}

/** At most `lengthMax` UTF-16 units. */
export function cut(text: string, lengthMax: number): string {
  return text.length <= lengthMax ? text : `${text.slice(0, lengthMax - 1)}…`;
}
