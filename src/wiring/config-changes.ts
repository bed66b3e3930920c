import type { ConfigChanges, ConfigField, ContainerConfig, Permissions } from '@bulkhead/plugin-sdk/contract';
import { isDeepStrictEqual } from 'node:util';
import { putTogether, takeApart } from './config-fields.js';
import { wiringErrors } from './errors.js';

/** One part of the configuration that a plugin changes: `env.A`, `mounts./data`, `umask`. Undefined where it is not there. */
export interface ConfigChange {
  readonly field: string;
  readonly before: unknown;
  readonly after: unknown;
  /** The plugin whose value this one replaces, because the operator put it later. */
  readonly replaces?: string;
}

/** The configuration, who set what (field, `env.NAME` or `mounts./path` -> plugin), and what each plugin changed, in order. */
export interface OwnedConfig {
  readonly config: ContainerConfig;
  readonly owners: ReadonlyMap<string, string>;
  readonly history: readonly { readonly plugin: string; readonly changes: readonly ConfigChange[] }[];
}

export interface ChangeRules {
  readonly grants: Permissions;
  /** Whether the operator put the second plugin after the first. */
  readonly mayReplace?: (first: string, second: string) => boolean;
}

export function startOwnership(config: ContainerConfig): OwnedConfig {
  return { config, owners: new Map(), history: [] };
}

/**
 * Applies what one plugin answered to `engineConfig`. Each field that it touches must have been granted, and must not have
 * been set to another value by a plugin before it: an operator should learn of that, not find one of the two gone. Where the
 * operator set an order, that is the answer, and the later one has the field.
 */
export function applyChanges(
  { config, owners, history }: OwnedConfig,
  changes: ConfigChanges,
  plugin: string,
  { grants, mayReplace = () => false }: ChangeRules,
): OwnedConfig {
  for (const field of Object.keys(changes) as ConfigField[]) {
    if (changes[field] !== undefined && !(grants.config ?? []).includes(field)) throw wiringErrors.fieldNotGranted(plugin, field);
  }
  const present = new Map(takeApart(config).map(({ key, value }) => [key, value]));
  const taken = new Map(owners);
  const made: ConfigChange[] = [];
  for (const { key, value } of takeApart(changes)) {
    const before = present.get(key);
    const isSame = isDeepStrictEqual(withoutUndefined(before), withoutUndefined(value));
    const owner = taken.get(key);
    const isForeign = owner !== undefined && owner !== plugin && !isSame;
    if (isForeign && !mayReplace(owner, plugin)) throw wiringErrors.fieldConflict(key, owner, plugin);
    if (owner === undefined || isForeign) taken.set(key, plugin);
    if (!isSame) made.push({ field: key, before, after: value, ...(isForeign ? { replaces: owner } : {}) });
  }
  return { config: putTogether(config, changes), owners: taken, history: [...history, { plugin, changes: made }] };
}

/** The same as JSON would have it: an option that is absent, and one that is undefined. */
function withoutUndefined(value: unknown): unknown {
  return value === undefined ? undefined : (JSON.parse(JSON.stringify(value)) as unknown);
}
