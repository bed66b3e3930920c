import { stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { systemCodeOf } from '#base/errors.js';
import { bundlePlugin, type Bundle } from './bundle.js';
import { compileErrors } from './errors.js';
import type { Manifest } from './manifest.js';
import { packPlugin } from './pack.js';

export interface CompileOptions {
  /** Where to write; `DIR/<basename of DIR>.sif` where absent. */
  readonly out?: string | undefined;
  /** Evaluates the script in a real compartment and reads the static part of the plugin. This room cannot: it runs no plugin code. */
  readonly describe: (bundle: Bundle, name: string) => Promise<Manifest>;
}

export interface Compiled {
  readonly path: string;
  readonly manifest: Manifest;
}

/** Makes one file of the plugin whose source is in `directory`. What stood at the output path is replaced whole, or not at all. */
export async function compilePlugin(directory: string, { out, describe }: CompileOptions): Promise<Compiled> {
  const source = resolve(directory);
  await checkDirectory(source);
  const path = resolve(out ?? join(source, `${basename(source)}.sif`));
  await checkOutput(path);
  const { bytes, manifest } = await buildPlugin(source, describe);
  await writeFileAtomic(path, Buffer.from(bytes), { mode: 0o644 }).catch((error: unknown) => {
    throw compileErrors.notWritten(path, systemCodeOf(error) ?? 'unknown error', error);
  });
  return { path, manifest };
}

/** The same in memory. */
export async function buildPlugin(
  source: string,
  describe: CompileOptions['describe'],
): Promise<{ bytes: Uint8Array; manifest: Manifest }> {
  const bundle = await bundlePlugin(source);
  const manifest = await describe(bundle, basename(source));
  return { bytes: packPlugin({ manifest, ...bundle }), manifest };
}

async function checkDirectory(source: string): Promise<void> {
  const found = await stat(source).catch((error: unknown) => {
    if (systemCodeOf(error) === 'ENOENT') throw compileErrors.sourceMissing(source);
    throw compileErrors.sourceUnreadable(source, systemCodeOf(error) ?? 'unknown error', error);
  });
  if (!found.isDirectory()) throw compileErrors.sourceNotDirectory(source);
}

async function checkOutput(path: string): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (found?.isDirectory()) throw compileErrors.outputIsDirectory(path);
}
