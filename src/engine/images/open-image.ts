/**
 * Opening an image: a path is itself, `scheme:reference` is whatever the moment answers.
 *
 *      ./rootfs   /srv/images/a   .      a directory
 *      ./debian.sif   /srv/a.squashfs    a file system in a file
 *      oci:debian   docker://debian      what the store makes of an image's layers
 *      host:      site:debian            a plan (an empty root, mounts, links), a directory, what a program mounts, a stream
 */
import { realpath, stat } from 'node:fs/promises';
import { imageReferenceInvalid } from '../errors.js';
import type { Moments } from '../shapes.js';
import type { BuiltinImages } from './built-in.js';
import { explainPathFailure, openDirectoryImage } from './directory.js';
import { openFileImage } from './file.js';
import type { OpenImage } from './image.js';
import { openSchemeImage } from './scheme.js';

const SCHEME_REFERENCE = /^([a-z][a-z0-9+-]{1,31}):([^]*)$/;

export async function openImage(reference: string, moments: Pick<Moments, 'openImage'> & BuiltinImages): Promise<OpenImage> {
  const [, scheme, rest] = SCHEME_REFERENCE.exec(reference) ?? [];
  const builtin = scheme === undefined ? undefined : await moments.openBuiltin?.(scheme, rest ?? '');
  if (builtin !== undefined) return builtin;
  if (scheme !== undefined) return openSchemeImage(reference, { scheme, rest: rest ?? '' }, moments);
  if (reference.includes('/') || reference === '.' || reference === '..') return openPath(reference);
  throw imageReferenceInvalid(reference);
}

async function openPath(reference: string): Promise<OpenImage> {
  try {
    const path = await realpath(reference);
    // Anything else, such as a device or a FIFO, is refused there by what it is not.
    return (await stat(path)).isFile() ? await openFileImage(path, reference) : await openDirectoryImage(reference);
  } catch (thrown) {
    throw explainPathFailure(reference, thrown);
  }
}
