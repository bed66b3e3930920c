/** What a registry says of an image, before it is believed: an index (the image for several machines) or a manifest of one. */
import { createHash } from 'node:crypto';
import * as v from 'valibot';
import { parseBoundedJson } from '#base/bounded-json.js';
import { shorten } from '#base/text.js';
import { INDEX_TYPES, MANIFEST_TYPES, parseIndex, parseManifest, type Descriptor, type Index, type Manifest } from '../documents.js';
import { choosePlatform } from '../platform.js';
import type { Platform } from '../documents.js';
import { registryErrors } from './errors.js';

export const ACCEPTED_MANIFESTS = [...INDEX_TYPES, ...MANIFEST_TYPES].join(', ');

const CONFIG_BYTES_MAX = 4 * 1_048_576;
/** 128 GiB; of all layers together 512 GiB. */
const LAYER_BYTES_MAX = 2 ** 37;
const IMAGE_BYTES_MAX = 2 ** 39;

/** As it came. */
export interface RawManifest {
  readonly bytes: Buffer;
  /** Of those bytes. */
  readonly digest: string;
  /** Of the answer's head, without parameters. */
  readonly contentType: string | undefined;
}

export type ReadManifest =
  | { readonly kind: 'index'; readonly index: Index }
  | { readonly kind: 'manifest'; readonly manifest: Manifest; readonly mediaType: string };

export function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

const headSchema = v.object({ schemaVersion: v.optional(v.number()), mediaType: v.optional(v.pipe(v.string(), v.maxLength(255))) });

/** Also throws what the schemas of documents.ts do. */
export function readManifest({ bytes, contentType }: RawManifest, { registry, image }: { registry: string; image: string }): ReadManifest {
  const json = parseBoundedJson(bytes);
  if (!json.parsed) throw registryErrors.answerInvalid(registry, `the manifest of ${image}`, json.why);
  const head = v.safeParse(headSchema, json.value);
  if (head.success && head.output.schemaVersion === 1)
    throw registryErrors.notAnImage(image, 'it is in a format that Docker gave up in 2016');
  // Some registries send what they do not know as plain JSON; what they do say must be so.
  const isGeneric = contentType === undefined || /^(?:application\/json|application\/octet-stream|text\/plain)$/.test(contentType);
  const mediaType = isGeneric ? head.success && head.output.mediaType : contentType;
  if (!mediaType) throw registryErrors.answerInvalid(registry, `the manifest of ${image}`, 'nothing says of what type it is');
  if (INDEX_TYPES.includes(mediaType)) return { kind: 'index', index: parseIndex(bytes, mediaType) };
  return { kind: 'manifest', manifest: requireBounds(parseManifest(bytes, mediaType), image), mediaType };
}

function requireBounds(manifest: Manifest, image: string): Manifest {
  const { config, layers } = manifest;
  const refuse = (why: string) => registryErrors.notAnImage(image, why);
  if (config.size > CONFIG_BYTES_MAX) throw refuse(`its configuration has more than ${CONFIG_BYTES_MAX} bytes`);
  if (layers.some(({ size }) => size > LAYER_BYTES_MAX)) throw refuse(`a layer has more than ${LAYER_BYTES_MAX} bytes`);
  if (layers.reduce((sum, { size }) => sum + size, 0) > IMAGE_BYTES_MAX) throw refuse(`its layers have more than ${IMAGE_BYTES_MAX} bytes`);
  const blobs = [config, ...layers];
  const sizes = new Map(blobs.map(({ digest, size }) => [digest, size]));
  if (blobs.some(({ digest, size }) => sizes.get(digest) !== size)) throw refuse('it says two sizes of the same blob');
  return manifest;
}

/** The entry for this platform. */
export function chooseManifest({ manifests }: Index, image: string, wanted: Platform | undefined): Descriptor {
  const [only] = manifests;
  // An index of one image that tells of no machine is for all; its configuration is looked at later.
  if (only !== undefined && manifests.length === 1 && !only.platform) return only;
  return choosePlatform(manifests, shorten(image, 200), wanted);
}
