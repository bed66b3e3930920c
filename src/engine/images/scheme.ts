import { imagePlanInvalid, imageSchemeUnknown } from '../errors.js';
import { isCanonicalPath } from '../mounts/destinations.js';
import type { MountPlan, Moments } from '../shapes.js';
import { openDirectoryImage } from './directory.js';
import type { OpenImage } from './image.js';

/** Asks the moment. The mounts of a plan are judged with all others, its links here. */
export async function openSchemeImage(
  image: string,
  { scheme, rest }: { scheme: string; rest: string },
  moments: Pick<Moments, 'openImage'>,
): Promise<OpenImage> {
  const answer = await moments.openImage?.(scheme, rest);
  if (answer === undefined) throw imageSchemeUnknown(scheme);
  const { env, command } = answer;
  switch (answer.type) {
    case 'directory':
      return { ...(await openDirectoryImage(answer.path)), env, command };
    case 'program':
      return { kind: 'program', program: answer, env, command };
    case 'stream':
      return { kind: 'stream', stream: answer, env, command };
    case 'plan':
    case undefined:
      refuseBadLinks(image, answer);
      return { kind: 'plan', mounts: answer.mounts, links: new Map(Object.entries(answer.links ?? {})), env, command };
  }
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
