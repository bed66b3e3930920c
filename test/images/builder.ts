/** Images made of bytes, without any program: a valid one; a test changes the one part that it is about. */
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { pack, type Headers } from 'tar-stream';
import { openImageStore, type ImageStore } from '#images/images.js';
import { nativeArch } from '#base/machine.js';

export type Entry = Omit<Headers, 'size'> & { readonly content?: string | Buffer };

export const file = (name: string, content: string | Buffer = name, rest: Partial<Headers> = {}): Entry => ({ ...rest, name, content });
export const directory = (name: string, rest: Partial<Headers> = {}): Entry => ({ ...rest, name, type: 'directory' });

export const link = (name: string, linkname: string): Entry => ({ name, type: 'symlink', linkname });
export const hardLink = (name: string, linkname: string): Entry => ({ name, type: 'link', linkname });

export async function makeTar(entries: readonly Entry[]): Promise<Buffer> {
  const archive = pack();
  for (const { content = '', ...header } of entries)
    archive.entry({ mtime: new Date(1_000_000_000_000), ...header } as Headers, content as string);
  archive.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of archive as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

export function digestOf(bytes: Uint8Array | string): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

export interface Part {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly [field: string]: unknown;
}

const OCI = 'application/vnd.oci.image';

/** The blobs of an image, by digest, and what leads to them. */
export class ImageBuilder {
  readonly blobs = new Map<string, Buffer>();
  readonly index: Part[] = [];

  blob(bytes: Buffer | object, mediaType: string): Part {
    const content = Buffer.isBuffer(bytes) ? bytes : Buffer.from(JSON.stringify(bytes));
    const digest = digestOf(content);
    this.blobs.set(digest, content);
    return { mediaType, digest, size: content.length };
  }

  /** Layers as tars, or gzipped tars. */
  image(layers: readonly Buffer[], { config = {}, platform = {}, tag, stored = layers }: ImageOptions = {}): Part {
    const own = { os: 'linux', architecture: nativeArch(), ...platform };
    const unpacked = layers.map((layer) => (isGzip(layer) ? gunzipSync(layer) : layer));
    const configPart = this.blob({ ...own, config, rootfs: { type: 'layers', diff_ids: unpacked.map(digestOf) } }, `${OCI}.config.v1+json`);
    const parts = stored.map((layer) => this.blob(layer, `${OCI}.layer.v1.tar${isGzip(layer) ? '+gzip' : ''}`));
    const manifest = this.blob(
      { schemaVersion: 2, mediaType: `${OCI}.manifest.v1+json`, config: configPart, layers: parts },
      `${OCI}.manifest.v1+json`,
    );
    const entry = {
      ...manifest,
      platform: own,
      ...(tag === undefined ? {} : { annotations: { 'org.opencontainers.image.ref.name': tag } }),
    };
    this.index.push(entry);
    return entry;
  }

  /** What stands in a layout, by path. */
  files(): Map<string, Buffer> {
    const index = { schemaVersion: 2, mediaType: `${OCI}.index.v1+json`, manifests: this.index };
    return new Map([
      ['oci-layout', Buffer.from('{"imageLayoutVersion":"1.0.0"}')],
      ['index.json', Buffer.from(JSON.stringify(index))],
      ...[...this.blobs].map(([digest, bytes]) => [`blobs/${digest.replace(':', '/')}`, bytes] as const),
    ]);
  }

  async writeLayout(path: string): Promise<void> {
    await mkdir(join(path, 'blobs/sha256'), { recursive: true });
    for (const [name, bytes] of this.files()) await writeFile(join(path, name), bytes);
  }

  async writeArchive(path: string): Promise<void> {
    await writeFile(path, await makeTar([...this.files()].map(([name, bytes]) => file(name, bytes))));
  }
}

export interface ImageOptions {
  readonly config?: object;
  readonly platform?: object;
  readonly tag?: string;
  /** How the layers are kept, where that is not how they are given. */
  readonly stored?: readonly Buffer[];
}

function isGzip(bytes: Buffer): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/** A small image of two layers, the second one gzipped. */
export async function smallImage(options: ImageOptions = {}, words = 'hello'): Promise<ImageBuilder> {
  const builder = new ImageBuilder();
  const layers = [await makeTar([directory('etc'), file('etc/one', words)]), gzipSync(await makeTar([file('etc/two', words)]))];
  builder.image(layers, options);
  return builder;
}

export interface Lab {
  readonly path: string;
  readonly store: ImageStore;
}

/** Calls `use` with a directory and a store in it, which go afterwards. */
export async function inLab<Result>(use: (lab: Lab) => Promise<Result>): Promise<Result> {
  const path = await realpath(await mkdtemp(join(tmpdir(), 'images-')));
  try {
    return await use({ path, store: await openImageStore(join(path, 'store')) });
  } finally {
    await rm(path, { recursive: true, force: true });
  }
}
