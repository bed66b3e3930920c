/**
 * The operator's policy, the `[policy]` part of `bulkhead.toml`: docs/operators.md tells it from outside. It stands above receipts:
 * what was granted before, or by somebody else, counts only as far as the policy lets it.
 *
 *   [[policy.deny]]                        deny beats allow
 *   plugin = "example.com/**"              every plugin where absent
 *   permission = "env:AWS_*"               the plugin as a whole where absent
 *   because = "credentials stay at home"   shown with the refusal
 *
 *   [[policy.allow]]                       what no rule speaks of is allowed; once one allows a plugin, or a permission of some
 *   permission = "readFile:/data"          kind, other plugins, or other permissions of that kind, are denied
 */
import { permissions as permissionsSchema, pluginName, type Permissions } from '@bulkhead/plugin-sdk/contract';
import * as v from 'valibot';
import { fitsName, fitsValue } from './pattern.js';
import { filterPermissions, splitPermission } from './permission-lines.js';

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
    because: v.optional(v.pipe(v.string(), v.maxLength(256))),
  }),
  v.check(({ plugin, permission }) => plugin !== undefined || permission !== undefined, 'must name a plugin, a permission, or both'),
);
type Rule = v.InferOutput<typeof rule>;
const rules = v.optional(v.pipe(v.array(rule), v.maxLength(256)), []);

export const policySchema = v.strictObject({ allow: rules, deny: rules });
export type Policy = v.InferOutput<typeof policySchema>;

/** Why the policy denies something, in words; nothing else decides. */
export interface Denial {
  /** e.g. `deny env:AWS_* to example.com/**`. */
  readonly rule: string;
  readonly because?: string | undefined;
}

/** Why the plugin may not be used at all; nothing where it may. */
export function findPluginDenial({ allow, deny }: Policy, plugin: string): Denial | undefined {
  const denying = deny.find((one) => one.permission === undefined && isAbout(one, plugin));
  if (denying !== undefined) return describe('deny', denying);
  const lists = allow.filter(({ permission }) => permission === undefined);
  if (lists.length === 0 || lists.some((one) => isAbout(one, plugin))) return undefined;
  return { rule: 'no rule that allows plugins allows this one' };
}

/** Why the plugin may not have this permission, or no part of it; nothing where it may. Whether it may be used is another question. */
export function findPermissionDenial({ allow, deny }: Policy, plugin: string, permission: string): Denial | undefined {
  const { kind, value = '' } = splitPermission(permission);
  const concerns = (pattern: string | undefined, how: 'touches' | 'covers'): boolean => {
    if (pattern === undefined) return false;
    const wanted = splitPermission(pattern);
    return wanted.kind === kind && fitsValue(wanted.value ?? '*', value, how);
  };
  const denying = deny.find((one) => isAbout(one, plugin) && concerns(one.permission, 'touches'));
  if (denying !== undefined) return describe('deny', denying);
  const lists = allow.filter((one) => one.permission !== undefined && splitPermission(one.permission).kind === kind);
  if (lists.length === 0 || lists.some((one) => isAbout(one, plugin) && concerns(one.permission, 'covers'))) return undefined;
  return { rule: `no rule that allows ${kind} allows this` };
}

/** What is left of the grants. */
export function applyPolicy(policy: Policy, plugin: string, grants: Permissions): Permissions {
  return filterPermissions(grants, (permission) => findPermissionDenial(policy, plugin, permission) === undefined);
}

export function describeDenial({ rule: which, because }: Denial): string {
  return because === undefined ? which : `${which} (${because})`;
}

function isAbout({ plugin: pattern = '**' }: Rule, plugin: string): boolean {
  return fitsName(pattern, plugin);
}

function describe(verb: 'deny', { plugin, permission, because }: Rule): Denial {
  const what = permission === undefined ? (plugin ?? '**') : `${permission}${plugin === undefined ? '' : ` to ${plugin}`}`;
  return { rule: `${verb} ${what}`, ...(because !== undefined && { because }) };
}

/** With a letter for each star it is a name: so it has no `..`, no empty segment, and no character that names do not have. */
function isNamePattern(pattern: string): boolean {
  const whole = pattern === '**' ? 'x' : pattern.replace(/\/\*\*$/, '/x');
  return !whole.includes('**') && v.is(pluginName, whole.replaceAll('*', 'x'));
}

/** The same for values: a path that is not canonical would never be met, and the rule never hold. */
function isPermissionPattern(pattern: string): boolean {
  const { kind, value = '*' } = splitPermission(pattern);
  return value === '*' || v.is(permissionsSchema, { [kind]: [value.replaceAll('*', 'x')] });
}
