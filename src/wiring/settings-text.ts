/** What an operator types, `KEY=VALUE`, as a value of the field that it is for. Whether it fits is for the catalog to say. */
import { configurationValues, type ConfigurationSchema, type ConfigurationValue, type ScalarSchema } from '@bulkhead/plugin-sdk/contract';
import * as v from 'valibot';
import { parseBoundedJson } from '#base/bounded-json.js';
import { fieldOf } from '#catalog/catalog.js';
import { wiringErrors } from './errors.js';

type Scalar = string | number | boolean;

/** Lists are separated by commas, maps are `A=1,B=2`; both may be JSON as well. */
export function parseSetting(schema: ConfigurationSchema | undefined, text: string): readonly [key: string, value: ConfigurationValue] {
  const equals = text.indexOf('=');
  if (equals <= 0) throw wiringErrors.settingInvalid(equals < 0 ? text : '');
  const key = text.slice(0, equals);
  const value = text.slice(equals + 1);
  const field = fieldOf(schema, key);
  const parsed = field === undefined ? value : 'items' in field ? parseList(field.items, value) : parseOther(field, value);
  if (!v.is(configurationValues, { [key]: parsed })) throw wiringErrors.settingInvalid(key);
  return [key, parsed];
}

function parseOther(field: ScalarSchema | { readonly additionalProperties: ScalarSchema }, text: string): ConfigurationValue {
  return 'additionalProperties' in field ? parseMap(field.additionalProperties, text) : parseScalar(field, text);
}

function parseList(items: ScalarSchema, text: string): ConfigurationValue {
  if (text.startsWith('[')) return parseJson(text);
  return text === '' ? [] : text.split(',').map((one) => parseScalar(items, one));
}

function parseMap(values: ScalarSchema, text: string): ConfigurationValue {
  if (text.startsWith('{')) return parseJson(text);
  const pairs = text === '' ? [] : text.split(',').map((one) => [one.split('=')[0] ?? '', one.slice(one.indexOf('=') + 1)] as const);
  return Object.fromEntries(pairs.map(([key, value]) => [key, parseScalar(values, value)]));
}

/** The text itself where it is no JSON, which then does not fit. */
function parseJson(text: string): ConfigurationValue {
  const json = parseBoundedJson(new TextEncoder().encode(text));
  return json.parsed ? (json.value as ConfigurationValue) : text;
}

function parseScalar(schema: ScalarSchema, text: string): Scalar {
  if ('enum' in schema) return schema.enum.find((choice) => String(choice) === text) ?? text;
  if (schema.type === 'boolean' && (text === 'true' || text === 'false')) return text === 'true';
  const isNumber = schema.type === 'number' || schema.type === 'integer';
  return isNumber && /^-?\d{1,17}(?:\.\d{1,17})?$/.test(text) ? Number(text) : text;
}
