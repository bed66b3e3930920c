import { imagePlanInvalid, imageSchemeUnknown } from '../errors.js';
import { isCanonicalPath } from '../mounts/destinations.js';
import type { MountPlan, Moments } from '../shapes.js';
import type { PlannedImage } from './image.js';

/** Asks the moment for a plan. Its mounts are judged with all others, its links here. */
export async function openSchemeImage(
  image: string,
  { scheme, rest }: { scheme: string; rest: string },
  moments: Pick<Moments, 'openImage'>,
): Promise<PlannedImage> {
  const plan = await moments.openImage?.(scheme, rest);
  if (plan === undefined) throw imageSchemeUnknown(scheme);
  refuseBadLinks(image, plan);
  return { kind: 'plan', mounts: plan.mounts, links: new Map(Object.entries(plan.links ?? {})), env: plan.env, command: plan.command };
}

function refuseBadLinks(image: string, plan: MountPlan): void {
  const destinations = new Set(plan.mounts.map((mount) => mount.destination));
  for (const [path, target] of Object.entries(plan.links ?? {})) {
    if (!isCanonicalPath(path) || path === '/')
      throw imagePlanInvalid(image, `the path of its link "${path}" is not absolute and canonical`);
    if (target === '' || target.length > 4096 || /[\0\r\n]/.test(target))
      throw imagePlanInvalid(image, `its link ${path} has no usable target`);
    if (destinations.has(path)) throw imagePlanInvalid(image, `it wants both a link and a mount at ${path}`);
  }
}
