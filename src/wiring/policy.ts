/**
 * The operator's policy, the `[policy]` part of `bulkhead.toml`: docs/operators.md tells it from outside. It stands above receipts:
 * what was granted before, or by somebody else, counts only as far as the policy lets it.
 *
 *   audit = "required"                     no power is used whose use cannot be recorded
 *   require-signature = true               no plugin without a signature by a key of the system's store
 *
 *   [[policy.deny]]                        deny beats allow
 *   plugin = "example.com/**"              every plugin where absent
 *   permission = "env:AWS_*"               the plugin as a whole where absent
 *   key = "SHA256:…"                       whoever signed it, and whether anybody did, where absent
 *   because = "credentials stay at home"   shown with the refusal
 *
 *   [[policy.process]]                     these plugins get a process of their own, whatever was chosen at install
 *   plugin = "example.com/**"
 *
 *   [[policy.allow]]                       what no rule speaks of is allowed; once one allows a plugin, or a permission of some
 *   permission = "readFile:/data"          kind, other plugins, or other permissions of that kind, are denied
 */
import { permissions as permissionsSchema, pluginName, type Permissions } from '@bulkhead/plugin-sdk/contract';
import * as v from 'valibot';
import { keyFingerprint } from '#package/package.js';
import { fitsName, fitsServer, fitsValue } from './pattern.js';
import { filterPermissions, splitPermission } from './permission-lines.js';
import { findRealPath } from './real-path.js';

const permissionKinds = Object.keys(permissionsSchema.entries);

const pluginPattern = v.pipe(
  v.string(),
  v.maxLength(128),
  v.check((pattern) => pattern !== '*', 'a single "*" is one segment: write "**" for every plugin, or leave plugin out'),
  v.check(isNamePattern, 'must be the name of a plugin, with "*" for any part of a segment; "**" may be the last segment'),
);

const permissionPattern = v.pipe(
  v.string(),
  v.maxLength(1024),
  v.check(
    (pattern) => permissionKinds.includes(splitPermission(pattern).kind),
    `must be a kind of permission (${permissionKinds.join(', ')}), or a kind and a value, as in env:AWS_*`,
  ),
  v.check(isPermissionPattern, 'its value must be one that a plugin can ask for, with "*" for any part of it'),
);

const rule = v.pipe(
  v.strictObject({
    plugin: v.optional(pluginPattern),
    permission: v.optional(permissionPattern),
    key: v.optional(keyFingerprint),
    because: v.optional(v.pipe(v.string(), v.maxLength(256))),
  }),
  v.check(
    ({ plugin, permission, key }) => (plugin ?? permission ?? key) !== undefined,
    'must name a plugin, a permission, a key, or several of them',
  ),
);
type Rule = v.InferOutput<typeof rule>;
const rules = v.optional(v.pipe(v.array(rule), v.maxLength(256)), []);

const processRule = v.strictObject({
  plugin: v.optional(pluginPattern),
  because: v.optional(v.pipe(v.string(), v.maxLength(256))),
});

export const policySchema = v.strictObject({
  /** What happens where the use of a power cannot be recorded: a warning, or no use. */
  audit: v.optional(v.picklist(['best-effort', 'required']), 'best-effort'),
  /** Whether a plugin without a signature by a key of the system's store is refused. */
  'require-signature': v.optional(v.boolean(), false),
  allow: rules,
  deny: rules,
  process: v.optional(v.pipe(v.array(processRule), v.maxLength(256)), []),
});
export type Policy = v.InferOutput<typeof policySchema>;

/** A plugin as the rules see it: its name, and who signed the package at hand. */
export interface PolicySubject {
  readonly name: string;
  /** Fingerprints of the trusted keys that have signed it: what an allow goes by. */
  readonly signedBy: readonly string[];
  /** Of all keys that its signatures name, trusted or not: what a deny goes by. */
  readonly namedKeys: readonly string[];
}

/** Why the policy denies something, in words; nothing else decides. */
export interface Denial {
  /** e.g. `deny env:AWS_* to example.com/**`. */
  readonly rule: string;
  readonly because?: string | undefined;
}

/** Why the plugin may not be used at all; nothing where it may. A name alone is a plugin that nobody has signed. */
export function findPluginDenial({ allow, deny }: Policy, plugin: string | PolicySubject): Denial | undefined {
  const denying = deny.find((one) => one.permission === undefined && isAbout(one, plugin, 'namedKeys'));
  if (denying !== undefined) return describe('deny', denying);
  const lists = allow.filter(({ permission }) => permission === undefined);
  if (lists.length === 0 || lists.some((one) => isAbout(one, plugin, 'signedBy'))) return undefined;
  return { rule: 'no rule that allows plugins allows this one' };
}

/** Why the plugin may not have this permission, or no part of it; nothing where it may. Whether it may be used is another question. */
export function findPermissionDenial({ allow, deny }: Policy, plugin: string | PolicySubject, permission: string): Denial | undefined {
  const { kind, value = '' } = splitPermission(permission);
  const fits = kind === 'fetch' ? fitsServer : fitsValue;
  // A path is judged as it is written and as it leads, links followed: `/var/run` is `/run`, `/proc/self/root/etc` is `/etc`.
  const forms = value.startsWith('/') ? [value, findRealPath(value)] : [value];
  const concerns = (rule: Rule, how: 'touches' | 'covers'): boolean => {
    const wanted = splitPermission(rule.permission ?? '');
    if (wanted.kind !== kind || !isAbout(rule, plugin, how === 'touches' ? 'namedKeys' : 'signedBy')) return false;
    const patterns = formsOf(wanted.value ?? '*');
    const isMet = (form: string): boolean => patterns.some((pattern) => fits(pattern, form, how));
    return how === 'touches' ? forms.some(isMet) : forms.every(isMet);
  };
  const denying = deny.find((one) => concerns(one, 'touches'));
  if (denying !== undefined) return describe('deny', denying);
  const lists = allow.filter((one) => one.permission !== undefined && splitPermission(one.permission).kind === kind);
  if (lists.length === 0 || lists.some((one) => concerns(one, 'covers'))) return undefined;
  return { rule: `no rule that allows ${kind} allows this` };
}

/** Whether the plugin may run only in a process of its own. */
export function demandsProcess({ process: rules }: Policy, plugin: string): boolean {
  return rules.some((one) => isAbout(one, plugin, 'namedKeys'));
}

/** What is left of the grants. */
export function applyPolicy(policy: Policy, plugin: string | PolicySubject, grants: Permissions): Permissions {
  return filterPermissions(grants, (permission) => findPermissionDenial(policy, plugin, permission) === undefined);
}

export function describeDenial({ rule: which, because }: Denial): string {
  return because === undefined ? which : `${which} (${because})`;
}

/** `keys`: which of a plugin's keys the rule may go by. */
function isAbout(
  { plugin: pattern = '**', key }: Pick<Rule, 'plugin' | 'key'>,
  plugin: string | PolicySubject,
  keys: 'signedBy' | 'namedKeys',
): boolean {
  const subject = typeof plugin === 'string' ? { name: plugin, signedBy: [], namedKeys: [] } : plugin;
  return fitsName(pattern, subject.name) && (key === undefined || subject[keys].includes(key));
}

function describe(verb: 'deny', { plugin, permission, key, because }: Rule): Denial {
  const whom = [plugin ?? (permission === undefined ? '**' : undefined), key && `signed by ${key}`].filter((part) => part !== undefined);
  const what = permission === undefined ? whom.join(' ') : [permission, ...(whom.length === 0 ? [] : ['to', ...whom])].join(' ');
  return { rule: `${verb} ${what}`, ...(because !== undefined && { because }) };
}

/** The same of a pattern: what stands before its first star may be a link. */
function formsOf(pattern: string): string[] {
  if (!pattern.startsWith('/')) return [pattern];
  const [fixed = ''] = pattern.split('*');
  const end = pattern.includes('*') ? fixed.lastIndexOf('/') : pattern.length;
  const real = findRealPath(pattern.slice(0, end) || '/');
  return [pattern, `${real === '/' ? '' : real}${pattern.slice(end)}` || '/'];
}

/** With a letter for each star it is a name: so it has no `..`, no empty segment, and no character that names do not have. */
function isNamePattern(pattern: string): boolean {
  const whole = pattern === '**' ? 'x' : pattern.replace(/\/\*\*$/, '/x');
  return !whole.includes('**') && v.is(pluginName, whole.replaceAll('*', 'x'));
}

/** The same for values, with a digit where they are ports: a path that is not canonical would never be met, and the rule never hold. */
function isPermissionPattern(pattern: string): boolean {
  const { kind, value = '*' } = splitPermission(pattern);
  return value === '*' || ['x', '1'].some((any) => v.is(permissionsSchema, { [kind]: [value.replaceAll('*', any)] }));
}
