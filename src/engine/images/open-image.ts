/**
 * Opening an image: `DIR` is itself, `scheme:reference` is whatever the moment answers.
 *
 *      ./rootfs   /srv/images/a   .      a directory
 *      host:      oci:debian             a plan: an empty root, mounts, links
 */
import { imageReferenceInvalid } from '../errors.js';
import type { Moments } from '../shapes.js';
import { openDirectoryImage } from './directory.js';
import type { OpenImage } from './image.js';
import { openSchemeImage } from './scheme.js';

const SCHEME_REFERENCE = /^([a-z][a-z0-9+-]{1,31}):([^]*)$/;

export async function openImage(reference: string, moments: Pick<Moments, 'openImage'>): Promise<OpenImage> {
  const [, scheme, rest] = SCHEME_REFERENCE.exec(reference) ?? [];
  if (scheme !== undefined) return openSchemeImage(reference, { scheme, rest: rest ?? '' }, moments);
  if (reference.includes('/') || reference === '.' || reference === '..') return openDirectoryImage(reference);
  throw imageReferenceInvalid(reference);
}
