/**
 * What a signature says of a file: a digest of the header's lasting part, and of each object's descriptor and data.
 *
 *   {"version":1,"header":{"digest":"sha256:…"},"objects":[{"relativeId":0,"descriptorDigest":"sha256:…","objectDigest":"sha256:…"}, …]}
 *
 * Ids count from the lowest of the group, so that a group may be moved as a whole. Where the data stand, and when they were changed, is
 * not signed; which bytes the views hold is told by the SIF room.
 */
import * as v from 'valibot';
import { parseBoundedJson } from '#base/bounded-json.js';
import { computeDigest, digestText, encodeDigest, sameDigest, type Digest, type DigestAlgorithm } from './digest.js';
import { describeIssue } from './issue.js';

/** SIF files with more are not read. */
const OBJECTS_MAX = 4096;

const metadataSchema = v.strictObject({
  version: v.literal(1),
  header: v.strictObject({ digest: digestText }),
  objects: v.pipe(
    v.array(
      v.strictObject({
        relativeId: v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(0xffff_ffff)),
        descriptorDigest: digestText,
        objectDigest: digestText,
      }),
    ),
    v.minLength(1, 'names no object'),
    v.maxLength(OBJECTS_MAX),
    v.check((objects) => new Set(objects.map(({ relativeId }) => relativeId)).size === objects.length, 'names an object twice'),
  ),
});
export type SignedMetadata = v.InferOutput<typeof metadataSchema>;

/** The bytes of a group of objects that a signature covers. */
export interface GroupView {
  /** Of the header: launch script, magic, version, UUID. */
  readonly header: Uint8Array;
  readonly objects: readonly {
    readonly id: number;
    /** Of the descriptor, with this id in place of its own. */
    readonly descriptor: (relativeId: number) => Uint8Array;
    readonly data: Uint8Array;
  }[];
}

/** The payload of a signature of all objects of the group. The inverse of parseMetadata. */
export function encodeMetadata({ header, objects }: GroupView, algorithm: DigestAlgorithm = 'sha256'): Uint8Array {
  const lowest = lowestId(objects);
  const digest = (bytes: Uint8Array): string => encodeDigest(computeDigest(algorithm, bytes));
  const metadata = {
    version: 1,
    header: { digest: digest(header) },
    objects: objects
      .toSorted((one, other) => one.id - other.id)
      .map(({ id, descriptor, data }) => ({
        relativeId: id - lowest,
        descriptorDigest: digest(descriptor(id - lowest)),
        objectDigest: digest(data),
      })),
  };
  return new TextEncoder().encode(JSON.stringify(metadata));
}

/** The metadata, or why it is none. */
export function parseMetadata(payload: Uint8Array): SignedMetadata | string {
  const json = parseBoundedJson(payload);
  if (!json.parsed) return json.why;
  const checked = v.safeParse(metadataSchema, json.value, { abortEarly: true });
  if (checked.success) return checked.output;
  return describeIssue(checked.issues[0]);
}

/** The first way in which the group is not what was signed, in apptainer's words; nothing where it is. */
export function findDifference(
  signed: SignedMetadata,
  { header, objects }: GroupView,
  compute: ComputeDigest = computeDigest,
): string | undefined {
  if (!matches(signed.header.digest, header, compute)) return 'header integrity compromised';
  const lowest = lowestId(objects);
  const ids = new Set(objects.map(({ id }) => id));
  const missing = signed.objects.find(({ relativeId }) => !ids.has(lowest + relativeId));
  if (missing !== undefined) return `object ${lowest + missing.relativeId}: signed object not found`;
  const signedById = new Map(signed.objects.map((one) => [lowest + one.relativeId, one]));
  for (const { id, descriptor, data } of objects) {
    const one = signedById.get(id);
    if (one === undefined) return `object ${id}: object not signed`;
    if (!matches(one.descriptorDigest, descriptor(one.relativeId), compute)) return `data object descriptor integrity compromised: ${id}`;
    if (!matches(one.objectDigest, data, compute)) return `data object integrity compromised: ${id}`;
  }
  return undefined;
}

/** `computeDigest`, or one that remembers. */
export type ComputeDigest = (algorithm: DigestAlgorithm, bytes: Uint8Array) => Digest;

function matches(digest: Digest, bytes: Uint8Array, compute: ComputeDigest): boolean {
  return sameDigest(digest, compute(digest.algorithm, bytes));
}

function lowestId(objects: GroupView['objects']): number {
  return objects.reduce((lowest, { id }) => Math.min(lowest, id), Infinity);
}
