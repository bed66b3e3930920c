/** Holds what an operator set against what the plugin says can be set. Pure; the schema is of a plugin, and bounded. */
import type {
  ConfigurationSchema,
  ConfigurationValue,
  ConfigurationValues,
  FieldSchema,
  ScalarSchema,
} from '@bulkhead/plugin-sdk/contract';
import { catalogErrors } from './errors.js';
import type { Installation } from './installation.js';
import { SecretValues } from './secret-values.js';

export interface ConfigurationFault {
  readonly key: string;
  readonly why: string;
}

/** What is wrong with the values that are there: keys that are none, values that do not fit. Says nothing of what is missing. */
export function findFaults(schema: ConfigurationSchema | undefined, values: ConfigurationValues): ConfigurationFault[] {
  return Object.entries(values).flatMap(([key, value]) => {
    const field = fieldOf(schema, key);
    const why = field === undefined ? 'is no key of this plugin' : findFault(field, value);
    return why === undefined ? [] : [{ key, why }];
  });
}

/** Throws, with what the values should be, where they are not. */
export function requireFitting(name: string, schema: ConfigurationSchema | undefined, values: ConfigurationValues): void {
  const faults = findFaults(schema, values);
  if (faults.length > 0) throw catalogErrors.valuesRefused(name, faults);
}

/** Keys without which the plugin is not run. */
export function findMissing(schema: ConfigurationSchema | undefined, values: ConfigurationValues): string[] {
  return (schema?.required ?? []).filter((key) => !Object.hasOwn(values, key));
}

/** The values and, where there is none, the defaults. */
export function withDefaults(schema: ConfigurationSchema | undefined, values: ConfigurationValues): ConfigurationValues {
  const defaults = Object.entries(schema?.properties ?? {}).flatMap(([key, { default: otherwise }]) =>
    otherwise === undefined ? [] : [[key, otherwise] as const],
  );
  return { ...Object.fromEntries(defaults), ...values };
}

export function fieldOf(schema: ConfigurationSchema | undefined, key: string): FieldSchema | undefined {
  return schema !== undefined && Object.hasOwn(schema.properties, key) ? schema.properties[key] : undefined;
}

/** All that is set of a plugin, secrets too. */
export function valuesOf({ configuration = {}, secrets }: Pick<Installation, 'configuration' | 'secrets'>): ConfigurationValues {
  return { ...configuration, ...secrets?.reveal() };
}

/** As a receipt keeps them: what is secret apart from the rest. */
export function separateSecrets(
  schema: ConfigurationSchema | undefined,
  values: ConfigurationValues,
): Pick<Installation, 'configuration' | 'secrets'> {
  const isSecret = (key: string): boolean => fieldOf(schema, key)?.writeOnly === true;
  const pick = (wanted: boolean) => Object.fromEntries(Object.entries(values).filter(([key]) => isSecret(key) === wanted));
  return { configuration: pick(false), secrets: new SecretValues(pick(true)) };
}

/** What the plugin is given. Throws, with the command that mends it, where it cannot run with what is set. */
export function requireConfigured(
  installation: Pick<Installation, 'name' | 'manifest' | 'configuration' | 'secrets'>,
): ConfigurationValues {
  const { name, manifest } = installation;
  const values = valuesOf(installation);
  const faults = findFaults(manifest.configuration, values);
  const missing = findMissing(manifest.configuration, values);
  if (faults.length > 0 || missing.length > 0) throw catalogErrors.notConfigured(name, { faults, missing });
  return withDefaults(manifest.configuration, values);
}

function findFault(field: FieldSchema, value: ConfigurationValue): string | undefined {
  if ('items' in field) {
    if (!Array.isArray(value)) return 'must be a list';
    const { items, minItems = -Infinity, maxItems = Infinity } = field;
    if (value.length < minItems || value.length > maxItems) return `must have ${describeRange(minItems, maxItems)} items`;
    return firstFault(items, value);
  }
  if ('additionalProperties' in field) {
    if (typeof value !== 'object' || Array.isArray(value)) return 'must be a map';
    return firstFault(field.additionalProperties, Object.values(value));
  }
  return typeof value === 'object' ? 'must be a single value' : findScalarFault(field, value);
}

function firstFault(schema: ScalarSchema, values: readonly (string | number | boolean)[]): string | undefined {
  return values.map((value) => findScalarFault(schema, value)).find((why) => why !== undefined);
}

function findScalarFault(schema: ScalarSchema, value: string | number | boolean): string | undefined {
  if ('enum' in schema) {
    const isOne = schema.enum.some((choice) => choice === value);
    return isOne ? undefined : `must be one of ${schema.enum.map((choice) => JSON.stringify(choice)).join(', ')}`;
  }
  if (schema.type === 'boolean') return typeof value === 'boolean' ? undefined : 'must be true or false';
  if (schema.type === 'string') {
    if (typeof value !== 'string') return 'must be text';
    const { minLength = -Infinity, maxLength = Infinity } = schema;
    return value.length < minLength || value.length > maxLength ? `must have ${describeRange(minLength, maxLength)} characters` : undefined;
  }
  if (typeof value !== 'number' || !Number.isFinite(value)) return 'must be a number';
  if (schema.type === 'integer' && !Number.isSafeInteger(value)) return 'must be a whole number';
  const { minimum = -Infinity, maximum = Infinity } = schema;
  return value < minimum || value > maximum ? `must be ${describeRange(minimum, maximum)}` : undefined;
}

function describeRange(min: number, max: number): string {
  if (max === Infinity) return `at least ${min}`;
  return min === -Infinity ? `at most ${max}` : `from ${min} to ${max}`;
}
