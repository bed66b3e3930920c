import { createHash } from 'node:crypto';
import { BulkheadError, messageOf, systemCodeOf } from '#base/errors.js';
import { readRegularFile } from '#base/regular-file.js';
import { DATA_TYPES, FS_TYPES, PART_TYPES, readSif, type Sif, type SifObject } from '#sif/sif.js';
import { packageErrors } from './errors.js';
import { parseManifest, type Manifest } from './manifest.js';
import { MANIFEST_NAME, SBOM_NAME, SCRIPT_NAME, SOURCE_MAP_NAME } from './objects.js';

export const SCRIPT_BYTES_MAX = 32 * 1_048_576;
/** Script, source map, manifest, signatures. */
export const PACKAGE_BYTES_MAX = 96 * 1_048_576;

export interface PluginPackage {
  /** Where the bytes came from; for messages only. */
  readonly path: string;
  readonly bytes: Uint8Array;
  /** `sha256:…` of the whole file. */
  readonly digest: string;
  /** Of all its parts; what a signature must be about. */
  readonly groupId: number;
  readonly manifest: Manifest;
  readonly script: string;
  readonly sourceMap?: Uint8Array;
  /** What was bundled, as it stands there: nothing has looked at it yet. */
  readonly sbom?: Uint8Array;
}

/** Reads the file once; everything after is about these bytes, whatever happens to the file. */
export async function readPackageFile(path: string): Promise<PluginPackage> {
  const { bytes } = await readRegularFile(path, { bytesMax: PACKAGE_BYTES_MAX }).catch((error: unknown) => throwReadError(path, error));
  return readPackage(bytes, path);
}

/**
 * Takes a package apart. Order, further objects and signatures do not matter; what a plugin needs must be there once. `digest` is that of
 * these bytes, where it is known already.
 */
export function readPackage(bytes: Uint8Array, path: string, digest?: string): PluginPackage {
  const { objects } = readSifOf(bytes, path);
  const script = takeOne(objects, SCRIPT_NAME, path);
  const manifest = takeOne(objects, MANIFEST_NAME, path);
  const sourceMap = takeOptional(objects, SOURCE_MAP_NAME, path);
  const sbom = takeOptional(objects, SBOM_NAME, path);
  checkTypes({ script, manifest, sourceMap, sbom }, path);
  checkGroup([script, manifest, ...[sourceMap, sbom].filter((object) => object !== undefined)], path);
  return {
    path,
    bytes,
    digest: digest ?? digestPackage(bytes),
    groupId: script.groupId,
    manifest: parseManifest(manifest.data, path),
    script: decodeScript(script, path),
    ...(sourceMap !== undefined && { sourceMap: sourceMap.data }),
    ...(sbom !== undefined && { sbom: sbom.data }),
  };
}

/** What a receipt knows a package by. */
export function digestPackage(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

function throwReadError(path: string, error: unknown): never {
  const code = systemCodeOf(error);
  if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP') throw packageErrors.fileMissing(path, describeMissing(path, code));
  if (code === 'EACCES' || code === 'EPERM') throw packageErrors.fileUnreadable(path, error);
  // Apptainer opens a directory as an image of another kind and then finds no plugin in it.
  if (error instanceof BulkheadError && error.code === 'FILE_NOT_REGULAR') throw packageErrors.notPlugin(path, 'it is not a regular file');
  throw packageErrors.fileUnloadable(path, messageOf(error), error);
}

function describeMissing(path: string, code: string): string {
  const why = { ENOENT: 'no such file or directory', ENOTDIR: 'not a directory', ELOOP: 'too many levels of symbolic links' }[code] ?? code;
  return `lstat ${path}: ${why}`;
}

function readSifOf(bytes: Uint8Array, path: string): Sif {
  try {
    return readSif(bytes);
  } catch (error) {
    throw packageErrors.fileUnloadable(path, messageOf(error), error);
  }
}

function takeOne(objects: readonly SifObject[], name: string, path: string): SifObject {
  const object = takeOptional(objects, name, path);
  if (object === undefined) throw packageErrors.notPlugin(path, `it has no ${name}`);
  return object;
}

function takeOptional(objects: readonly SifObject[], name: string, path: string): SifObject | undefined {
  const [object, second] = objects.filter((candidate) => candidate.name === name);
  if (second !== undefined) throw packageErrors.notPlugin(path, `it has more than one ${name}`);
  return object;
}

function checkTypes(
  { script, manifest, sourceMap, sbom }: Record<'script' | 'manifest', SifObject> & Record<'sourceMap' | 'sbom', SifObject | undefined>,
  path: string,
): void {
  const isData = script.partition?.fsType === FS_TYPES.raw && script.partition.partType === PART_TYPES.data;
  if (!isData) throw packageErrors.notPlugin(path, `${SCRIPT_NAME} is not a partition of type Raw/Data`);
  if (manifest.dataType !== DATA_TYPES.genericJson) throw packageErrors.notPlugin(path, `${MANIFEST_NAME} is not of type GenericJSON`);
  if (sourceMap !== undefined && sourceMap.dataType !== DATA_TYPES.generic)
    throw packageErrors.notPlugin(path, `${SOURCE_MAP_NAME} is not of type Generic`);
  if (sbom !== undefined && sbom.dataType !== DATA_TYPES.sbom) throw packageErrors.notPlugin(path, `${SBOM_NAME} is not of type SBOM`);
}

/** A signature covers a group: a manifest that is signed must not lend its good name to a script that is not. */
function checkGroup(objects: readonly SifObject[], path: string): void {
  const groups = new Set(objects.map(({ groupId }) => groupId));
  if (groups.size !== 1 || groups.has(0)) throw packageErrors.notPlugin(path, 'its parts are not in one group');
}

function decodeScript({ data }: SifObject, path: string): string {
  if (data.length === 0) throw packageErrors.notPlugin(path, `${SCRIPT_NAME} is empty`);
  if (data.length > SCRIPT_BYTES_MAX) throw packageErrors.notPlugin(path, `${SCRIPT_NAME} has more than ${SCRIPT_BYTES_MAX} bytes`);
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(data);
  } catch {
    throw packageErrors.notPlugin(path, `${SCRIPT_NAME} is not UTF-8`);
  }
}
