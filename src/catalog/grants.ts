import type { Permissions } from '@bulkhead/plugin-sdk/contract';
import { catalogErrors } from './errors.js';

/** Grants may be less than what the manifest asks for, never more: a plugin has no powers that `inspect` does not show. */
export function checkGrants(plugin: string, asked: Permissions, granted: Permissions): void {
  const excess = [
    ...(granted.config ?? []).filter((field) => !(asked.config ?? []).includes(field)).map((field) => `config ${JSON.stringify(field)}`),
    ...(granted.env ?? []).filter((name) => !(asked.env ?? []).includes(name)).map((name) => `env ${JSON.stringify(name)}`),
    ...(['fetch', 'exec'] as const).flatMap((power) =>
      (granted[power] ?? []).filter((name) => !(asked[power] ?? []).includes(name)).map((name) => `${power} ${JSON.stringify(name)}`),
    ),
    ...(['readFile', 'writeFile'] as const).flatMap((power) =>
      (granted[power] ?? [])
        .filter((path) => !(asked[power] ?? []).some((above) => isWithin(path, above)))
        .map((path) => `${power} ${JSON.stringify(path)}`),
    ),
  ];
  const [first] = excess;
  if (first !== undefined) throw catalogErrors.grantNotRequested(plugin, first);
}

/** Both are canonical: the contract's `absolutePath`. */
function isWithin(path: string, above: string): boolean {
  return path === above || path.startsWith(above === '/' ? '/' : `${above}/`);
}
