/**
 * Permissions as the operator reads and types them, one line each: `config:mounts`, `env:SLURM_JOB_ID`, `readFile:/etc/hosts`. Works
 * for whatever kinds the contract lists.
 */
import type { Permissions } from '@bulkhead/plugin-sdk/contract';
import type { PermissionValues } from '#catalog/catalog.js';

export function listPermissions(permissions: Permissions): string[] {
  return Object.entries(permissions as PermissionValues).flatMap(([kind, values = []]) => values.map((value) => `${kind}:${value}`));
}

/** The kind alone where there is no colon. */
export function splitPermission(line: string): { kind: string; value?: string } {
  const colon = line.indexOf(':');
  return colon < 0 ? { kind: line } : { kind: line.slice(0, colon), value: line.slice(colon + 1) };
}

/** Those of the permissions that `keep` wants; each kind stays, with no value where none is kept. */
export function filterPermissions(permissions: Permissions, keep: (line: string) => boolean): Permissions {
  const kept = Object.entries(permissions as PermissionValues).map(([kind, values = []]) => [
    kind,
    values.filter((value) => keep(`${kind}:${value}`)),
  ]);
  return Object.fromEntries(kept) as Permissions;
}

/** Those of both; a kind of which `other` has no value is not added. */
export function unitePermissions(one: Permissions, other: Permissions): Permissions {
  const [first, second] = [one as PermissionValues, other as PermissionValues];
  const added = Object.keys(second).filter((kind) => second[kind]?.length);
  const kinds = [...new Set([...Object.keys(first), ...added])];
  return Object.fromEntries(kinds.map((kind) => [kind, [...new Set([...(first[kind] ?? []), ...(second[kind] ?? [])])]])) as Permissions;
}
