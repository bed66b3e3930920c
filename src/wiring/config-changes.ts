import type { ConfigChanges, ConfigField, ContainerConfig, Permissions } from '@bulkhead/plugin-sdk/contract';
import { isDeepStrictEqual } from 'node:util';
import { wiringErrors } from './errors.js';

/** The configuration and who set what: field, `env.NAME` or `mounts./path` -> plugin. */
export interface OwnedConfig {
  readonly config: ContainerConfig;
  readonly owners: ReadonlyMap<string, string>;
}

export function startOwnership(config: ContainerConfig): OwnedConfig {
  return { config, owners: new Map() };
}

/**
 * Applies what one plugin answered to `engineConfig`. Each field that it touches must have been granted, and must not have
 * been set to another value by a plugin before it: an operator should learn of that, not find one of the two gone.
 */
export function applyChanges({ config, owners }: OwnedConfig, changes: ConfigChanges, plugin: string, grants: Permissions): OwnedConfig {
  for (const field of Object.keys(changes) as ConfigField[]) {
    if (changes[field] !== undefined && !(grants.config ?? []).includes(field)) throw wiringErrors.fieldNotGranted(plugin, field);
  }
  const { env = {}, mounts = [], ...single } = changes;
  const taken = new Map(owners);
  const take = (key: string, isSame: boolean): void => {
    const owner = taken.get(key);
    if (owner !== undefined && owner !== plugin && !isSame) throw wiringErrors.fieldConflict(key, owner, plugin);
    if (owner === undefined) taken.set(key, plugin);
  };

  for (const [name, value] of Object.entries(env)) take(`env.${name}`, config.env[name] === value);
  for (const mount of mounts) {
    const before = config.mounts.find(({ destination }) => destination === mount.destination);
    take(`mounts.${mount.destination}`, isDeepStrictEqual(before, mount));
  }
  for (const [field, value] of Object.entries(single)) {
    if (value !== undefined) take(field, isDeepStrictEqual(config[field as keyof typeof single], value));
  }
  return {
    config: { ...config, ...withoutUndefined(single), env: { ...config.env, ...env }, mounts: mergeMounts(config.mounts, mounts) },
    owners: taken,
  };
}

/** A mount at a destination that is already there replaces it; the order stays. */
function mergeMounts(before: ContainerConfig['mounts'], added: ContainerConfig['mounts']): ContainerConfig['mounts'] {
  const byDestination = new Map([...before, ...added].map((mount) => [mount.destination, mount]));
  return [...byDestination.values()];
}

type Defined<T> = { [Key in keyof T]?: Exclude<T[Key], undefined> };

function withoutUndefined<T extends object>(record: T): Defined<T> {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)) as Defined<T>;
}
