/** What the user laid over the image with --overlay, and where what is written stays; opened before the run, closed after it. */
import { lstat, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, systemCodeOf } from '#base/errors.js';
import { layerUnusable, optionInvalid } from '../errors.js';
import type { FileImage } from '../images/image.js';
import type { KeptLayer } from '../mounts/kept-layer.js';
import type { LayerDirectory } from '../mounts/root-tree.js';
import type { OverlayRequest } from '../request-options.js';

export interface OpenLayers {
  /** Over the image, and only read; the last one is on top. Files must be mounted, or unpacked, before they are directories. */
  readonly over: readonly (LayerDirectory | FileImage)[];
  /** Where what is written stays, see kept-layer.ts. */
  readonly kept?: string | undefined;
  /** Whether the kept layer holds a copy of the image from an earlier run. */
  readonly hasCopy: boolean;
  readonly close: () => Promise<void>;
}

export interface LayersRequest {
  readonly overlays: readonly OverlayRequest[];
  readonly writableDirectory: string | undefined;
  readonly readOnly: boolean;
  readonly warn: (line: string) => void;
}

const NONE: OpenLayers = { over: [], hasCopy: false, close: () => Promise.resolve() };

export async function openLayers({ overlays, writableDirectory, readOnly, warn }: LayersRequest): Promise<OpenLayers> {
  if (overlays.length === 0 && (writableDirectory === undefined || readOnly)) return NONE;
  const [written, second] = overlays.filter((overlay) => !overlay.readOnly);
  if (second !== undefined) throw optionInvalid('--overlay', second.path, 'one can be written to, the others need :ro', '--overlay DIR:ro');
  if (written !== undefined && readOnly)
    throw optionInvalid('--overlay', written.path, 'with --read-only nothing is written', '--read-only --overlay DIR:ro');
  const over: (LayerDirectory | FileImage)[] = [];
  for (const { path, readOnly: isRead } of overlays) if (isRead) over.push(await findLayer(path));
  const directory = written === undefined ? writableDirectory : await findWritable(written.path);
  if (directory === undefined || readOnly) return { ...NONE, over };
  if (written !== undefined && writableDirectory !== undefined)
    warn(`What is written stays in ${written.path}, not with the container: --overlay`);
  const { openKeptLayer } = await import('../mounts/kept-layer.js');
  const kept: KeptLayer = await openKeptLayer(directory);
  return { over, kept: kept.directory, hasCopy: kept.hasCopy, close: kept.close };
}

/** One that was written to shows what was written. `view` is by which to read it here. */
export async function showLayer({ source, view }: LayerDirectory): Promise<LayerDirectory> {
  const here = view ?? source;
  const isLayer = (await isDirectory(join(here, 'upper'))) && (await isDirectory(join(here, 'work')));
  return isLayer ? { source: join(source, 'upper'), ...(view === undefined ? {} : { view: join(view, 'upper') }) } : { source, view };
}

async function findLayer(path: string): Promise<LayerDirectory | FileImage> {
  const found = await find(path);
  if (found.isDirectory) return showLayer({ source: found.real });
  const { openFileImage } = await import('../images/file.js');
  return openFileImage(found.real, path);
}

/** What two kernels write to at once is lost, and a file does not tell who has it mounted. */
async function findWritable(path: string): Promise<string> {
  const { real, isDirectory: isOne } = await find(path);
  if (!isOne)
    throw optionInvalid('--overlay', path, 'what is written goes to a directory; a file can only be read', `--overlay ${path}:ro`);
  return real;
}

/** A directory, or a regular file. */
async function find(path: string): Promise<{ readonly real: string; readonly isDirectory: boolean }> {
  try {
    const real = await realpath(path);
    const stats = await stat(real);
    if (stats.isDirectory() || stats.isFile()) return { real, isDirectory: stats.isDirectory() };
  } catch (thrown) {
    throw layerUnusable(path, systemCodeOf(thrown) === 'ENOENT' ? 'there is no such directory' : messageOf(thrown), thrown);
  }
  throw layerUnusable(path, 'it is neither a directory nor a file');
}

async function isDirectory(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => undefined))?.isDirectory() === true;
}
