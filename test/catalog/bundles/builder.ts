/** Bundles on disk: a valid one, of which a test changes the one part it is about. */
import { chmod, mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { openBundles, type BundleCatalog, type PluginDirectory } from '#catalog/catalog.js';

export const uid = process.geteuid?.() ?? 0;

export interface BundleChanges {
  /** Beside the program; by file name. None where empty. */
  readonly files?: Readonly<Record<string, string>>;
  /** The program; no such file where null. */
  readonly program?: string | null;
  readonly layout?: 'plain' | 'app';
}

export interface BundlePlace {
  readonly root: string;
  /** Two plugin directories, asked in this order; both are there. */
  readonly first: string;
  readonly second: string;
  readonly directories: readonly PluginDirectory[];
  /** Makes a bundle and answers with its directory. */
  add(directory: string, name: string, changes?: BundleChanges): Promise<string>;
  open(): Promise<BundleCatalog>;
  remove(): Promise<void>;
}

export const command = { 'config.toml': 'abstract = "Says hello"\nauthor = "Ann"\n' };

export async function openBundlePlace(): Promise<BundlePlace> {
  const root = await realpath(await mkdtemp(join(tmpdir(), 'bulkhead-bundles-')));
  const [first, second] = [join(root, 'first'), join(root, 'second')];
  for (const path of [first, second]) await makeDirectory(path);
  const directories: PluginDirectory[] = [
    { path: first, scope: 'user' },
    { path: second, scope: 'system' },
  ];
  return {
    root,
    first,
    second,
    directories,
    add: addBundle,
    open: () => openBundles({ directories, uid }),
    remove: () => rm(root, { recursive: true, force: true }),
  };
}

export async function addBundle(
  directory: string,
  name: string,
  { files = command, program = '#!/bin/sh\necho hello "$@"\n', layout = 'plain' }: BundleChanges = {},
): Promise<string> {
  const bundle = join(directory, layout === 'app' ? `${name}.app` : name);
  const configurations = layout === 'app' ? join(bundle, 'Contents/Resources') : bundle;
  const programs = layout === 'app' ? join(bundle, 'Contents/MacOS') : join(bundle, 'bin');
  await makeDirectory(bundle);
  for (const [file, text] of Object.entries(files)) {
    await makeDirectory(dirname(join(configurations, file)));
    await writeFile(join(configurations, file), text);
    await chmod(join(configurations, file), 0o644);
  }
  if (program === null) return bundle;
  await makeDirectory(programs);
  await writeFile(join(programs, name), program);
  await chmod(join(programs, name), 0o755);
  return bundle;
}

/** Whatever the umask is: bundles that others may write to are refused. */
export async function makeDirectory(path: string): Promise<void> {
  const made = await mkdir(path, { recursive: true });
  if (made === undefined) return;
  for (let each = path; each.startsWith(made); each = dirname(each)) await chmod(each, 0o755);
}
