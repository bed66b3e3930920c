import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BuildFailure, BuildOptions, BuildResult, Message, PartialMessage, Plugin } from 'esbuild';
import { findShipped } from '#base/shipped.js';
import { findBundled } from './bundled.js';
import { compileErrors } from './errors.js';
import { sdkName } from './objects.js';
import type { BundledPackage } from './sbom.js';

export interface Bundle {
  /** One script, ES2022, whose value is the default export of the entry file. */
  readonly script: string;
  readonly sourceMap: Uint8Array;
  /** What went into it, by path from the plugin's directory; other packages' files too. */
  readonly inputs: readonly BundledFile[];
  /** What of npm is in it. */
  readonly packages: readonly BundledPackage[];
}

export interface BundledFile {
  readonly path: string;
  /** As it lies on the disk, whatever of it was used. */
  readonly sizeBytes: number;
}

/** Where a plugin may begin, in this order; `package.json` is not asked. */
const entryNames = ['plugin.ts', 'plugin.js', 'src/plugin.ts', 'src/plugin.js', 'index.ts', 'index.js', 'src/index.ts', 'src/index.js'];

/** The variable that holds the entry's exports; the last statement of the script is its value. */
const globalName = 'bulkheadPlugin';

/** Bundles the plugin in `directory` into one script. Type-checks nothing: that is the author's editor's and CI's work. */
export async function bundlePlugin(directory: string): Promise<Bundle> {
  const options = optionsFor(directory);
  const { build } = await import('esbuild');
  try {
    return takeBundle(await build(options), directory);
  } catch (error) {
    if (isBuildFailure(error)) throw compileErrors.notBundled(error.errors.map(describeMessage), error);
    throw error;
  }
}

/**
 * Bundles it again with each change of a file that went into it, or that an import looked for in vain, until `signal` aborts. `onBundle`
 * is told each time, one after the other: a bundle, or why there is none. Resolves when all is over.
 */
export async function watchBundle(
  directory: string,
  signal: AbortSignal,
  onBundle: (bundle: Promise<Bundle>) => Promise<void>,
): Promise<void> {
  const options = optionsFor(directory);
  const { context } = await import('esbuild');
  let turn: Promise<void> = Promise.resolve();
  const report: Plugin = {
    name: 'report',
    setup({ onEnd }) {
      onEnd((result) => {
        turn = turn.then(() => (signal.aborted ? undefined : onBundle(bundleOf(result, directory))));
      });
    },
  };
  const watching = await context({ ...options, plugins: [...(options.plugins ?? []), report] });
  try {
    await watching.watch();
    if (!signal.aborted) await once(signal, 'abort');
  } finally {
    await watching.dispose();
    await turn;
  }
}

function bundleOf(result: BuildResult<ReturnType<typeof optionsFor>>, directory: string): Promise<Bundle> {
  if (result.errors.length > 0) return Promise.reject(compileErrors.notBundled(result.errors.map(describeMessage), undefined));
  return Promise.resolve(takeBundle(result, directory));
}

function takeBundle({ outputFiles, metafile }: BuildResult<ReturnType<typeof optionsFor>>, directory: string): Bundle {
  const [map, script] = outputFiles.toSorted((a, b) => Number(b.path.endsWith('.map')) - Number(a.path.endsWith('.map')));
  if (map === undefined || script === undefined) throw new Error('esbuild gave no output');
  const inputs = Object.entries(metafile.inputs).map(([path, { bytes }]) => ({ path, sizeBytes: bytes }));
  return { script: script.text, sourceMap: namePackages(map.text, directory), inputs, packages: findBundled(metafile, directory) };
}

/** Throws where there is no plugin in the directory. */
function optionsFor(directory: string) {
  const entry = entryNames.map((name) => join(directory, name)).find((file) => existsSync(file));
  if (entry === undefined) throw compileErrors.noEntry(directory, entryNames);
  return {
    absWorkingDir: directory,
    entryPoints: [entry],
    outfile: join(directory, 'plugin.js'),
    write: false,
    bundle: true,
    platform: 'neutral' as const,
    format: 'iife' as const,
    target: 'es2022',
    mainFields: ['module', 'main'],
    globalName,
    footer: { js: `${globalName}.default;` },
    // Comments go, because SES refuses a script that holds `import(` or `<!--` even there; names stay, for stack traces.
    minifyWhitespace: true,
    legalComments: 'none',
    charset: 'utf8',
    sourcemap: 'external',
    logLevel: 'silent',
    plugins: [refuseBuiltins, provideSdk, provideValibot],
    metafile: true,
  } satisfies BuildOptions;
}

/** A compartment has no Node: an import of one of its modules is an error, shown where the import stands. */
const refuseBuiltins: Plugin = {
  name: 'refuse-node-builtins',
  setup({ onResolve }) {
    onResolve({ filter: /.*/ }, ({ path }): { errors: PartialMessage[] } | undefined => {
      if (!isBuiltin(path)) return undefined;
      return {
        errors: [
          { text: `a plugin cannot import "${path}": there is no Node in its compartment; use the powers of the second argument, "host"` },
        ],
      };
    });
  },
};

/** The author's own SDK where it is installed, else the one that comes with Bulkhead. */
const provideSdk: Plugin = {
  name: 'provide-sdk',
  setup({ onResolve, resolve }) {
    const shipped = findShipped('sdk/plugin-sdk.js');
    onResolve({ filter: new RegExp(`^${sdkName}$`) }, async ({ path, resolveDir, kind, pluginData }) => {
      if (pluginData === 'asked' || shipped === undefined) return undefined;
      const installed = await resolve(path, { resolveDir, kind, pluginData: 'asked' });
      return installed.errors.length === 0 ? installed : { path: shipped };
    });
  },
};

/** The same of valibot, for the schema of a configuration: what is used of it becomes part of the script. */
const provideValibot: Plugin = {
  name: 'provide-valibot',
  setup({ onResolve, resolve }) {
    const ownDirectory = dirname(fileURLToPath(import.meta.url));
    onResolve({ filter: /^valibot$/ }, async ({ path, resolveDir, kind, pluginData }) => {
      if (pluginData === 'asked') return undefined;
      const installed = await resolve(path, { resolveDir, kind, pluginData: 'asked' });
      return installed.errors.length === 0 ? installed : resolve(path, { resolveDir: ownDirectory, kind, pluginData: 'asked' });
    });
  },
};

/** Files outside the plugin are named by their package, not by where this machine keeps it: same source, same bytes. */
function namePackages(sourceMap: string, directory: string): Uint8Array {
  const map = JSON.parse(sourceMap) as { sources: string[]; sourcesContent?: (string | null)[] };
  map.sources = map.sources.map((source) => {
    const file = join(directory, source);
    return relative(directory, file).startsWith('..') ? nameInPackage(file) : source;
  });
  return new TextEncoder().encode(JSON.stringify(map));
}

function nameInPackage(file: string): string {
  let root = dirname(file);
  while (root !== dirname(root) && !existsSync(join(root, 'package.json'))) root = dirname(root);
  const inSdk = file.endsWith('plugin-sdk.js');
  return inSdk ? `node_modules/${sdkName}/plugin-sdk.js` : `node_modules/${relative(dirname(root), file)}`;
}

function isBuildFailure(error: unknown): error is BuildFailure {
  return error instanceof Error && 'errors' in error && Array.isArray(error.errors);
}

function describeMessage({ text, location }: Message): string {
  return location === null ? text : `${location.file}:${location.line}:${location.column + 1}: ${text}`;
}
