import type { Permissions } from '@bulkhead/plugin-sdk/contract';
import { catalogErrors } from './errors.js';

/** Where a directory means all below it. */
const kindsOfTrees: readonly string[] = ['readFile', 'writeFile', 'mount'];

/** Any kind of permission that the contract has, as text. */
export type PermissionValues = Readonly<Record<string, readonly string[] | undefined>>;

/** Grants may be less than what the manifest asks for, never more: a plugin has no powers that `inspect` does not show. */
export function checkGrants(plugin: string, asked: Permissions, granted: Permissions): void {
  const excess = findExcess(asked, granted);
  if (excess !== undefined) throw catalogErrors.grantNotRequested(plugin, excess);
}

/** The first grant that is not asked for, in words; nothing where there is none. */
export function findExcess(asked: Permissions, granted: Permissions): string | undefined {
  for (const [kind, values = []] of Object.entries(granted as PermissionValues)) {
    const value = values.find((one) => !isAskedFor(asked, kind, one));
    if (value !== undefined) return `${kind} ${JSON.stringify(value)}`;
  }
  return undefined;
}

/** Whether the manifest asks for this very value or, where that means all below it, for a directory above. */
export function isAskedFor(asked: Permissions, kind: string, value: string): boolean {
  const values = Object.hasOwn(asked, kind) ? ((asked as PermissionValues)[kind] ?? []) : [];
  return values.some((one) => one === value || (kindsOfTrees.includes(kind) && isWithin(value, one)));
}

/** Both are canonical: the contract's `absolutePath`. */
function isWithin(path: string, above: string): boolean {
  return path.startsWith(above === '/' ? '/' : `${above}/`);
}
