import type { Adapter } from './adapter.js';
import { contract09 } from './contract-0.9.js';

/** The older majors of the contract that this host still serves. */
export const adapters: readonly Adapter[] = [contract09];

/** The one for a plugin that was built against this version of the contract, where there is one. */
export function findAdapter(version: string): Adapter | undefined {
  return adapters.find(({ generation }) => version.startsWith(`${generation}.`));
}
