/**
 * Merges layers into one root, from the lowest to the topmost. Names and digests are read first, and what is left of each layer found
 * out; a hard link to a file that a later layer hides has its content still. Directories come first, parents before children.
 *
 *      mergeLayers         reads all bytes twice: the second time brings the content of what is left, in the layers' order
 *      mergeLayersOnce     reads them once: the target keeps each content as it comes, and is told its names when all is judged
 */
import { readTar, type ContentPart, type TarEntry } from '../tar/read.js';
import type { LayerLimits } from './limits.js';
import { readLayer, ZstdMissing, type Layer, type Meter } from './read-layer.js';
import { RefusedLayer } from './refused.js';
import { applyEntry, createTree, type Attributes, type DirectoryNode, type FileNode, type Node, type OtherNode } from './tree.js';

/** What a root is made in. Paths are bytes, as latin1, relative and canonical; empty for the root itself. */
interface NamesTarget {
  directory(path: string, attributes: Attributes): Promise<void> | void;
  other(path: string, node: OtherNode): Promise<void> | void;
  /** Another name of what is there already. */
  link(path: string, to: string): Promise<void> | void;
  /** All is there. */
  finish(): Promise<void>;
}

export interface RootTarget extends NamesTarget {
  file(path: string, node: FileNode, content: AsyncIterable<ContentPart>): Promise<void>;
}

export interface KeepingTarget extends NamesTarget {
  /** Of a layer that may still be refused, and of a file that a later one may hide: so nothing of its name is known here. */
  keep(node: FileNode, content: AsyncIterable<ContentPart>): Promise<void>;
  /** Gives what was kept its first name. */
  place(path: string, node: FileNode): void;
}

export interface MergeOptions {
  readonly limits: LayerLimits;
  /** Told of bytes of layers that have been read. */
  readonly onProgress: (doneBytes: number) => void;
}

export async function mergeLayers(layers: readonly Layer[], target: RootTarget, options: MergeOptions): Promise<void> {
  const root = await scanLayers(layers, options);
  const files = await writeTree(root, target);
  await writeContent(layers, { files, target, options });
  await target.finish();
}

export async function mergeLayersOnce(layers: readonly Layer[], target: KeepingTarget, options: MergeOptions): Promise<void> {
  const root = await scanLayers(layers, options, (node, entry) => target.keep(node, entry.content()));
  const files = await writeTree(root, target);
  for (const { node, paths } of files.flatMap((ofLayer) => [...ofLayer.values()])) {
    const [first = '', ...others] = paths;
    target.place(first, node);
    for (const path of others) await target.link(path, first);
  }
  await target.finish();
}

/** Which layer was at fault; the message says why. */
export class LayerFault extends Error {
  constructor(
    readonly digest: string,
    why: unknown,
  ) {
    super(why instanceof Error ? why.message : 'it cannot be read', { cause: why });
  }
}

type OnFile = (node: FileNode, entry: TarEntry) => Promise<void>;

async function scanLayers(layers: readonly Layer[], { limits, onProgress }: MergeOptions, onFile?: OnFile): Promise<DirectoryNode> {
  const root = createTree();
  const meter: Meter = { unpackedBytesMax: limits.unpackedBytes, unpackedBytes: 0 };
  let entries = 0;
  let fileBytes = 0;
  for (const [index, layer] of layers.entries()) {
    await blaming(layer, async () => {
      let number = 0;
      for await (const entry of readTar(readLayer(layer, { meter, checkDiffId: true }))) {
        const node = applyEntry(root, entry, { layer: index, entry: number++ });
        fileBytes += entry.sizeBytes;
        entries += 1;
        if (entries > limits.entries) throw new RefusedLayer(`the image has more than ${limits.entries} entries`);
        // A file of holes alone takes nothing in its layer.
        if (fileBytes > limits.unpackedBytes) throw new RefusedLayer(`the image's files have more than ${limits.unpackedBytes} bytes`);
        if (node !== undefined) await onFile?.(node, entry);
      }
    });
    onProgress(layer.region.sizeBytes);
  }
  return root;
}

/** Files by layer and by number of the entry, each with all its names. */
type FilesLeft = readonly Map<number, { readonly node: FileNode; readonly paths: string[] }>[];

/** Writes all that has no content, and answers with what has. */
async function writeTree(root: DirectoryNode, target: NamesTarget): Promise<FilesLeft> {
  const files: Map<number, { node: FileNode; paths: string[] }>[] = [];
  const named = new Map<Node, string>();
  const others: [string, OtherNode][] = [];
  for (const [path, node] of walk(root, '')) {
    if (node.kind === 'directory') await target.directory(path, node.attributes);
    else if (node.kind === 'file') {
      const ofLayer = (files[node.layer] ??= new Map());
      const found = ofLayer.get(node.entry);
      if (found === undefined) ofLayer.set(node.entry, { node, paths: [path] });
      else found.paths.push(path);
    } else others.push([path, node]);
  }
  for (const [path, node] of others) {
    const first = named.get(node);
    if (first === undefined) await target.other(path, node);
    else await target.link(path, first);
    named.set(node, first ?? path);
  }
  return files;
}

function* walk(node: Node, path: string): Generator<[path: string, node: Node]> {
  yield [path, node];
  if (node.kind !== 'directory') return;
  for (const [name, { node: child }] of node.children) yield* walk(child, path === '' ? name : `${path}/${name}`);
}

interface ContentRequest {
  readonly files: FilesLeft;
  readonly target: RootTarget;
  readonly options: MergeOptions;
}

async function writeContent(layers: readonly Layer[], { files, target, options: { limits, onProgress } }: ContentRequest): Promise<void> {
  const meter: Meter = { unpackedBytesMax: limits.unpackedBytes, unpackedBytes: 0 };
  for (const [index, layer] of layers.entries()) {
    const left = files[index];
    if (left !== undefined) {
      await blaming(layer, async () => {
        let number = 0;
        for await (const entry of readTar(readLayer(layer, { meter, checkDiffId: false }))) {
          const found = left.get(number++);
          if (found !== undefined) await writeFile(target, found, entry.content());
        }
      });
    }
    onProgress(layer.region.sizeBytes);
  }
}

async function writeFile(
  target: RootTarget,
  { node, paths: [first = '', ...others] }: { node: FileNode; paths: readonly string[] },
  content: AsyncIterable<ContentPart>,
): Promise<void> {
  await target.file(first, node, content);
  for (const path of others) await target.link(path, first);
}

async function blaming(layer: Layer, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (thrown) {
    throw thrown instanceof RefusedLayer || thrown instanceof ZstdMissing ? new LayerFault(layer.digest, thrown) : thrown;
  }
}
