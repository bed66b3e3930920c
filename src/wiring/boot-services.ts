/** Services that are registered when services are started: of the bundles that say so, and that may be used. Runs none of their programs. */
import { BulkheadError } from '#base/errors.js';
import { openBundles, type Bundle, type FoundBundle } from '#catalog/catalog.js';
import { defineService, labelOfName, type Launcher } from '#services/services.js';
import { wiringErrors } from './errors.js';
import { findPluginDenial, type Policy } from './policy.js';
import type { Scene } from './scene.js';
import { trustErrors } from './trust/errors.js';

export interface BootBundles {
  readonly usable: readonly Bundle[];
  /** Of those that are disabled, or that the policy denies. */
  readonly unusable: readonly Bundle[];
  /** Why the policy denies some. */
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
  const { policy } = await scene.settings();
  const { bundles } = await openBundles(scene.place);
  const boots = bundles.filter(({ bundle }) => bundle.services?.loadAtBoot === true);
  const denied = boots.filter(({ enabled }) => enabled).flatMap((found) => findRefusal(policy, found) ?? []);
  const isUsable = ({ enabled, bundle }: FoundBundle): boolean => enabled && !denied.some(({ name }) => name === bundle.name);
  return {
    usable: boots.filter(isUsable).map(({ bundle }) => bundle),
    unusable: boots.filter((found) => !isUsable(found)).map(({ bundle }) => bundle),
    warnings: denied.map(({ why }) => why),
  };
}

/** Nobody signs a bundle. */
function findRefusal(policy: Policy, { bundle: { name, directory } }: FoundBundle): { name: string; why: string } | undefined {
  const denial = findPluginDenial(policy, name);
  if (denial !== undefined) return { name, why: wiringErrors.pluginDenied(name, denial).message };
  if (!policy['require-signature']) return undefined;
  return { name, why: trustErrors.required(name, directory, 'a bundle has none').message };
}

/** Each for itself: what fails is a warning. */
export async function registerBootServices({ usable, unusable, warnings }: BootBundles, launcher: Launcher): Promise<BootReport> {
  const report = { registered: [] as string[], changed: [] as string[], ended: [] as string[], warnings: [...warnings] };
  for (const bundle of unusable) {
    const label = labelOfName(bundle.name);
    await telling(report.warnings, async () => {
      if (await launcher.deregister(label)) report.ended.push(label);
    });
  }
  for (const bundle of usable) {
    await telling(report.warnings, async () => {
      const { outcome } = await launcher.register(defineService({ bundle }));
      if (outcome !== 'unchanged') report[outcome].push(labelOfName(bundle.name));
    });
  }
  return report;
}

async function telling(warnings: string[], work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (thrown) {
    if (!(thrown instanceof BulkheadError)) throw thrown;
    warnings.push(thrown.message);
  }
}
