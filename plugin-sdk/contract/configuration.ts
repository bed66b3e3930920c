/**
 * What an operator can set of a plugin: the schema that its author wrote, as JSON Schema, and values for it. A flat object; its fields are
 * texts, numbers, booleans, choices, and lists and maps of those. No patterns: a pattern of a plugin could hold the host for hours.
 */
import * as v from 'valibot';
import { shortText } from './shapes.js';

export const configurationKey = v.pipe(
  v.string(),
  v.regex(
    /^(?!(?:constructor|prototype)$)[A-Za-z][A-Za-z0-9_-]{0,63}$/,
    'must be a letter and then letters, digits, "_" and "-", at most 64',
  ),
);

const textValue = v.pipe(v.string(), v.maxLength(4096));
/** JSON has no infinity, but 1e999 is read as one. */
const numberValue = v.pipe(v.number(), v.minValue(-Number.MAX_VALUE), v.maxValue(Number.MAX_VALUE));
const scalarValue = v.union([textValue, numberValue, v.boolean()]);
const mapKey = v.pipe(
  v.string(),
  v.minLength(1),
  v.maxLength(128),
  v.regex(/^(?!(?:__proto__|constructor|prototype)$)/, 'cannot be a key'),
);
const listValue = v.pipe(v.array(scalarValue), v.maxLength(256));
const mapValue = v.pipe(v.record(mapKey, scalarValue), v.maxEntries(256));
const configurationValue = v.union([scalarValue, listValue, mapValue]);
export type ConfigurationValue = v.InferOutput<typeof configurationValue>;

export const configurationValues = v.pipe(v.record(configurationKey, configurationValue), v.maxEntries(64));
export type ConfigurationValues = v.InferOutput<typeof configurationValues>;

const size = v.optional(v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(4096)));
const told = { description: v.optional(shortText) };
const bound = v.optional(numberValue);

const textField = { type: v.literal('string'), ...told, minLength: size, maxLength: size };
const numberField = { type: v.picklist(['number', 'integer']), ...told, minimum: bound, maximum: bound };
const booleanField = { type: v.literal('boolean'), ...told };
const choice = v.union([v.pipe(v.string(), v.maxLength(256)), numberValue]);
const choiceField = { enum: v.pipe(v.array(choice), v.minLength(1), v.maxLength(64)), ...told };

const scalarSchema = v.union([
  v.strictObject(textField),
  v.strictObject(numberField),
  v.strictObject(booleanField),
  v.strictObject(choiceField),
]);
export type ScalarSchema = v.InferOutput<typeof scalarSchema>;

/** `writeOnly` is JSON Schema's word for a secret: it is never shown, nor recorded. */
const secret = { writeOnly: v.optional(v.literal(true)) };
const fieldSchema = v.union([
  v.strictObject({ ...textField, ...secret, default: v.optional(textValue) }),
  v.strictObject({ ...numberField, ...secret, default: v.optional(numberValue) }),
  v.strictObject({ ...booleanField, ...secret, default: v.optional(v.boolean()) }),
  v.strictObject({ ...choiceField, ...secret, default: v.optional(choice) }),
  v.strictObject({
    type: v.literal('array'),
    ...told,
    ...secret,
    items: scalarSchema,
    minItems: size,
    maxItems: size,
    default: v.optional(listValue),
  }),
  v.strictObject({ type: v.literal('object'), ...told, ...secret, additionalProperties: scalarSchema, default: v.optional(mapValue) }),
]);
export type FieldSchema = v.InferOutput<typeof fieldSchema>;

export const configurationSchema = v.strictObject({
  type: v.literal('object'),
  properties: v.pipe(v.record(configurationKey, fieldSchema), v.maxEntries(64)),
  /** Without a value for each of these, and without a default, the plugin is not run. */
  required: v.pipe(v.array(configurationKey), v.maxLength(64)),
  additionalProperties: v.literal(false),
});
export type ConfigurationSchema = v.InferOutput<typeof configurationSchema>;
