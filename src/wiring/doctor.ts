/** `plugin doctor`: all that is wrong with plugins of either kind, each in one line. Runs no plugin code and no program of a bundle. */
import { CONTRACT } from '@bulkhead/plugin-sdk/contract';
import { BulkheadError } from '#base/errors.js';
import {
  isSkippable,
  readInstalled,
  requireCompatibility,
  requireConfigured,
  type CatalogProblem,
  type Installation,
  type VersionLock,
} from '#catalog/catalog.js';
import { listBundles } from './bundles.js';
import { listPlugins } from './plugins.js';
import type { Scene } from './scene.js';

/** What is told and mended at leisure; all else keeps something from being used. */
const harmless: ReadonlySet<CatalogProblem['kind']> = new Set(['shadowed', 'conflict', 'noted']);

export interface Finding extends CatalogProblem {
  /** Whether something cannot be used because of it. */
  readonly broken: boolean;
}

export interface DoctorReport {
  readonly plugins: number;
  readonly bundles: number;
  /** Broken ones first. */
  readonly findings: readonly Finding[];
  readonly allWell: boolean;
}

/** `allWell`: nothing is broken. */
export async function examinePlugins(scene: Scene): Promise<DoctorReport> {
  const { installations, problems } = await listPlugins(scene);
  const { bundles, problems: ofBundles } = await listBundles(scene);
  const unusable = await findUnusable(scene, installations);
  const findings = joinProblems([...problems, ...unusable, ...ofBundles]).map((problem) => ({
    ...problem,
    broken: !harmless.has(problem.kind),
  }));
  return {
    plugins: installations.length,
    bundles: bundles.length,
    findings: findings.toSorted((a, b) => Number(b.broken) - Number(a.broken)),
    allWell: findings.every(({ broken }) => !broken),
  };
}

/** A directory that is refused is so for plugins of both kinds. */
export function joinProblems(problems: readonly CatalogProblem[]): CatalogProblem[] {
  const seen = new Set<string>();
  return problems.filter(({ kind, path, name = '' }) => {
    const key = `${kind}\0${path}\0${name}`;
    if (kind !== 'refused') return true;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

/** What would keep an installed plugin from being loaded, and is not looked at to list it. */
async function findUnusable(scene: Scene, installations: readonly Installation[]): Promise<CatalogProblem[]> {
  const lock = await scene.settings().then(
    (settings) => settings['version-lock'],
    () => 'range' as const,
  );
  const found = await Promise.all(installations.filter(({ enabled }) => enabled).map((one) => examine(one, lock, scene.uid)));
  return found.flat();
}

async function examine(installation: Installation, lock: VersionLock, uid: number): Promise<CatalogProblem[]> {
  const { name, packageFile: path } = installation;
  const checks = [
    () => readInstalled(installation, { uid }),
    () => requireCompatibility(installation.manifest, { offered: CONTRACT, lock }),
    () => requireConfigured(installation),
  ];
  const problems: CatalogProblem[] = [];
  for (const check of checks) {
    try {
      await check();
    } catch (error) {
      if (!(error instanceof BulkheadError)) throw error;
      const { message: reason, hint } = error;
      problems.push({ kind: 'invalid', path, name, reason, ...(hint !== undefined && { hint }), skippable: isSkippable(installation) });
    }
  }
  return problems;
}
