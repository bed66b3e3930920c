/**
 * What a registry says of an image: an index (the same image for several machines) or a manifest (configuration and layers).
 *
 *      bytes ─ bounded JSON ─ schema ─ is it what it was sent as ─▶ Manifest | Index
 *
 * Fields that are not known are left out, as the specification asks; what is known is bounded. The digest is that of the very bytes.
 */
import { createHash } from 'node:crypto';
import * as v from 'valibot';
import { parseBoundedJson } from '#base/bounded-json.js';
import { shorten } from '#base/text.js';
import { registryErrors } from './errors.js';
import { findPlatform, formatPlatform, type Platform } from './platform.js';

const OCI_INDEX = 'application/vnd.oci.image.index.v1+json';
const OCI_MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const DOCKER_INDEX = 'application/vnd.docker.distribution.manifest.list.v2+json';
const DOCKER_MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json';
export const ACCEPTED_MANIFESTS = [OCI_INDEX, OCI_MANIFEST, DOCKER_INDEX, DOCKER_MANIFEST].join(', ');
/** What the specification asks a registry to take at least. */
export const MANIFEST_BYTES_MAX = 4 * 1_048_576;

const CONFIG_TYPES: readonly string[] = ['application/vnd.oci.image.config.v1+json', 'application/vnd.docker.container.image.v1+json'];
const LAYER_TYPE =
  /^application\/vnd\.(?:oci\.image\.layer\.(?:nondistributable\.)?v1\.tar(?:\+(?:gzip|zstd))?|docker\.image\.rootfs\.(?:foreign\.)?diff\.tar(?:\.(?:gzip|zstd))?)$/;
const CONFIG_BYTES_MAX = 4 * 1_048_576;
/** 128 GiB; of all layers together 512 GiB. */
const LAYER_BYTES_MAX = 2 ** 37;
const IMAGE_BYTES_MAX = 2 ** 39;
const LAYERS_MAX = 512;
const INDEX_ENTRIES_MAX = 1024;

const word = v.pipe(v.string(), v.maxLength(255));
const descriptor = v.object({
  mediaType: word,
  digest: v.pipe(v.string(), v.regex(/^sha256:[0-9a-f]{64}$/, 'a digest is sha256: and 64 hexadecimal digits')),
  size: v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(LAYER_BYTES_MAX)),
});
export type Descriptor = v.InferOutput<typeof descriptor>;

const manifestSchema = v.object({
  schemaVersion: v.literal(2),
  mediaType: v.optional(word),
  config: descriptor,
  layers: v.pipe(v.array(descriptor), v.maxLength(LAYERS_MAX)),
});

const indexSchema = v.object({
  schemaVersion: v.literal(2),
  mediaType: v.optional(word),
  manifests: v.pipe(
    v.array(
      v.object({ ...descriptor.entries, platform: v.optional(v.object({ os: word, architecture: word, variant: v.optional(word) })) }),
    ),
    v.maxLength(INDEX_ENTRIES_MAX),
  ),
});

export interface Manifest {
  readonly kind: 'manifest';
  readonly mediaType: string;
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
}
export interface Index {
  readonly kind: 'index';
  readonly manifests: v.InferOutput<typeof indexSchema>['manifests'];
}

/** As it came: whatever its bytes say is not yet believed. */
export interface RawManifest {
  readonly bytes: Buffer;
  /** Of those bytes. */
  readonly digest: string;
  /** Of the answer's head, without parameters. */
  readonly contentType: string | undefined;
}

export interface ManifestContext {
  readonly registry: string;
  /** As errors call the image. */
  readonly image: string;
}

export function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

export function parseManifest(raw: RawManifest, { registry, image }: ManifestContext): Manifest | Index {
  const refuse = (why: string) => registryErrors.answerInvalid(registry, `the manifest of ${image}`, why);
  const json = parseBoundedJson(raw.bytes);
  if (!json.parsed) throw refuse(json.why);
  const told = v.safeParse(v.object({ schemaVersion: v.optional(v.number()), mediaType: v.optional(word) }), json.value);
  if (!told.success) throw refuse(describeIssue(told.issues[0]));
  if (told.output.schemaVersion === 1) throw registryErrors.notAnImage(image, 'it is in a format that Docker gave up in 2016 (schema 1)');
  const mediaType = chooseMediaType(raw.contentType, told.output.mediaType, refuse);
  // One that is both could be read as one thing here and as another elsewhere (CVE-2021-41190).
  const has = (key: string): boolean => Object.hasOwn(json.value as object, key);
  if (has('manifests') && (has('layers') || has('config'))) throw refuse('it is both an index and a manifest');
  if (mediaType === OCI_INDEX || mediaType === DOCKER_INDEX) {
    const index = v.safeParse(indexSchema, json.value, { abortEarly: true });
    if (!index.success) throw refuse(describeIssue(index.issues[0]));
    return { kind: 'index', manifests: index.output.manifests };
  }
  if (mediaType !== OCI_MANIFEST && mediaType !== DOCKER_MANIFEST) throw refuse(`its type is ${quote(mediaType)}, which is no image`);
  const manifest = v.safeParse(manifestSchema, json.value, { abortEarly: true });
  if (!manifest.success) throw refuse(describeIssue(manifest.issues[0]));
  return requireImage({ kind: 'manifest', mediaType, config: manifest.output.config, layers: manifest.output.layers }, image);
}

/** Some registries send what they do not know as plain JSON; what they do say must be so. */
function chooseMediaType(sent: string | undefined, written: string | undefined, refuse: (why: string) => Error): string {
  const isGeneric = sent === undefined || /^(?:application\/json|application\/octet-stream|text\/plain)$/.test(sent);
  const mediaType = isGeneric ? written : sent;
  if (mediaType === undefined) throw refuse('neither it nor the answer says of what type it is');
  if (written !== undefined && written !== mediaType)
    throw refuse(`it was sent as ${quote(mediaType)}, and calls itself ${quote(written)}`);
  return mediaType;
}

function requireImage(manifest: Manifest, image: string): Manifest {
  const { config, layers } = manifest;
  if (!CONFIG_TYPES.includes(config.mediaType))
    throw registryErrors.notAnImage(image, `it is no container image: its configuration is of type ${quote(config.mediaType)}`);
  if (config.size > CONFIG_BYTES_MAX) throw registryErrors.notAnImage(image, `its configuration has more than ${CONFIG_BYTES_MAX} bytes`);
  const odd = layers.find(({ mediaType }) => !LAYER_TYPE.test(mediaType));
  if (odd !== undefined) throw registryErrors.notAnImage(image, `a layer is of type ${quote(odd.mediaType)}, which cannot be unpacked`);
  const sizes = new Map([config, ...layers].map(({ digest, size }) => [digest, size]));
  if ([config, ...layers].some(({ digest, size }) => sizes.get(digest) !== size))
    throw registryErrors.notAnImage(image, 'it says two sizes of the same blob');
  const total = layers.reduce((sum, { size }) => sum + size, 0);
  if (total > IMAGE_BYTES_MAX) throw registryErrors.notAnImage(image, `its layers have more than ${IMAGE_BYTES_MAX} bytes`);
  return manifest;
}

/** The entry for this platform. */
export function chooseManifest({ manifests }: Index, wanted: Platform, image: string): Index['manifests'][number] {
  const platformed = manifests.flatMap((entry) => (entry.platform === undefined ? [] : [{ ...entry, platform: entry.platform }]));
  const found = findPlatform(platformed, wanted, ({ platform }) => toPlatform(platform));
  // An index of one image that says of no machine is for all.
  const [only] = manifests.length === 1 && platformed.length === 0 ? manifests : [];
  const chosen = found ?? only;
  if (chosen !== undefined) return chosen;
  const offered = platformed.map(({ platform }) => formatPlatform(toPlatform(platform))).filter((text) => /^[\w./-]+$/.test(text));
  throw registryErrors.platformMissing(image, formatPlatform(wanted), [...new Set(offered.filter((text) => !text.startsWith('unknown/')))]);
}

function toPlatform({ os, architecture, variant }: { os: string; architecture: string; variant?: string | undefined }): Platform {
  return { os, architecture, variant: variant === '' ? undefined : variant };
}

function describeIssue(issue: v.BaseIssue<unknown>): string {
  return `${v.getDotPath(issue) ?? 'it'}: ${shorten(issue.message, 200)}`;
}

function quote(text: string): string {
  return JSON.stringify(shorten(text, 100));
}
