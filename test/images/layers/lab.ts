/** Layers as files, and what they come to. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { defaultLayerLimits, type LayerLimits } from '#images/layers/limits.js';
import { mergeLayers, type RootTarget } from '#images/layers/merge.js';
import type { Layer } from '#images/layers/read-layer.js';
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

/** Per path what is there: `dir 755`, `file 644 3 content`, `-> target`, `= path` of a hard link, `character 1 3`. */
export async function merge(contents: readonly LayerContent[], limits: Partial<LayerLimits> = {}): Promise<Record<string, string>> {
  return inLab(async ({ path }) => mergeFrom(await writeLayers(path, contents), limits));
}

export async function mergeFrom(layers: readonly Layer[], limits: Partial<LayerLimits> = {}): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  await mergeLayers(layers, recordIn(found), { limits: { ...defaultLayerLimits, ...limits }, onProgress: () => undefined });
  return Object.fromEntries(Object.entries(found).toSorted(([one], [other]) => (one < other ? -1 : 1)));
}

function recordIn(found: Record<string, string>): RootTarget {
  const add = (path: string, text: string): void => {
    const shown = Buffer.from(path, 'latin1').toString();
    if (shown in found) throw new Error(`${shown} twice`);
    const parent = shown.includes('/') ? shown.slice(0, shown.lastIndexOf('/')) : '';
    if (shown !== '' && !found[parent]?.startsWith('dir')) throw new Error(`${shown} without its parent`);
    found[shown] = text;
  };
  return {
    directory: (path, { mode }) => add(path, `dir ${mode.toString(8)}`),
    async file(path, { attributes: { mode }, sizeBytes }, content) {
      const whole = Buffer.alloc(sizeBytes, '_');
      for await (const { offset, bytes } of content) bytes.copy(whole, offset);
      add(path, `file ${mode.toString(8)} ${whole.toString()}`);
    },
    other: (path, { kind, target, major, minor }) => add(path, kind === 'symlink' ? `-> ${target}` : `${kind} ${major} ${minor}`),
    link: (path, to) => add(path, `= ${to}`),
    finish: () => Promise.resolve(),
  };
}
