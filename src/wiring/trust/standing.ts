/**
 * What a package's signature is worth here, and whether the plugin may be used with it.
 *
 *   modified, revoked              never
 *   signed by a key of the system  always
 *   everything else                unless the policy says `require-signature`
 *
 * A key of the caller's own store counts for the caller's own plugins, and never for `require-signature`: who may add a key there
 * could sign anything.
 */
import type { PluginScope } from '#catalog/catalog.js';
import { examinePackage, hasSignature, type PluginPackage, type SignatureReport } from '#package/package.js';
import { wiringErrors } from '../errors.js';
import { findPluginDenial, type Policy, type PolicySubject } from '../policy.js';
import { trustErrors } from './errors.js';
import type { StoredKey } from './store.js';

export interface Standing {
  readonly report: SignatureReport;
  /** The plugin as rules of the policy see it. */
  readonly subject: PolicySubject;
  /** Whether a key of the system's store has signed. */
  readonly isSiteSigned: boolean;
}

/** `readKeys` is asked only where there is a signature. */
export async function standingOf(
  plugin: PluginPackage,
  { scope, readKeys }: { readonly scope: PluginScope; readonly readKeys: () => Promise<readonly StoredKey[]> },
): Promise<Standing> {
  const { name } = plugin.manifest;
  const keys = hasSignature(plugin) ? await readKeys() : [];
  const trusted = keys.filter((key) => !key.revoked && (key.scope === 'system' || scope !== 'system'));
  const report = examinePackage(plugin, { trusted, revoked: keys.filter(({ revoked }) => revoked) });
  const namedKeys = report.signatures.flatMap(({ signedBy, claimedBy }) => [...signedBy, ...claimedBy]);
  return {
    report,
    subject: { name, signedBy: report.signers, namedKeys },
    isSiteSigned: trusted.some(({ scope: owner, fingerprint }) => owner === 'system' && report.signers.includes(fingerprint)),
  };
}

/** Throws why the plugin may not be used; `where` is the package's file. */
export function requireStanding(policy: Policy, { report, subject, isSiteSigned }: Standing, where: string): void {
  const { state, reason = '' } = report;
  const denial = findPluginDenial(policy, subject);
  if (denial !== undefined) throw wiringErrors.pluginDenied(subject.name, denial);
  if (state === 'modified') throw trustErrors.modified(subject.name, where, reason);
  if (state === 'revoked') throw trustErrors.revoked(subject.name, where, reason);
  if (policy['require-signature'] && !isSiteSigned) throw trustErrors.required(subject.name, where, describeLack(report));
}

function describeLack({ state, reason, signers }: SignatureReport): string {
  return state === 'signed' ? `${signers.join(', ')} is not a key of the system's store` : (reason ?? state);
}
