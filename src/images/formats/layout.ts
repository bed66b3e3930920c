/**
 * An OCI layout: a directory with
 *
 *      index.json                   which images are in it, each with its name as an annotation
 *      blobs/sha256/<hex>           manifests, configurations, layers
 */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { systemCodeOf } from '#base/errors.js';
import { DOCUMENT_BYTES_MAX, parseIndex, type Descriptor, type Index } from '../documents.js';
import { blobInvalid, blobMissing, sourceUnreadable, tagUnknown } from '../errors.js';
import { renderReference, type LocalReference } from '../references.js';
import { readRegion, type FileRegion, type ImageSource } from '../source.js';

/** Finds a file of a layout, whether that is a directory or an archive. Undefined where there is none. */
export type FindFile = (name: string) => Promise<FileRegion | undefined>;

export async function openLayout(reference: LocalReference): Promise<ImageSource> {
  const { path } = reference;
  return openLayoutFiles(reference, (name) => findRegularFile(join(path, name)));
}

export async function openLayoutFiles(reference: LocalReference, find: FindFile): Promise<ImageSource> {
  const { path, tag } = reference;
  const index = await find('index.json');
  if (index === undefined) throw sourceUnreadable(path, 'it has no index.json, as an OCI layout has');
  if (index.sizeBytes > DOCUMENT_BYTES_MAX) throw sourceUnreadable(path, `its index.json has more than ${DOCUMENT_BYTES_MAX} bytes`);
  const top = chooseEntry(parseIndex(await readRegion(index)), { path, tag });
  return {
    name: renderReference(reference),
    top,
    locate: (descriptor) => locate(descriptor, path, find),
  };
}

async function locate({ digest, size }: Descriptor, path: string, find: FindFile): Promise<FileRegion> {
  const region = await find(`blobs/${digest.replace(':', '/')}`);
  if (region === undefined) throw blobMissing(digest, path);
  if (region.sizeBytes !== size) throw blobInvalid(digest, `it has ${region.sizeBytes} bytes, and should have ${size}`);
  return region;
}

/** A tag names one; without a tag there must be one alone, or one that is called latest. */
function chooseEntry({ manifests }: Index, { path, tag }: { path: string; tag: string | undefined }): Descriptor {
  const named = manifests.map((descriptor) => ({ descriptor, name: descriptor.annotations?.['org.opencontainers.image.ref.name'] }));
  const [only] = named;
  const wanted = tag ?? (named.length > 1 ? 'latest' : undefined);
  const found = wanted === undefined ? only : named.find(({ name }) => name === wanted);
  if (found !== undefined) return found.descriptor;
  const tags = named.flatMap(({ name }) => (name === undefined ? [] : [name.replaceAll(/[^\x21-\x7e]/g, '?').slice(0, 100)]));
  throw tagUnknown(path, tag, { count: named.length, tags: tags.slice(0, 20) });
}

async function findRegularFile(path: string): Promise<FileRegion | undefined> {
  try {
    const found = await stat(path);
    if (!found.isFile()) throw sourceUnreadable(path, 'it is no regular file');
    return { path, offset: 0, sizeBytes: found.size };
  } catch (thrown) {
    const code = systemCodeOf(thrown);
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    if (code === 'EACCES') throw sourceUnreadable(path, 'you may not read it', thrown);
    throw thrown;
  }
}
