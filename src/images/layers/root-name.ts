/** What a file system that was made of layers is called: by the layers' unpacked content, in their order, and by how it was made. */
import { createHash } from 'node:crypto';

export const ROOT_KINDS = ['squashfs', 'directory'] as const;
export type RootKind = (typeof ROOT_KINDS)[number];

/** Another one whenever the same layers would be unpacked to something else. */
const RULES_VERSION = 1;

/** e.g. `9f86d0….squashfs`. Whoever has the same layers has the same root, whatever the image is called. */
export function nameRoot(diffIds: readonly string[], kind: RootKind): string {
  return `${createHash('sha256')
    .update(JSON.stringify([RULES_VERSION, ...diffIds]))
    .digest('hex')}.${kind}`;
}

export function nameRoots(diffIds: readonly string[]): string[] {
  return ROOT_KINDS.map((kind) => nameRoot(diffIds, kind));
}
