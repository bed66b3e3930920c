/** Which packages of npm a bundle was made of, from what esbuild tells of its inputs. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import type { Metafile } from 'esbuild';
import * as v from 'valibot';
import { shorten } from '#base/text.js';
import { sdkName } from './objects.js';
import type { BundledPackage } from './sbom.js';

const packageJson = v.object({
  name: v.pipe(v.string(), v.minLength(1), v.maxLength(214)),
  version: v.pipe(v.string(), v.minLength(1), v.maxLength(256)),
  license: v.optional(v.union([v.string(), v.object({ type: v.string() })])),
  /** The form of old packages. */
  licenses: v.optional(v.array(v.object({ type: v.string() }))),
});

/** Each package once per version. What is the author's own is no package: that is the plugin. */
export function findBundled({ outputs }: Metafile, directory: string): BundledPackage[] {
  const files = Object.values(outputs).flatMap(({ inputs }) =>
    Object.entries(inputs).flatMap(([input, { bytesInOutput }]) => (bytesInOutput > 0 ? [join(directory, input)] : [])),
  );
  const own = findRoot(directory);
  const found = new Map<string, BundledPackage>();
  for (const file of files.filter((one) => existsSync(one))) {
    const isSdk = file.endsWith('plugin-sdk.js');
    const root = findRoot(dirname(file));
    const isOwn = !relative(directory, file).split(sep).includes('node_modules') && root?.path === own?.path;
    if (root === undefined || (isOwn && !isSdk)) continue;
    const one = { ...root.package, ...(isSdk && { name: sdkName }) };
    found.set(`${one.name}@${one.version}`, one);
  }
  return [...found.values()];
}

interface PackageRoot {
  readonly path: string;
  readonly package: BundledPackage;
}

/** The nearest directory above that says name and version; there may be others between, which only say how to read files. */
function findRoot(start: string): PackageRoot | undefined {
  for (let path = start; ; path = dirname(path)) {
    const found = readPackageJson(join(path, 'package.json'));
    if (found !== undefined) return { path, package: found };
    if (path === dirname(path)) return undefined;
  }
}

function readPackageJson(file: string): BundledPackage | undefined {
  if (!existsSync(file)) return undefined;
  const checked = v.safeParse(packageJson, parse(readFileSync(file, 'utf8')));
  if (!checked.success) return undefined;
  const { name, version, license, licenses } = checked.output;
  const declared = license ?? licenses?.map(({ type }) => type).join(' OR ');
  const licence = typeof declared === 'object' ? declared.type : declared;
  return {
    name,
    version,
    ...(licence !== undefined && licence !== '' && { licence: shorten(licence.replaceAll(/\s+/g, ' ').trim(), 512) }),
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
