import { BulkheadError } from '#base/errors.js';
import { isSkippable, readInstalled, type CatalogProblem, type Installation } from '#catalog/catalog.js';
import type { PluginPackage, SignatureReport } from '#package/package.js';
import { wiringErrors } from '../errors.js';
import { findPluginDenial, type Policy, type PolicySubject } from '../policy.js';
import type { Scene } from '../scene.js';
import { requireStanding, standingOf, type Standing } from './standing.js';

/** An installed plugin as one looks at it without running it. Neither is there where its package cannot be read, or is not the one installed. */
export interface Examined {
  readonly plugin?: PluginPackage;
  readonly standing?: Standing;
}

/** Throws where it cannot be told which keys are trusted. */
export async function examineInstalled({ uid, trust }: Scene, installation: Installation): Promise<Examined> {
  const plugin = await readInstalled(installation, { uid }).catch(ignoreUnusable);
  if (plugin === undefined) return {};
  return { plugin, standing: await standingOf(plugin, { scope: installation.directory.scope, readKeys: trust }) };
}

/** The plugin as the rules of the policy see it; one that cannot be read is signed by nobody. */
export async function subjectOf(scene: Scene, installation: Installation): Promise<PolicySubject> {
  const { standing } = await examineInstalled(scene, installation);
  return standing?.subject ?? { name: installation.name, signedBy: [], namedKeys: [] };
}

/** What `list` tells of each plugin's signature, and why some may not be used. */
export async function listStandings(
  scene: Scene,
  installations: readonly Installation[],
  policy: Policy,
): Promise<{ signatures: Map<string, SignatureReport>; problems: CatalogProblem[] }> {
  const signatures = new Map<string, SignatureReport>();
  const problems: CatalogProblem[] = [];
  for (const installation of installations) {
    const { name, packageFile: path } = installation;
    const { standing } = await examineInstalled(scene, installation);
    if (standing !== undefined) signatures.set(name, standing.report);
    const refusal = findRefusal(policy, standing ?? name, path);
    if (refusal === undefined) continue;
    const { message: reason, hint = '' } = refusal;
    problems.push({ kind: 'denied', path, name, reason, hint, skippable: isSkippable(installation) });
  }
  return { signatures, problems };
}

/** Why the policy, or the signature, keeps the plugin from being used. */
export function findRefusal(policy: Policy, standing: Standing | string, path: string): BulkheadError | undefined {
  if (typeof standing === 'string') {
    const denial = findPluginDenial(policy, standing);
    return denial === undefined ? undefined : wiringErrors.pluginDenied(standing, denial);
  }
  try {
    requireStanding(policy, standing, path);
    return undefined;
  } catch (error) {
    if (error instanceof BulkheadError) return error;
    throw error;
  }
}

function ignoreUnusable(error: unknown): undefined {
  if (!(error instanceof BulkheadError)) throw error;
}
