import type { Permissions } from '@bulkhead/plugin-sdk/contract';
import { isAskedFor } from '#catalog/catalog.js';
import { wiringErrors } from './errors.js';
import { filterPermissions, listPermissions, splitPermission, unitePermissions } from './permission-lines.js';
import type { Denial } from './policy.js';

export type GrantRequest = 'all' | readonly string[] | undefined;
/** Asks the operator; absent where there is nobody to ask. */
export type Consent = (name: string, permissions: readonly string[]) => Promise<boolean>;

export interface GrantQuestion {
  readonly name: string;
  readonly asked: Permissions;
  /** Of the installation that this one replaces, where there is one. */
  readonly before?: { readonly asked: Permissions; readonly granted: Permissions } | undefined;
  readonly request: GrantRequest;
  readonly consent: Consent | undefined;
  /** What the policy says of one permission. */
  readonly findDenial: (permission: string) => Denial | undefined;
}

export interface GrantDecision {
  readonly grants: Permissions;
  /** Granted before, and not asked for any more. */
  readonly revoked: readonly string[];
  /** Asked for, and denied by the policy. */
  readonly denied: readonly { readonly permission: string; readonly denial: Denial }[];
}

/**
 * What is granted at install. Without an explicit yes, by flag or at a terminal, nothing is: neither granted nor installed. Where an
 * installation is replaced, what it was granted and is still asked for stays, what it was refused stays refused, and only what it
 * did not ask for is new.
 */
export async function decideGrants(question: GrantQuestion): Promise<GrantDecision> {
  const { asked, before = { asked: {}, granted: {} }, findDenial } = question;
  const isStillAsked = (permission: string): boolean => isAsked(asked, permission);
  const kept = filterPermissions(before.granted, isStillAsked);
  const denied = listPermissions(asked).flatMap((permission) => {
    const denial = findDenial(permission);
    return denial === undefined ? [] : [{ permission, denial }];
  });
  const askedBefore = new Set(listPermissions(before.asked));
  const open = listPermissions(asked).filter((permission) => !denied.some((one) => one.permission === permission));
  const chosen = await choose(question, { open, fresh: open.filter((permission) => !askedBefore.has(permission)) });
  return {
    grants: unitePermissions(
      filterPermissions(asked, (permission) => chosen.includes(permission)),
      kept,
    ),
    revoked: listPermissions(before.granted).filter((permission) => !isStillAsked(permission)),
    denied,
  };
}

/** Throws where the plugin does not ask for it, or where the policy denies it. */
export function requireGrantable(
  { name, asked, findDenial }: Pick<GrantQuestion, 'name' | 'asked' | 'findDenial'>,
  permission: string,
): void {
  const lines = listPermissions(asked);
  if (!lines.includes(permission)) throw wiringErrors.grantNotAsked(name, permission, lines);
  const denial = findDenial(permission);
  if (denial !== undefined) throw wiringErrors.permissionDenied(name, permission, denial);
}

async function choose(
  question: GrantQuestion,
  { open, fresh }: { open: readonly string[]; fresh: readonly string[] },
): Promise<readonly string[]> {
  const { name, request, consent } = question;
  if (request === 'all') return open;
  if (request !== undefined) {
    for (const permission of request) requireGrantable(question, permission);
    return request;
  }
  if (fresh.length === 0) return [];
  if (consent === undefined) throw wiringErrors.notGrantedWithoutTerminal(name, fresh);
  if (!(await consent(name, fresh))) throw wiringErrors.consentRefused(name);
  return fresh;
}

function isAsked(asked: Permissions, permission: string): boolean {
  const { kind, value = '' } = splitPermission(permission);
  return isAskedFor(asked, kind, value);
}
