/** What `plugin permissions`, `plugin grant` and `plugin revoke` do. None of this runs plugin code. */
import type { Permissions } from '@bulkhead/plugin-sdk/contract';
import { changeGrants, findInstallation, openCatalog, type Installation } from '#catalog/catalog.js';
import { chooseDirectory, type ChangeRequest } from './choose-directory.js';
import { wiringErrors } from './errors.js';
import { filterPermissions, listPermissions, unitePermissions } from './permission-lines.js';
import { requireGrantable } from './permissions.js';
import { findPermissionDenial, findPluginDenial, type Denial, type Policy, type PolicySubject } from './policy.js';
import type { Scene } from './scene.js';
import { subjectOf } from './trust/installed.js';

/** What is to be said of one permission that a plugin asks for, or was granted. */
export interface PermissionState {
  readonly permission: string;
  readonly granted: boolean;
  /** Why the policy denies it, whatever was granted. */
  readonly denied?: Denial;
}

export interface PermissionReport {
  readonly name: string;
  /** Why the policy denies the plugin as a whole. */
  readonly denied?: Denial;
  readonly permissions: readonly PermissionState[];
}

export interface GrantChange {
  readonly name: string;
  readonly grants: Permissions;
  readonly changed: boolean;
}

export async function reportPermissions(scene: Scene, name: string): Promise<PermissionReport> {
  const installation = findInstallation(await openCatalog(scene.place), name);
  if (installation === undefined) throw wiringErrors.notFound(name);
  const { policy } = await scene.settings();
  return describePermissions(policy, installation.manifest, installation.grants, await subjectOf(scene, installation));
}

/** Asked for, granted and denied; in the order of the manifest, then what was granted of it in part. */
export function describePermissions(
  policy: Policy,
  { name, permissions: asked }: Installation['manifest'],
  granted: Permissions,
  subject: PolicySubject = { name, signedBy: [], namedKeys: [] },
): PermissionReport {
  const denial = findPluginDenial(policy, subject);
  const given = listPermissions(granted);
  const lines = [...new Set([...listPermissions(asked), ...given])];
  return {
    name,
    ...(denial !== undefined && { denied: denial }),
    permissions: lines.map((permission) => {
      const denied = findPermissionDenial(policy, subject, permission);
      return { permission, granted: given.includes(permission), ...(denied !== undefined && { denied }) };
    }),
  };
}

/** Nothing is granted where one of the permissions cannot be. */
export async function grant(scene: Scene, name: string, permissions: readonly string[], request: ChangeRequest): Promise<GrantChange> {
  const directory = await chooseDirectory(scene, name, request);
  const { policy } = await scene.settings();
  const before = findInstallation(await openCatalog({ ...scene.place, directories: [directory] }), name);
  const subject = before === undefined ? name : await subjectOf(scene, before);
  const { installation, changed } = await changeGrants(
    name,
    ({ manifest, grants }) => {
      const denial = findPluginDenial(policy, subject);
      if (denial !== undefined) throw wiringErrors.pluginDenied(name, denial);
      const question = { name, asked: manifest.permissions, findDenial: (one: string) => findPermissionDenial(policy, subject, one) };
      for (const permission of permissions) requireGrantable(question, permission);
      return unitePermissions(
        grants,
        filterPermissions(manifest.permissions, (permission) => permissions.includes(permission)),
      );
    },
    { place: scene.place, directory },
  );
  return { name, grants: installation.grants, changed };
}

/** Asks neither the policy nor the version lock: taking away must work whatever else is wrong. */
export async function revoke(scene: Scene, name: string, permissions: readonly string[], request: ChangeRequest): Promise<GrantChange> {
  const directory = await chooseDirectory(scene, name, request);
  const { installation, changed } = await changeGrants(
    name,
    ({ manifest, grants }) => {
      const known = [...new Set([...listPermissions(manifest.permissions), ...listPermissions(grants)])];
      const unknown = permissions.find((permission) => !known.includes(permission));
      if (unknown !== undefined) throw wiringErrors.grantNotAsked(name, unknown, listPermissions(manifest.permissions));
      return filterPermissions(grants, (permission) => !permissions.includes(permission));
    },
    { place: scene.place, directory },
  );
  return { name, grants: installation.grants, changed };
}
