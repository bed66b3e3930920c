import type { IsolationChoice } from '#catalog/catalog.js';
import type { Isolation } from '#host/host.js';
import type { Manifest } from '#package/package.js';
import { demandsProcess, type Policy } from './policy.js';

/**
 * Where a plugin runs. The policy stands above the operator's choice at install. Without either, one that asks for a power over the
 * host gets a process of its own, unless a trusted key has signed it: a thread can be made to take the whole command with it
 * (docs/decisions/isolation-process.md).
 */
export function isolationOf(
  policy: Policy,
  { isolation, manifest, isSigned }: { isolation: IsolationChoice; manifest: Manifest; isSigned: boolean },
): Isolation {
  if (demandsProcess(policy, manifest.name)) return 'process';
  if (isolation !== 'default') return isolation;
  if (isSigned) return 'thread';
  const powers = Object.entries(manifest.permissions).filter(([kind, asked]) => !noPowers.includes(kind) && (asked ?? []).length > 0);
  return powers.length > 0 ? 'process' : 'thread';
}

/** By these a plugin reaches nothing of the host: answers are judged by them. What a container is made of (`mount`) the plugin does not see. */
const noPowers: readonly string[] = ['config', 'flags', 'mount'];

/** What it means, for whoever inspects the plugin. */
export const isolationMeanings: Readonly<Record<Isolation, string>> = {
  thread: "in bulkhead's own process; one very large allocation can make V8 end the whole command",
  process: 'of its own, with a memory limit that the kernel holds',
};
