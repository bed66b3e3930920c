/** Layers as files, and what they come to. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { defaultLayerLimits, type LayerLimits } from '#images/layers/limits.js';
import { mergeLayers, mergeLayersOnce, type KeepingTarget, type RootTarget } from '#images/layers/merge.js';
import type { Layer } from '#images/layers/read-layer.js';
import type { FileNode } from '#images/layers/tree.js';
import type { ContentPart } from '#images/tar/read.js';
import { digestOf, inLab, makeTar, type Entry } from '../builder.js';

export type LayerContent = readonly Entry[] | Buffer;

/** Layers below first. */
export async function writeLayers(directory: string, contents: readonly LayerContent[], unpack = gunzipSync): Promise<Layer[]> {
  return Promise.all(
    contents.map(async (content, index) => {
      const bytes = Buffer.isBuffer(content) ? content : await makeTar(content);
      const path = join(directory, `layer-${index}`);
      await writeFile(path, bytes);
      const isCompressed = ['1f8b', '28b5'].includes(bytes.toString('hex', 0, 2));
      const digest = digestOf(bytes);
      return { region: { path, offset: 0, sizeBytes: bytes.length }, digest, diffId: isCompressed ? digestOf(unpack(bytes)) : digest };
    }),
  );
}

/** Layers are read once, or twice; what comes of them is the same. */
export const WAYS = ['twice', 'once'] as const;
type Way = (typeof WAYS)[number];

/** Per path what is there: `dir 755`, `file 644 3 content`, `-> target`, `= path` of a hard link, `character 1 3`. */
export async function merge(contents: readonly LayerContent[], limits: Partial<LayerLimits> = {}): Promise<Record<string, string>> {
  return inLab(async ({ path }) => {
    const layers = await writeLayers(path, contents);
    const found = await mergeFrom(layers, limits);
    assert.deepEqual(await mergeFrom(layers, limits, 'once'), found);
    return found;
  });
}

export async function mergeFrom(
  layers: readonly Layer[],
  limits: Partial<LayerLimits> = {},
  way: Way = 'twice',
): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  const options = { limits: { ...defaultLayerLimits, ...limits }, onProgress: () => undefined };
  const target = recordIn(found);
  await (way === 'twice' ? mergeLayers(layers, target, options) : mergeLayersOnce(layers, keepFor(target), options));
  return Object.fromEntries(Object.entries(found).toSorted(([one], [other]) => (one < other ? -1 : 1)));
}

function keepFor(target: Recorder): KeepingTarget {
  const kept = new Map<FileNode, string>();
  return {
    ...target,
    async keep(node, content) {
      assert.ok(!kept.has(node), 'each is kept once');
      kept.set(node, await describeFile(node, content));
    },
    place(path, node) {
      const text = kept.get(node);
      assert.ok(text !== undefined && kept.delete(node), 'what is placed was kept, and is placed once');
      target.add(path, text);
    },
  };
}

async function describeFile({ attributes: { mode }, sizeBytes }: FileNode, content: AsyncIterable<ContentPart>): Promise<string> {
  const whole = Buffer.alloc(sizeBytes, '_');
  for await (const { offset, bytes } of content) bytes.copy(whole, offset);
  return `file ${mode.toString(8)} ${whole.toString()}`;
}

interface Recorder extends RootTarget {
  add(path: string, text: string): void;
}

function recordIn(found: Record<string, string>): Recorder {
  const add = (path: string, text: string): void => {
    const shown = Buffer.from(path, 'latin1').toString();
    if (shown in found) throw new Error(`${shown} twice`);
    const parent = shown.includes('/') ? shown.slice(0, shown.lastIndexOf('/')) : '';
    if (shown !== '' && !found[parent]?.startsWith('dir')) throw new Error(`${shown} without its parent`);
    found[shown] = text;
  };
  return {
    directory: (path, { mode }) => add(path, `dir ${mode.toString(8)}`),
    add,
    file: async (path, node, content) => add(path, await describeFile(node, content)),
    other: (path, { kind, target, major, minor }) => add(path, kind === 'symlink' ? `-> ${target}` : `${kind} ${major} ${minor}`),
    link: (path, to) => add(path, `= ${to}`),
    finish: () => Promise.resolve(),
  };
}
