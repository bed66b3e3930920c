import { ARCH_UNKNOWN, createSif, DATA_TYPES, FS_TYPES, PART_TYPES, SBOM_FORMATS, type NewObject } from '#sif/sif.js';
import { encodeManifest, type Manifest } from './manifest.js';
import { MANIFEST_NAME, SBOM_NAME, SCRIPT_NAME, SOURCE_MAP_NAME } from './objects.js';

export interface PluginParts {
  readonly manifest: Manifest;
  /** One script, ES2022; not empty. */
  readonly script: string | Uint8Array;
  readonly sourceMap?: Uint8Array;
  /** What was bundled. */
  readonly sbom?: Uint8Array;
}

/**
 * Apptainer's reader looks at the first 2048 bytes of a partition and drops the partition when the file ends before. A script may
 * be shorter, so the manifest begins at the next multiple of 2048.
 */
const MANIFEST_ALIGNMENT_BYTES = 2048;

/** Puts a plugin into one file. The inverse of readPackage. */
export function packPlugin({ manifest, script, sourceMap, sbom }: PluginParts): Uint8Array {
  const objects = [describeScript(typeof script === 'string' ? new TextEncoder().encode(script) : script), describeManifest(manifest)];
  if (sourceMap !== undefined) objects.push({ dataType: DATA_TYPES.generic, name: SOURCE_MAP_NAME, data: sourceMap });
  if (sbom !== undefined) objects.push({ dataType: DATA_TYPES.sbom, name: SBOM_NAME, data: sbom, sbomFormat: SBOM_FORMATS.cycloneDxJson });
  return createSif({ objects });
}

/** A partition Raw/Data, as Apptainer's plugin.so is: its tools show it as such, and a script fits every architecture. */
function describeScript(data: Uint8Array): NewObject {
  const partition = { fsType: FS_TYPES.raw, partType: PART_TYPES.data, arch: ARCH_UNKNOWN };
  return { dataType: DATA_TYPES.partition, name: SCRIPT_NAME, data, partition };
}

function describeManifest(manifest: Manifest): NewObject {
  return {
    dataType: DATA_TYPES.genericJson,
    name: MANIFEST_NAME,
    data: encodeManifest(manifest),
    alignmentBytes: MANIFEST_ALIGNMENT_BYTES,
  };
}
