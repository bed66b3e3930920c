/** Layers as one file system, made once per chain of diff ids, whoever asks first; others wait for it. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, open, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { findTool } from '#base/programs.js';
import { syncDirectory } from '#base/staged-file.js';
import { convertLayers, type ConvertOptions } from '../layers/convert.js';
import { defaultLayerLimits, type LayerLimits } from '../layers/limits.js';
import type { Layer } from '../layers/read-layer.js';
import { nameRoot, type RootKind } from '../layers/root-name.js';
import type { ImageDescription, ImageSource } from '../source.js';
import { holdInUse, type UseLease } from './leases.js';
import { beginTransaction, lockWork } from './locks.js';
import { openStaged, partOf, type ImageStore } from './place.js';
import { explaining } from './trouble.js';

const PROBE_DEADLINE_MS = 5_000;

export interface RootRequest extends ConvertOptions {
  readonly source: ImageSource;
  readonly image: ImageDescription;
  readonly kind: RootKind;
  /** Who uses it, in words; see leases.ts. */
  readonly holder: string;
  readonly limits?: LayerLimits | undefined;
  /** Takes what is worth a line. */
  readonly log?: ((line: string) => void) | undefined;
}

export interface OpenRoot extends UseLease {
  readonly kind: RootKind;
  /** Absolute: a squashfs, or a directory. It stays until the release. */
  readonly path: string;
  /** A directory with the image's passwd and group, where it has them. */
  readonly accounts: string;
}

/** Where mksquashfs is missing or too old, a directory is made whatever `kind` says. */
export function openRoot(store: ImageStore, request: RootRequest): Promise<OpenRoot> {
  return explaining(store.directory, () => findOrMakeRoot(store, request));
}

async function findOrMakeRoot(store: ImageStore, request: RootRequest): Promise<OpenRoot> {
  const { image, holder } = request;
  const diffIds = image.config.rootfs.diff_ids;
  const hold = async (kind: RootKind): Promise<OpenRoot | undefined> => {
    const name = nameRoot(diffIds, kind);
    const accounts = join(partOf(store, 'roots'), name);
    const path = join(accounts, 'image');
    if (!existsSync(path)) return undefined;
    const lease = await holdInUse(store, { images: [image.digest], roots: [name], holder });
    if (existsSync(path)) return { kind, path, accounts, release: lease.release };
    await lease.release();
    return undefined;
  };
  const found = await hold(request.kind);
  if (found !== undefined) return found;
  const mksquashfs = request.kind === 'squashfs' ? await findMksquashfs() : undefined;
  const kind = mksquashfs === undefined ? 'directory' : 'squashfs';
  const transaction = await beginTransaction(store);
  try {
    if (!existsSync(join(partOf(store, 'roots'), nameRoot(diffIds, kind)))) await makeRoot(store, { ...request, kind, mksquashfs });
    const made = await hold(kind);
    if (made === undefined) throw new TypeError('a root was removed in a transaction');
    return made;
  } finally {
    await transaction.end();
  }
}

async function makeRoot(store: ImageStore, request: RootRequest & { mksquashfs: string | undefined }): Promise<void> {
  const { image, kind, mksquashfs, limits = defaultLayerLimits, signal, onProgress, log } = request;
  const name = nameRoot(image.config.rootfs.diff_ids, kind);
  const path = join(partOf(store, 'roots'), name);
  const lease = await lockWork(store, `root-${name}`, { what: `the layers of image ${request.source.name}`, signal });
  try {
    if (existsSync(path)) return;
    const staged = await openStaged(store);
    try {
      const made = join(staged.path, 'root');
      await mkdir(made, { mode: 0o700 });
      const task = { layers: await locateLayers(request), limits, directory: made, mksquashfs, isRoot: process.getuid?.() === 0 };
      const leftOut = await convertLayers(task, { signal, onProgress });
      if (leftOut > 0) log?.(`Left out ${leftOut} devices and FIFOs of image ${request.source.name}`);
      if (kind === 'squashfs') await sync(join(made, 'image'));
      lease.requireHeld();
      await rename(made, path);
      await syncDirectory(partOf(store, 'roots'));
    } finally {
      await staged.close();
    }
  } finally {
    await lease.release();
  }
}

function locateLayers({ source, image }: RootRequest): Promise<Layer[]> {
  const diffIds = image.config.rootfs.diff_ids;
  return Promise.all(
    image.manifest.layers.map(async (layer, index) => ({
      region: await source.locate(layer),
      digest: layer.digest,
      diffId: diffIds[index] ?? '',
    })),
  );
}

async function sync(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Version 4.5 was the first to read tars. */
async function findMksquashfs(): Promise<string | undefined> {
  const program = await findTool('mksquashfs');
  if (program === undefined) return undefined;
  const said = await new Promise<string>((resolve) => {
    execFile(program, ['-version'], { env: {}, timeout: PROBE_DEADLINE_MS }, (_failure, stdout) => resolve(stdout));
  });
  const [, major = '0', minor = '0'] = /^mksquashfs version (\d+)\.(\d+)/m.exec(said) ?? [];
  return Number(major) > 4 || (Number(major) === 4 && Number(minor) >= 5) ? program : undefined;
}
