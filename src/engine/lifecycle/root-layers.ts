/** What the user laid over the image with --overlay, and where what is written stays; opened before the run, closed after it. */
import { lstat, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, systemCodeOf } from '#base/errors.js';
import { layerUnusable, optionInvalid } from '../errors.js';
import type { KeptLayer } from '../mounts/kept-layer.js';
import type { RootLayers } from '../mounts/plan-root.js';
import type { OverlayRequest } from '../request-options.js';

export interface OpenLayers extends RootLayers {
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
  const over: string[] = [];
  for (const { path, readOnly: isRead } of overlays) if (isRead) over.push(await findLayer(path));
  const directory = written === undefined ? writableDirectory : await findDirectory(written.path);
  if (directory === undefined || readOnly) return { ...NONE, over };
  if (written !== undefined && writableDirectory !== undefined)
    warn(`What is written stays in ${written.path}, not with the container: --overlay`);
  const { openKeptLayer } = await import('../mounts/kept-layer.js');
  const kept: KeptLayer = await openKeptLayer(directory);
  return { over, kept: kept.directory, isAsked: written !== undefined, hasCopy: kept.hasCopy, close: kept.close };
}

/** One that was written to shows what was written. */
async function findLayer(path: string): Promise<string> {
  const directory = await findDirectory(path);
  const isLayer = (await isDirectory(join(directory, 'upper'))) && (await isDirectory(join(directory, 'work')));
  return isLayer ? join(directory, 'upper') : directory;
}

async function findDirectory(path: string): Promise<string> {
  try {
    const real = await realpath(path);
    if ((await stat(real)).isDirectory()) return real;
  } catch (thrown) {
    throw layerUnusable(path, systemCodeOf(thrown) === 'ENOENT' ? 'there is no such directory' : messageOf(thrown), thrown);
  }
  throw layerUnusable(path, 'it is not a directory');
}

async function isDirectory(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => undefined))?.isDirectory() === true;
}
