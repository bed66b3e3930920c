/** What images in a store are called: a file per name, which says the digest of its manifest. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { parseBoundedJson } from '#base/bounded-json.js';
import { systemCodeOf } from '#base/errors.js';
import { readRegularFile } from '#base/regular-file.js';
import { removeIfThere, writeStaged } from '#base/staged-file.js';
import { digestSchema, platformSchema } from '../documents.js';
import { nameFile, partOf, type ImageStore } from './place.js';

const RECORD_BYTES_MAX = 16_384;
export const nameSchema = v.pipe(v.string(), v.regex(/^[\x21-\x7e]{1,1024}$/));

const recordSchema = v.strictObject({
  version: v.literal(1),
  name: nameSchema,
  digest: digestSchema,
  mediaType: v.pipe(v.string(), v.maxLength(255)),
  manifestBytes: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
  /** Of the manifest, the configuration and all layers, as they came. */
  sizeBytes: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
  platform: platformSchema,
  /** ISO 8601, UTC. */
  addedAt: v.pipe(v.string(), v.isoTimestamp()),
});
/** An image by its name. */
export type NamedImage = v.InferOutput<typeof recordSchema>;

export interface NamedImages {
  /** By name. */
  readonly images: readonly NamedImage[];
  /** Files that say nothing that can be understood. */
  readonly damaged: readonly string[];
}

/** Names are visible ASCII, at most 1024 characters. */
export function isImageName(name: string): boolean {
  return v.is(nameSchema, name);
}

/** From now on the name means this one; another that had it loses it. */
export async function writeName(store: ImageStore, image: NamedImage): Promise<void> {
  await writeStaged(nameFile(store, image.name), Buffer.from(`${JSON.stringify(image)}\n`), 0o600);
}

export async function removeName(store: ImageStore, name: string): Promise<boolean> {
  return removeIfThere(nameFile(store, name));
}

/** What killed writers left; only while nobody brings an image in. */
export async function removeHalfNames(store: ImageStore): Promise<void> {
  const halves = (await readdir(partOf(store, 'names'))).filter((file) => file.endsWith('.staged'));
  for (const file of halves) await removeIfThere(join(partOf(store, 'names'), file));
}

export async function findName(store: ImageStore, name: string): Promise<NamedImage | undefined> {
  const image = await readRecord(nameFile(store, name));
  return image === undefined || image === 'damaged' ? undefined : image;
}

export async function listNames(store: ImageStore): Promise<NamedImages> {
  const files = (await readdir(partOf(store, 'names'))).filter((file) => /^[0-9a-f]{64}\.json$/.test(file));
  const read = await Promise.all(files.map(async (file) => ({ file, record: await readRecord(join(partOf(store, 'names'), file)) })));
  return {
    images: read
      .flatMap(({ record }) => (record === undefined || record === 'damaged' ? [] : [record]))
      .toSorted((one, other) => (one.name < other.name ? -1 : 1)),
    damaged: read.flatMap(({ file, record }) => (record === 'damaged' ? [join(partOf(store, 'names'), file)] : [])),
  };
}

/** Undefined where there is none. */
async function readRecord(path: string): Promise<NamedImage | 'damaged' | undefined> {
  try {
    const { bytes } = await readRegularFile(path, { bytesMax: RECORD_BYTES_MAX, noFollow: true });
    const json = parseBoundedJson(bytes);
    const result = json.parsed ? v.safeParse(recordSchema, json.value) : undefined;
    return result?.success && nameMatches(path, result.output.name) ? result.output : 'damaged';
  } catch (thrown) {
    if (systemCodeOf(thrown) === 'ENOENT') return undefined;
    return 'damaged';
  }
}

/** A file that was renamed by hand would be another name than it says. */
function nameMatches(path: string, name: string): boolean {
  return path.endsWith(`/${nameFile({ directory: '' }, name).split('/').at(-1)}`);
}
