/**
 * The JSON of images, of OCI and of Docker's version 2, schema 2:
 *
 *      index ──▶ manifest ──▶ config (what to run, diff ids)
 *       (one per platform) └▶ layers
 *
 * All of it is foreign. Fields that nobody here reads are left out by the schemas, since the specifications let anybody add some;
 * what is read is bounded.
 */
import * as v from 'valibot';
import { parseBoundedJson } from '#base/bounded-json.js';
import { documentInvalid, mediaTypeUnknown } from './errors.js';

/** Manifests of images with a thousand layers are smaller; registries take no more. */
export const DOCUMENT_BYTES_MAX = 4 * 1_048_576;
const LAYERS_MAX = 1000;

export const INDEX_TYPES: readonly string[] = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
];
export const MANIFEST_TYPES: readonly string[] = [
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
];
const CONFIG_TYPES: readonly string[] = ['application/vnd.oci.image.config.v1+json', 'application/vnd.docker.container.image.v1+json'];
const OCI_LAYER = 'application/vnd.oci.image.layer';
const DOCKER_LAYER = 'application/vnd.docker.image.rootfs.diff.tar';
const LAYER_TYPES: readonly string[] = [
  ...['', '+gzip', '+zstd'].flatMap((suffix) => [`${OCI_LAYER}.v1.tar${suffix}`, `${OCI_LAYER}.nondistributable.v1.tar${suffix}`]),
  ...['', '.gzip', '.zstd'].map((suffix) => `${DOCKER_LAYER}${suffix}`),
];
/** What Docker's own manifests say of layers that are not compressed. */
export const DOCKER_TYPES = { manifest: MANIFEST_TYPES[1] ?? '', config: CONFIG_TYPES[1] ?? '', layer: DOCKER_LAYER };

const short = v.pipe(v.string(), v.maxLength(255));
const line = v.pipe(v.string(), v.maxLength(131_072), v.excludes('\0'));
const words = v.pipe(v.array(line), v.maxLength(4096));

export const digestSchema = v.pipe(v.string(), v.regex(/^sha256:[0-9a-f]{64}$/, 'must be sha256: and 64 hexadecimal digits'));
const sizeSchema = v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(2 ** 44));

export const platformSchema = v.object({ os: short, architecture: short, variant: v.nullish(short) });
export type Platform = v.InferOutput<typeof platformSchema>;

const descriptorSchema = v.object({
  mediaType: short,
  digest: digestSchema,
  size: sizeSchema,
  platform: v.nullish(v.object({ os: v.nullish(short), architecture: v.nullish(short), variant: v.nullish(short) })),
  annotations: v.nullish(v.record(v.string(), v.string())),
});
/** Says what a blob is: its media type, digest and size in bytes. */
export type Descriptor = v.InferOutput<typeof descriptorSchema>;

const indexSchema = v.object({
  schemaVersion: v.literal(2),
  mediaType: v.nullish(short),
  manifests: v.pipe(v.array(descriptorSchema), v.maxLength(LAYERS_MAX)),
});
export type Index = v.InferOutput<typeof indexSchema>;

const manifestSchema = v.object({
  schemaVersion: v.literal(2),
  mediaType: v.nullish(short),
  config: descriptorSchema,
  layers: v.pipe(v.array(descriptorSchema), v.maxLength(LAYERS_MAX)),
});
export type Manifest = v.InferOutput<typeof manifestSchema>;

const configSchema = v.object({
  ...platformSchema.entries,
  created: v.nullish(short),
  config: v.nullish(
    v.object({
      User: v.nullish(short),
      Env: v.nullish(words),
      Entrypoint: v.nullish(words),
      Cmd: v.nullish(words),
      WorkingDir: v.nullish(v.pipe(line, v.maxLength(4096))),
      Labels: v.nullish(v.record(short, line)),
      StopSignal: v.nullish(v.pipe(v.string(), v.maxLength(32))),
    }),
  ),
  rootfs: v.object({ type: v.literal('layers'), diff_ids: v.pipe(v.array(digestSchema), v.maxLength(LAYERS_MAX)) }),
});
export type ImageConfig = v.InferOutput<typeof configSchema>;

/** `mediaType` is what the descriptor says, which the document must not contradict. */
export function parseIndex(bytes: Uint8Array, mediaType?: string): Index {
  const { raw, value } = parse('index of the image', indexSchema, bytes);
  requireType('index of the image', value.mediaType ?? mediaType ?? INDEX_TYPES[0] ?? '', INDEX_TYPES);
  refuseTwoFaces('index of the image', raw, mediaType, value.mediaType);
  return value;
}

export function parseManifest(bytes: Uint8Array, mediaType: string): Manifest {
  const what = 'manifest of the image';
  requireType(what, mediaType, MANIFEST_TYPES);
  const { raw, value } = parse(what, manifestSchema, bytes);
  refuseTwoFaces(what, raw, mediaType, value.mediaType);
  requireType('configuration of the image', value.config.mediaType, CONFIG_TYPES);
  for (const { mediaType: layerType, digest } of value.layers) requireType(`layer ${digest}`, layerType, LAYER_TYPES);
  return value;
}

/** The order of its diff ids is that of the manifest's layers, and their number must be the same. */
export function parseConfig(bytes: Uint8Array, { layers }: Partial<Pick<Manifest, 'layers'>> = {}): ImageConfig {
  const { value } = parse('configuration of the image', configSchema, bytes);
  const { length } = value.rootfs.diff_ids;
  if (layers !== undefined && length !== layers.length)
    throw documentInvalid('configuration of the image', `it tells of ${length} layers, its manifest of ${layers.length}`);
  return value;
}

/** One that is an index to one reader and a manifest to another could show each of them another image (CVE-2021-41190). */
function refuseTwoFaces(what: string, raw: object, mediaType: string | undefined, own: string | null | undefined): void {
  if (mediaType !== undefined && own && own !== mediaType)
    throw documentInvalid(what, `it calls itself ${shownType(own)}, and is called ${shownType(mediaType)}`);
  if ('manifests' in raw && ('layers' in raw || 'config' in raw)) throw documentInvalid(what, 'it is both an index and a manifest');
}

function parse<const S extends v.GenericSchema>(what: string, schema: S, bytes: Uint8Array): { raw: object; value: v.InferOutput<S> } {
  if (bytes.length > DOCUMENT_BYTES_MAX) throw documentInvalid(what, `it has more than ${DOCUMENT_BYTES_MAX} bytes`);
  const json = parseBoundedJson(bytes);
  if (!json.parsed) throw documentInvalid(what, json.why);
  const result = v.safeParse(schema, json.value);
  if (!result.success) throw documentInvalid(what, describeIssue(result.issues[0]));
  return { raw: json.value as object, value: result.output };
}

function describeIssue(issue: v.BaseIssue<unknown>): string {
  return `${v.getDotPath(issue) ?? 'it'}: ${issue.message}`.slice(0, 300);
}

function requireType(what: string, mediaType: string, known: readonly string[]): void {
  if (!known.includes(mediaType)) throw mediaTypeUnknown(what, shownType(mediaType));
}

function shownType(mediaType: string): string {
  return mediaType.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 120);
}
