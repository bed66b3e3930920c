/**
 * The fields of a configuration, taken apart into what has one owner each, and put together again:
 *
 *   { env: { A: '1' }, mounts: [{ destination: '/d', … }], umask: 18 }   <─▶   env.A  mounts./d  umask
 */
import type { ConfigChanges, ContainerConfig } from '@bulkhead/plugin-sdk/contract';

/** One part of a configuration; `value` is undefined where there is none, or where it is to be removed. */
export interface ConfigPart {
  /** `env.A`, `mounts./data`, `umask`. */
  readonly key: string;
  readonly value: unknown;
}

type FieldValues = Readonly<Record<string, unknown>>;

/** The fields that are lists, by what tells their entries apart. */
const listKeys: Readonly<Record<string, (entry: never) => string>> = {
  mounts: ({ destination }: { destination: string }) => destination,
  devices: ({ path, destination = path }: { path: string; destination?: string }) => destination,
  cdi: (name: string) => name,
};
const recordFields: ReadonlySet<string> = new Set(['env', 'rlimits', 'capabilities', 'hosts', 'limits', 'namespaces', 'dns']);

/** The parts of what is set; nothing of fields that are undefined. */
export function takeApart(fields: ConfigChanges | ContainerConfig): ConfigPart[] {
  return Object.entries(fields as FieldValues).flatMap(([field, value]): ConfigPart[] => {
    if (value === undefined) return [];
    const entries = entriesOf(field, value);
    if (entries === undefined) return [{ key: field, value }];
    return [...entries].map(([name, entry]) => ({ key: `${field}.${name}`, value: entry ?? undefined }));
  });
}

/** The configuration with the changes in it; entries that are there stay in their place. */
export function putTogether(config: ContainerConfig, changes: ConfigChanges): ContainerConfig {
  const result: Record<string, unknown> = { ...config };
  for (const [field, value] of Object.entries(changes as FieldValues)) {
    if (value === undefined) continue;
    const added = entriesOf(field, value);
    result[field] = added === undefined ? value : unite(field, result[field], added);
  }
  // Each value has passed the schema of its field, in the configuration and in the changes alike.
  return result as unknown as ContainerConfig;
}

function unite(field: string, before: unknown, added: ReadonlyMap<string, unknown>): unknown {
  const all = new Map([...(before === undefined ? [] : (entriesOf(field, before) ?? [])), ...added]);
  if (Object.hasOwn(listKeys, field)) return [...all.values()];
  return Object.fromEntries([...all].filter(([, entry]) => entry !== null && entry !== undefined));
}

/** By name; undefined for a field that is one thing. */
function entriesOf(field: string, value: unknown): Map<string, unknown> | undefined {
  const keyOf = Object.hasOwn(listKeys, field) ? listKeys[field] : undefined;
  if (keyOf !== undefined) return new Map((value as unknown[]).map((entry) => [keyOf(entry as never), entry]));
  return recordFields.has(field) ? new Map(Object.entries(value as FieldValues)) : undefined;
}
