import { realmNames } from './realm.js';

/** Global of the start compartment after lockdown: the stack that plugin code cannot see. */
declare const getStackString: (error: Error) => string;

/** The frames of an error that lie in the plugin's script, for the host's debug output and source maps; ours stay here. */
export function readStack(error: Error): string {
  const frames = getStackString(error).split('\n');
  return frames.filter((frame) => frame.includes('plugin:')).join('\n');
}

/**
 * Evaluates a plugin's script in a compartment of its own and returns what `definePlugin` gave.
 * The script is an expression statement whose value is the default export of the plugin's entry file.
 */
export function evaluatePlugin(script: string, name: string, endowments: object): unknown {
  const compartment = new Compartment({ globals: endowments, name, __options__: true });
  for (const key of Reflect.ownKeys(compartment.globalThis)) {
    if (typeof key === 'string' && !realmNames.has(key)) Reflect.deleteProperty(compartment.globalThis, key);
  }
  return compartment.evaluate(`${script}\n//# sourceURL=plugin:${name}`);
}
