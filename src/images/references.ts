/**
 * What names an image that stands on this machine:
 *
 *      oci:DIRECTORY[:TAG]                  an OCI layout: index.json and blobs/
 *      oci-archive:FILE[:TAG]               the same in one tar
 *      docker-archive:FILE[:NAME[:TAG]]     what `docker save` writes
 *
 * As with skopeo, the path ends at the first colon.
 */
import { resolve } from 'node:path';
import { referenceInvalid } from './errors.js';

export const LOCAL_SCHEMES = ['oci', 'oci-archive', 'docker-archive'] as const;
export type LocalScheme = (typeof LOCAL_SCHEMES)[number];

export interface LocalReference {
  readonly scheme: LocalScheme;
  /** Absolute. */
  readonly path: string;
  /** Which one of several. */
  readonly tag: string | undefined;
}

/** Docker's are repositories with a registry and a tag; OCI's are free, but of one line. */
const TAG = /^[\x21-\x7e]{1,512}$/;

export function isLocalScheme(scheme: string): scheme is LocalScheme {
  return LOCAL_SCHEMES.some((one) => one === scheme);
}

/** Relative paths are of the working directory. */
export function parseLocalReference(scheme: LocalScheme, rest: string): LocalReference {
  const [path = '', ...words] = rest.split(':');
  const tag = words.length === 0 ? undefined : words.join(':');
  const whole = `${scheme}:${rest}`;
  if (path === '') throw referenceInvalid(whole, 'it has no path');
  if (path.includes('\0')) throw referenceInvalid(whole, 'its path has a NUL');
  if (tag !== undefined && !TAG.test(tag)) throw referenceInvalid(whole, 'its tag is empty, too long, or not of visible ASCII characters');
  return { scheme, path: resolve(path), tag };
}

export function renderReference({ scheme, path, tag }: LocalReference): string {
  return tag === undefined ? `${scheme}:${path}` : `${scheme}:${path}:${tag}`;
}
