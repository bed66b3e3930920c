import type { Mount } from '../shapes.js';

/** What the root file system is made of, and what the image wishes to run. */
export type OpenImage = DirectoryImage | PlannedImage;

interface Wishes {
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly command?: readonly string[] | undefined;
}

export interface DirectoryImage extends Wishes {
  readonly kind: 'directory';
  /** Absolute, without symbolic links. */
  readonly path: string;
  readonly ownerUid: number;
  readonly ownerGid: number;
  readonly mode: number;
}

export interface PlannedImage extends Wishes {
  readonly kind: 'plan';
  readonly mounts: readonly Mount[];
  readonly links: ReadonlyMap<string, string>;
}
