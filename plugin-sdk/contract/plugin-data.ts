import * as v from 'valibot';

const key = v.pipe(v.string(), v.maxLength(128));
const scalar = v.union([
  v.null(),
  v.boolean(),
  v.pipe(v.number(), v.minValue(-Number.MAX_VALUE), v.maxValue(Number.MAX_VALUE)),
  v.pipe(v.string(), v.maxLength(16_384)),
]);

type Value = v.GenericSchema<unknown>;
const around = (inner: Value): Value =>
  v.union([scalar, v.pipe(v.array(inner), v.maxLength(256)), v.pipe(v.record(key, inner), v.maxEntries(256))]);

/**
 * What a plugin hands from `engineConfig` to its own later callbacks of the same run: plain JSON, four levels deep at most, at most
 * 64 KiB as text (which the host measures). No other plugin sees it.
 */
export const pluginData = v.pipe(v.record(key, around(around(around(scalar)))), v.maxEntries(256));
export type PluginData = v.InferOutput<typeof pluginData>;
