import type { ContractStamp } from '@bulkhead/plugin-sdk/contract';
import { describeConfiguration } from './configuration.js';

/**
 * Reads the static part of a plugin. What comes out is checked on the other side, field by field, by the contract's
 * `pluginDescription`; here nothing is believed and nothing is repaired.
 */
export function describePlugin(plugin: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const commands = recordOf(plugin['commands']);
  const callbacks = [...Object.keys(recordOf(plugin['callbacks'])), ...(Object.keys(commands).length > 0 ? ['command'] : [])].sort();
  const permissions = recordOf(plugin['permissions']);
  return {
    name: plugin['name'],
    author: plugin['author'],
    version: plugin['version'],
    description: plugin['description'],
    contract: stampUsed(plugin['contract'], callbacks, Object.keys(permissions)),
    callbacks,
    permissions: plainCopy(permissions),
    commands: Object.fromEntries(Object.entries(commands).map(([name, command]) => [name, describeCommand(command)])),
    imageSchemes: plainCopy(plugin['imageSchemes'] ?? []),
    flags: plainCopy(plugin['flags'] ?? {}),
    hooks: plainCopy(plugin['hooks'] ?? []),
    ...(plugin['monitor'] === undefined ? {} : { monitor: plainCopy(plugin['monitor']) }),
    ...Object.fromEntries(['before', 'after'].flatMap((key) => (plugin[key] === undefined ? [] : [[key, plainCopy(plugin[key])]]))),
    imageFeatures: plainCopy(plugin['imageFeatures'] ?? []),
    runtimes: plainCopy(plugin['runtimes'] ?? []),
    networks: plainCopy(plugin['networks'] ?? []),
    ...(plugin['configuration'] !== undefined && { configuration: plainCopy(describeConfiguration(plugin['configuration'])) }),
  };
}

/** Of the contract's callbacks and powers, those that this plugin uses: what the version lock compares. */
function stampUsed(contract: unknown, callbacks: readonly string[], permissions: readonly string[]): unknown {
  const stamp = recordOf(contract);
  const pick = (versions: unknown, names: readonly string[]): Record<string, unknown> =>
    Object.fromEntries(Object.entries(recordOf(versions)).filter(([name]) => names.includes(name)));
  return {
    version: stamp['version'],
    digest: stamp['digest'],
    callbacks: pick(stamp['callbacks'], callbacks),
    powers: pick(stamp['powers'], permissions),
  } satisfies Record<keyof ContractStamp, unknown>;
}

function describeCommand(command: unknown): unknown {
  const { run, ...description } = recordOf(command);
  return typeof run === 'function' ? plainCopy(description) : { run: 'is not a function' };
}

function recordOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

/** JSON in and out: functions and getters do not survive it. */
function plainCopy(value: unknown): unknown {
  const text = JSON.stringify(value) as string | undefined;
  return text === undefined ? null : (JSON.parse(text) as unknown);
}
