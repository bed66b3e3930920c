import type { ConfigChanges } from '@bulkhead/plugin-sdk/contract';
import { BulkheadError } from '#base/errors.js';
import { openAudit, openAuditFile, type Audit } from '#host/host.js';
import type { Policy } from './policy.js';
import { auditDirectory, type Scene } from './scene.js';

/** The audit of this uid, as the policy wants it. Nothing is made before the first line. */
export function auditOf({ paths, uid, log }: Scene, { audit }: Policy): Audit {
  return openAudit({ write: openAuditFile({ directory: auditDirectory(paths), uid }), isRequired: audit === 'required', log });
}

/**
 * Records what a plugin changed of the configuration: not a power, but what `config:…` lets it do. Which fields, names and mounts;
 * no values of the environment. Where records are required, a change that cannot be recorded is not made.
 */
export function recordChanges<T>(audit: Audit, plugin: string, changes: ConfigChanges, apply: () => T): T {
  return recordUse(audit, { plugin, callback: 'engineConfig', power: 'config', argument: summarize(changes) }, apply);
}

/** Records what a permission that is no power let a plugin change, or did not. */
export function recordUse<T>(audit: Audit, entry: Use, apply: () => T): T {
  try {
    const result = apply();
    audit.record({ ...entry, decision: 'allowed' });
    return result;
  } catch (error) {
    if (error instanceof BulkheadError && error.code !== 'POWER_NOT_AUDITED')
      audit.record({ ...entry, decision: 'denied', reason: error.code });
    throw error;
  }
}

/** The same of what is not decided at once. Where records are required, what cannot be recorded is not carried out. */
export async function recordAwaited<T>(audit: Audit, entry: Use, decide: () => Promise<T>): Promise<T> {
  const decided = await decide().then(
    (result) => () => result,
    (error: unknown) => () => {
      throw error;
    },
  );
  return recordUse(audit, entry, decided);
}

type Use = Omit<Parameters<Audit['record']>[0], 'decision' | 'reason' | 'use'>;

function summarize(changes: ConfigChanges): Record<string, string[]> {
  const { mounts, env } = changes;
  return {
    fields: Object.entries(changes).flatMap(([field, value]) => (value === undefined ? [] : [field])),
    ...(mounts && { mounts: mounts.map((one) => `${one.type === 'bind' ? one.source : one.type} on ${one.destination}`) }),
    ...(env && { env: Object.keys(env) }),
  };
}
