import type { Permissions } from '@bulkhead/plugin-sdk/contract';
import { wiringErrors } from './errors.js';

export type GrantRequest = 'all' | readonly string[] | undefined;
/** Asks the operator; absent where there is nobody to ask. */
export type Consent = (name: string, permissions: readonly string[]) => Promise<boolean>;

/** One line per permission, as the operator types it: `config:mounts`, `env:SLURM_JOB_ID`, `readFile:/etc/hosts`. */
export function listPermissions(permissions: Permissions): string[] {
  return Object.entries(permissions).flatMap(([key, values]) => (values ?? []).map((value) => `${key}:${value}`));
}

/**
 * What is granted at install. Without an explicit yes, by flag or at a terminal, nothing is: neither granted nor installed.
 */
export async function decideGrants(
  name: string,
  asked: Permissions,
  request: GrantRequest,
  consent: Consent | undefined,
): Promise<Permissions> {
  const lines = listPermissions(asked);
  if (request === 'all') return asked;
  if (request !== undefined) return pickGrants(name, asked, lines, request);
  if (lines.length === 0) return {};
  if (consent === undefined) throw wiringErrors.notGrantedWithoutTerminal(name, lines);
  if (!(await consent(name, lines))) throw wiringErrors.consentRefused(name);
  return asked;
}

function pickGrants(name: string, asked: Permissions, lines: readonly string[], request: readonly string[]): Permissions {
  const unknown = request.find((grant) => !lines.includes(grant));
  if (unknown !== undefined) throw wiringErrors.grantNotAsked(name, unknown, lines);
  const granted = Object.entries(asked).map(([key, values]) => [
    key,
    (values ?? []).filter((value) => request.includes(`${key}:${value}`)),
  ]);
  return Object.fromEntries(granted) as Permissions;
}
