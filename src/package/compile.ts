import { stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { systemCodeOf } from '#base/errors.js';
import { bundlePlugin, watchBundle, type Bundle, type BundledFile } from './bundle.js';
import { compileErrors } from './errors.js';
import type { Manifest } from './manifest.js';
import { packPlugin } from './pack.js';
import { encodeSbom } from './sbom.js';

export interface CompileOptions {
  /** Where to write; `DIR/<basename of DIR>.sif` where absent. */
  readonly out?: string | undefined;
  /** Evaluates the script in a real compartment and reads the static part of the plugin. This room cannot: it runs no plugin code. */
  readonly describe: (bundle: Bundle, name: string) => Promise<Manifest>;
}

export interface Compiled {
  readonly path: string;
  readonly manifest: Manifest;
  readonly report: CompileReport;
}

/** What was done, for `--verbose`. */
export interface CompileReport {
  readonly inputs: readonly BundledFile[];
  readonly scriptBytes: number;
  readonly sourceMapBytes: number;
  readonly packageBytes: number;
  /** In order. */
  readonly steps: readonly { readonly step: 'bundle' | 'evaluate' | 'pack'; readonly tookMs: number }[];
}

/** Makes one file of the plugin whose source is in `directory`. What stood at the output path is replaced whole, or not at all. */
export async function compilePlugin(directory: string, { out, describe }: CompileOptions): Promise<Compiled> {
  const { source, path } = await choosePlaces(directory, out);
  return writePlugin(path, await buildPlugin(source, describe));
}

export interface WatchOptions extends CompileOptions {
  readonly signal: AbortSignal;
  /** Told each time: what was written, or why nothing was, and what was written before stays. */
  readonly onResult: (result: Promise<Compiled>) => Promise<void>;
}

/** Compiles it, and again with each change of what went into it, until `signal` aborts. */
export async function watchPlugin(directory: string, { out, describe, signal, onResult }: WatchOptions): Promise<void> {
  const { source, path } = await choosePlaces(directory, out);
  const compileBundle = async (bundle: Promise<Bundle>): Promise<Compiled> =>
    writePlugin(path, await packBundle(await bundle, describe, basename(source), 0));
  await watchBundle(source, signal, (bundle) => onResult(compileBundle(bundle)));
}

async function choosePlaces(directory: string, out: string | undefined): Promise<{ source: string; path: string }> {
  const source = resolve(directory);
  await checkDirectory(source);
  const path = resolve(out ?? join(source, `${basename(source)}.sif`));
  await checkOutput(path);
  return { source, path };
}

async function writePlugin(path: string, { bytes, manifest, report }: Built): Promise<Compiled> {
  await writeFileAtomic(path, Buffer.from(bytes), { mode: 0o644 }).catch((error: unknown) => {
    throw compileErrors.notWritten(path, systemCodeOf(error) ?? 'unknown error', error);
  });
  return { path, manifest, report };
}

/** The same in memory. */
export async function buildPlugin(source: string, describe: CompileOptions['describe']): Promise<Built> {
  const startedAtMs = performance.now();
  const bundle = await bundlePlugin(source);
  return packBundle(bundle, describe, basename(source), performance.now() - startedAtMs);
}

export interface Built {
  readonly bytes: Uint8Array;
  readonly manifest: Manifest;
  readonly report: CompileReport;
}

async function packBundle(bundle: Bundle, describe: CompileOptions['describe'], name: string, bundleMs: number): Promise<Built> {
  const bundledAtMs = performance.now();
  const manifest = await describe(bundle, name);
  const describedAtMs = performance.now();
  const bytes = packPlugin({
    manifest,
    script: bundle.script,
    sourceMap: bundle.sourceMap,
    sbom: encodeSbom(manifest, bundle.packages),
  });
  const report: CompileReport = {
    inputs: bundle.inputs,
    scriptBytes: Buffer.byteLength(bundle.script),
    sourceMapBytes: bundle.sourceMap.length,
    packageBytes: bytes.length,
    steps: [
      { step: 'bundle', tookMs: bundleMs },
      { step: 'evaluate', tookMs: describedAtMs - bundledAtMs },
      { step: 'pack', tookMs: performance.now() - describedAtMs },
    ],
  };
  return { bytes, manifest, report };
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
