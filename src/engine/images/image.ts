/**
 * Opening an image: `DIR` is itself, `scheme:reference` is whatever the moment answers.
 *
 *      ./rootfs   /srv/images/a   .      a directory
 *      host:      oci:debian             a plan: an empty root, mounts, links
 */
import { imageReferenceInvalid } from '../errors.js';
import type { Moments, Mount } from '../shapes.js';
import { openDirectoryImage } from './directory.js';
import { openSchemeImage } from './scheme.js';

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

const SCHEME_REFERENCE = /^([a-z][a-z0-9+-]{1,31}):([^]*)$/;

export async function openImage(reference: string, moments: Pick<Moments, 'openImage'>): Promise<OpenImage> {
  const [, scheme, rest] = SCHEME_REFERENCE.exec(reference) ?? [];
  if (scheme !== undefined) return openSchemeImage(reference, { scheme, rest: rest ?? '' }, moments);
  if (reference.includes('/') || reference === '.' || reference === '..') return openDirectoryImage(reference);
  throw imageReferenceInvalid(reference);
}
