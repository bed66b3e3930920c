import { pluginDescription, type PluginDescription } from '@bulkhead/plugin-sdk/contract';
import * as v from 'valibot';
import type { Log } from '#base/log.js';
import { defaultBudgets } from './budgets.js';
import { startCompartment } from './compartment.js';
import { hostErrors } from './errors.js';

/**
 * Evaluates a script in a real compartment, without any grant, and reads the static part of the plugin.
 * A plugin that could not run in the compartment fails here, at compile time.
 */
export async function describeScript(script: string, { name, log }: { name: string; log: Log }): Promise<PluginDescription> {
  const compartment = startCompartment({
    script,
    isolation: 'thread',
    env: {},
    powers: {
      plugin: name,
      grants: {},
      env: {},
      budgets: defaultBudgets,
      log,
      print: () => undefined,
      sealed: [],
      stateDirectory: '/nonexistent',
    },
  });
  try {
    return checkDescription(name, await compartment.describe());
  } finally {
    await compartment.close();
  }
}

function checkDescription(name: string, answer: unknown): PluginDescription {
  const checked = v.safeParse(pluginDescription, answer);
  const lost = findLostNames(answer);
  if (checked.success && lost.length === 0) return checked.output;
  const issues = checked.success ? [] : checked.issues;
  throw hostErrors.badDefinition(name, [
    ...lost,
    ...issues.slice(0, 10).map((issue) => `${v.getDotPath(issue) ?? 'the definition'}: ${issue.message}`),
  ]);
}

/** valibot leaves these keys out of a record without a word, as a defence; an author should hear of it. */
function findLostNames(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  const own = Object.keys(value).filter((key) => ['__proto__', 'constructor', 'prototype'].includes(key));
  return [...own.map((key) => `"${key}" cannot be a name`), ...Object.values(value).flatMap(findLostNames)];
}
