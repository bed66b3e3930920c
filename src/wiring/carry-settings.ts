import type { ConfigurationValues, LifeCallbackName } from '@bulkhead/plugin-sdk/contract';
import type { Log } from '#base/log.js';
import { findFaults, findMissing, requireFitting, valuesOf, type Installation } from '#catalog/catalog.js';
import type { Manifest } from '#package/package.js';
import { lifeErrors } from './life-errors.js';
import { parseSetting } from './settings-text.js';

/**
 * What is set of a plugin that is about to be put in place: what was set of the one that goes, as far as it still fits, and what is
 * given with the command. What no longer fits is said, and so is what is missing; a callback cannot be asked while something is.
 */
export function carrySettings(
  log: Log,
  { name, configuration: schema, callbacks }: Manifest,
  { replaces, set, asks }: { replaces: Installation | undefined; set: readonly string[]; asks: LifeCallbackName | undefined },
): ConfigurationValues {
  const before = replaces === undefined ? {} : valuesOf(replaces);
  const unfit = findFaults(schema, before);
  for (const { key, why } of unfit) log.write('warning', `What was set as ${key} of plugin "${name}" is gone: it ${why}`);
  const kept = Object.entries(before).filter(([key]) => !unfit.some((fault) => fault.key === key));
  const values = { ...Object.fromEntries(kept), ...Object.fromEntries(set.map((text) => parseSetting(schema, text))) };
  requireFitting(name, schema, values);
  const missing = findMissing(schema, values);
  if (missing.length === 0) return values;
  if (asks !== undefined && callbacks.includes(asks)) throw lifeErrors.needsValues(name, asks, missing);
  const assignments = missing.map((key) => `${key}=VALUE`).join(' ');
  log.write('warning', `Plugin "${name}" does not run before this is set: bulkhead plugin configure ${name} ${assignments}`);
  return values;
}
