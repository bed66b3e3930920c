/**
 * What `docker save` writes: a tar with
 *
 *      manifest.json                [{ "Config": FILE, "RepoTags": ["name:tag"], "Layers": [FILE, …] }, …]
 *
 * There is no manifest as registries have it, so one is made: of the configuration as it stands, and of the layers, whose digests are
 * the diff ids, as they are not compressed. Where one is, its digest is found by reading it.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import * as v from 'valibot';
import { parseBoundedJson } from '#base/bounded-json.js';
import { DOCKER_TYPES, DOCUMENT_BYTES_MAX, parseConfig, type Descriptor } from '../documents.js';
import { blobMissing, documentInvalid, sourceUnreadable, tagUnknown } from '../errors.js';
import { renderReference, type LocalReference } from '../references.js';
import { readRegion, type FileRegion, type ImageSource } from '../source.js';
import { indexArchive, isCompressed, type FindInArchive } from './tar-index.js';

const fileName = v.pipe(v.string(), v.minLength(1), v.maxLength(4096));
const contentsSchema = v.pipe(
  v.array(
    v.object({
      Config: fileName,
      RepoTags: v.nullish(v.pipe(v.array(v.pipe(v.string(), v.maxLength(512))), v.maxLength(1000))),
      Layers: v.pipe(v.array(fileName), v.maxLength(1000)),
    }),
  ),
  v.maxLength(1000),
);
type Contents = v.InferOutput<typeof contentsSchema>;

export async function openDockerArchive(reference: LocalReference): Promise<ImageSource> {
  const { path } = reference;
  const find = await indexArchive(path);
  const chosen = chooseImage(await readContents(path, find), reference);
  const config = await readConfig(requireFile(find, chosen.Config, path));
  const files = chosen.Layers.map((name) => requireFile(find, name, path));
  const layers = await Promise.all(files.map((region, index) => describeLayer(region, config.diffIds[index])));
  const parts = [config, ...layers];
  const manifest = {
    schemaVersion: 2,
    mediaType: DOCKER_TYPES.manifest,
    config: config.descriptor,
    layers: layers.map((one) => one.descriptor),
  };
  const bytes = Buffer.from(JSON.stringify(manifest));
  const digest = digestOf(bytes);
  const regions = new Map(parts.map(({ descriptor, region }) => [descriptor.digest, region]));
  return {
    name: renderReference(reference),
    top: { mediaType: DOCKER_TYPES.manifest, digest, size: bytes.length },
    made: { digest, bytes },
    async locate(wanted) {
      const region = regions.get(wanted.digest);
      if (region === undefined) throw blobMissing(wanted.digest, path);
      return Promise.resolve(region);
    },
  };
}

async function readContents(path: string, find: FindInArchive): Promise<Contents> {
  const region = find('manifest.json');
  if (region === undefined) throw sourceUnreadable(path, 'it has no manifest.json, as what "docker save" writes has');
  const what = `manifest.json of ${path}`;
  if (region.sizeBytes > DOCUMENT_BYTES_MAX) throw documentInvalid(what, `it has more than ${DOCUMENT_BYTES_MAX} bytes`);
  const json = parseBoundedJson(await readRegion(region));
  if (!json.parsed) throw documentInvalid(what, json.why);
  const result = v.safeParse(contentsSchema, json.value);
  if (!result.success) throw documentInvalid(what, result.issues[0].message.slice(0, 300));
  return result.output;
}

/** A name without a tag means its `latest`, and one without a registry Docker's own, as everywhere with Docker. */
function chooseImage(contents: Contents, { path, tag }: LocalReference): Contents[number] {
  const [only] = contents;
  if (tag === undefined && contents.length === 1 && only !== undefined) return only;
  const tagged = tag === undefined || /:[^/]*$/.test(tag) ? tag : `${tag}:latest`;
  const wanted = [tagged, `docker.io/${tagged}`, `docker.io/library/${tagged}`];
  const found = contents.find(({ RepoTags }) => RepoTags?.some((own) => wanted.includes(own)));
  if (found !== undefined) return found;
  const tags = contents.flatMap(({ RepoTags }) => RepoTags ?? []).map((own) => own.replaceAll(/[^\x21-\x7e]/g, '?').slice(0, 100));
  throw tagUnknown(path, tag, { count: contents.length, tags: tags.slice(0, 20) });
}

interface Part {
  readonly descriptor: Descriptor;
  readonly region: FileRegion;
}

async function readConfig(region: FileRegion): Promise<Part & { readonly diffIds: readonly string[] }> {
  const { sizeBytes: size } = region;
  if (size > DOCUMENT_BYTES_MAX) throw documentInvalid('configuration of the image', `it has more than ${DOCUMENT_BYTES_MAX} bytes`);
  const bytes = await readRegion(region);
  const { rootfs } = parseConfig(bytes);
  return { descriptor: { mediaType: DOCKER_TYPES.config, digest: digestOf(bytes), size }, region, diffIds: rootfs.diff_ids };
}

/** Whether the layer has this digest is seen when it is read. */
async function describeLayer(region: FileRegion, diffId: string | undefined): Promise<Part> {
  const head = await readRegion({ ...region, sizeBytes: Math.min(2, region.sizeBytes) });
  const digest = diffId === undefined || isCompressed(head) ? await hashRegion(region) : diffId;
  return { descriptor: { mediaType: DOCKER_TYPES.layer, digest, size: region.sizeBytes }, region };
}

async function hashRegion({ path, offset, sizeBytes }: FileRegion): Promise<string> {
  const hash = createHash('sha256');
  const stream = createReadStream(path, { start: offset, end: offset + sizeBytes - 1, highWaterMark: 1_048_576 });
  if (sizeBytes > 0) for await (const chunk of stream as AsyncIterable<Buffer>) hash.update(chunk);
  return `sha256:${hash.digest('hex')}`;
}

function requireFile(find: FindInArchive, name: string, path: string): FileRegion {
  const region = find(name);
  if (region === undefined) throw sourceUnreadable(path, `it lacks a file that its manifest.json names`);
  return region;
}

function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}
