import type { Permissions } from '@bulkhead/plugin-sdk/contract';

/** The variables that were granted by name, as they are when the compartment starts; nothing else of the environment enters it. */
export function pickEnvironment({ env = [] }: Permissions, all: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(env.flatMap((name) => (typeof all[name] === 'string' ? [[name, all[name]]] : [])));
}
