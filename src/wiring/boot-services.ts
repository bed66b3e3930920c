/** Services that are registered when services are started: of the bundles that say so, and that may be used. Runs none of their programs. */
import { BulkheadError } from '#base/errors.js';
import { openBundles, type Bundle } from '#catalog/catalog.js';
import { defineService, labelOfName, type Launcher } from '#services/services.js';
import { requireUsableBundle } from './bundles.js';
import type { Scene } from './scene.js';

export interface BootBundles {
  readonly usable: readonly Bundle[];
  /** Names of those that are disabled, or that the policy denies. */
  readonly unusable: readonly string[];
  /** Why they cannot be used, but of those that somebody disabled. */
  readonly warnings: readonly string[];
}

export interface BootReport {
  /** Labels. */
  readonly registered: readonly string[];
  readonly changed: readonly string[];
  /** What was registered before, and may not be used any more. */
  readonly ended: readonly string[];
  /** Why some are not. None of them keeps another one from being registered. */
  readonly warnings: readonly string[];
}

/** Throws where the operator's configuration cannot be read: it may deny some of them. */
export async function findBootBundles(scene: Scene): Promise<BootBundles> {
  await scene.settings();
  const found = { usable: [] as Bundle[], unusable: [] as string[], warnings: [] as string[] };
  for (const { bundle, enabled } of (await openBundles(scene.place)).bundles) {
    const { name, services } = bundle;
    if (services?.loadAtBoot !== true) continue;
    const usable = enabled && (await telling(found.warnings, () => requireUsableBundle(scene, name)));
    if (usable) found.usable.push(usable);
    else found.unusable.push(name);
  }
  return found;
}

/** Each for itself: what fails is a warning. */
export async function registerBootServices({ usable, unusable, warnings }: BootBundles, launcher: Launcher): Promise<BootReport> {
  const report = { registered: [] as string[], changed: [] as string[], ended: [] as string[], warnings: [...warnings] };
  for (const label of unusable.map(labelOfName)) {
    if (await telling(report.warnings, () => launcher.deregister(label))) report.ended.push(label);
  }
  for (const bundle of usable) {
    const outcome = await telling(report.warnings, async () => (await launcher.register(defineService({ bundle }))).outcome);
    if (outcome !== undefined && outcome !== 'unchanged') report[outcome].push(labelOfName(bundle.name));
  }
  return report;
}

async function telling<T>(warnings: string[], work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (thrown) {
    if (!(thrown instanceof BulkheadError)) throw thrown;
    warnings.push(thrown.message);
    return undefined;
  }
}
