/**
 * The version lock: may a plugin that was built against one contract run on a host that offers another? Pure.
 *
 *   built against                                       verdict
 *   same major, what it uses is here, not older         accepted; with a note where its contract is newer than the host's
 *   same major, something it uses is missing or older   too new
 *   older major with an adapter                         as above, against what the adapter serves; with a note
 *   other major                                         too old, too new
 *   same version, other digest                          not the contract it claims
 *   lock exact: other digest                            not exactly this contract
 *
 * Minors of 0.x count as majors. A prerelease promises nothing: what changed in one is accepted only where it is exactly the same.
 */
import { findAdapter, type ContractStamp } from '@bulkhead/plugin-sdk/contract';
import type { Manifest } from '#package/package.js';
import semver, { type SemVer } from 'semver';
import { catalogErrors } from './errors.js';

export type VersionLock = 'range' | 'exact';
export type IncompatibilityReason = 'too new' | 'too old' | 'not the contract it claims' | 'not exactly this contract';
export type Compatibility =
  | { readonly accepted: true; readonly note?: string }
  | { readonly accepted: false; readonly reason: IncompatibilityReason; readonly message: string; readonly hint: string };

export function checkCompatibility(plugin: ContractStamp, offered: ContractStamp, { lock }: { readonly lock: VersionLock }): Compatibility {
  const built = semver.parse(plugin.version);
  const host = semver.parse(offered.version);
  const refuse = (reason: IncompatibilityReason, faults: readonly string[] = []) => refusal(reason, { plugin, offered, faults });
  if (built === null || host === null) return refuse('not the contract it claims', ['its version is not a semantic version']);
  if (lock === 'exact' && plugin.digest !== offered.digest) return refuse('not exactly this contract');
  const sides = compareGenerations(built, host);
  if (sides > 0) return refuse('too new');
  if (sides < 0) return checkAdapted(plugin, offered);
  const age = semver.compare(built, host);
  if (age === 0 && plugin.digest !== offered.digest) return refuse('not the contract it claims');
  const faults = findFaults(plugin, offered);
  if (faults.length > 0) return refuse(age > 0 ? 'too new' : 'not the contract it claims', faults);
  if (age <= 0) return { accepted: true };
  return {
    accepted: true,
    note: `built against contract ${plugin.version}, newer than ${offered.version} of this host; what it uses is the same in both`,
  };
}

/** A plugin of an older major is held against what the adapter for it serves. */
function checkAdapted(plugin: ContractStamp, offered: ContractStamp): Compatibility {
  const served = findAdapter(plugin.version)?.stamp;
  if (served === undefined) return refusal('too old', { plugin, offered, faults: [] });
  if (semver.eq(plugin.version, served.version) && plugin.digest !== served.digest)
    return refusal('not the contract it claims', { plugin, offered, faults: [] });
  const faults = findFaults(plugin, served);
  if (faults.length > 0) return refusal('too old', { plugin, offered, faults });
  return {
    accepted: true,
    note: `built against contract ${plugin.version}, older than ${offered.version} of this host; it runs through the adapter for ${served.version}`,
  };
}

/** Throws where checkCompatibility refuses; answers with its note. */
export function requireCompatibility(
  { name, contract }: Pick<Manifest, 'name' | 'contract'>,
  { offered, lock }: { readonly offered: ContractStamp; readonly lock: VersionLock },
): string | undefined {
  const verdict = checkCompatibility(contract, offered, { lock });
  if (verdict.accepted) return verdict.note;
  const { reason, message, hint } = verdict;
  throw catalogErrors.incompatible(name, { message, hint, data: { reason, built: contract.version, offered: offered.version } });
}

/** Majors; below 1.0.0, minors. */
function compareGenerations(a: SemVer, b: SemVer): number {
  return a.major - b.major || (a.major === 0 ? a.minor - b.minor : 0);
}

/** What the plugin uses and this host lacks or has in an older form, in words. */
function findFaults(plugin: ContractStamp, offered: ContractStamp): string[] {
  return [...findFaultsIn('callback', plugin.callbacks, offered.callbacks), ...findFaultsIn('power', plugin.powers, offered.powers)];
}

type Versions = Readonly<Record<string, string>>;

function findFaultsIn(kind: 'callback' | 'power', used: Versions, offered: Versions): string[] {
  return Object.entries(used).flatMap(([name, version]) => {
    const here = Object.hasOwn(offered, name) ? offered[name] : undefined;
    if (here === undefined) return [`${kind} ${JSON.stringify(name)} is missing here`];
    return isServed(version, here) ? [] : [`${kind} ${JSON.stringify(name)} is ${here} here and ${version} there`];
  });
}

function isServed(used: string, here: string): boolean {
  if (semver.valid(used) === null || semver.valid(here) === null) return false;
  return semver.prerelease(used) === null ? semver.gte(here, used) : semver.eq(here, used);
}

function refusal(
  reason: IncompatibilityReason,
  { plugin, offered, faults }: { plugin: ContractStamp; offered: ContractStamp; faults: readonly string[] },
): Compatibility {
  const verdict = reason === 'too new' || reason === 'too old' ? `${reason} for this host` : reason;
  const why = faults.length === 0 ? '' : ` (${faults.join(', ')})`;
  const message = `built against contract ${plugin.version}, this host offers ${offered.version}: ${verdict}${why}`;
  return { accepted: false, reason, message, hint: mendOf(reason, plugin, offered) };
}

function mendOf(reason: IncompatibilityReason, plugin: ContractStamp, offered: ContractStamp): string {
  if (reason === 'too new') return `upgrade bulkhead to a release that offers contract ${plugin.version}`;
  const rebuild = `rebuild the plugin with the @bulkhead/plugin-sdk of contract ${offered.version}: bulkhead plugin compile DIR`;
  return reason === 'not exactly this contract' ? `${rebuild} (version-lock is "exact")` : rebuild;
}
