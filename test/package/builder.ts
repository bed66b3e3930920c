/** A package that is valid in every respect; a test changes the one part that it is about. */
import { CONTRACT, type ContractStamp } from '@bulkhead/plugin-sdk/contract';
import { packPlugin, type Manifest } from '#package/package.js';
import { createSif, readSif, type NewObject } from '#sif/sif.js';

export interface ManifestChanges extends Partial<Omit<Manifest, 'contract'>> {
  /** Any part of the stamp; callbacks and powers are those that the manifest uses, at the versions of this host, where absent. */
  readonly contract?: Partial<ContractStamp>;
}

export interface PackageChanges extends ManifestChanges {
  readonly script?: string | Uint8Array;
  readonly sourceMap?: Uint8Array;
  readonly sbom?: Uint8Array;
}

export function buildPackage({ script = '"use strict";\n', sourceMap, sbom, ...changes }: PackageChanges = {}): Uint8Array {
  const parts = { ...(sourceMap !== undefined && { sourceMap }), ...(sbom !== undefined && { sbom }) };
  return packPlugin({ manifest: buildManifest(changes), script, ...parts });
}

/** Commands, image schemes and features bring their callbacks with them. */
export function buildManifest({ contract, ...changes }: ManifestChanges = {}): Manifest {
  const commands = changes.commands ?? {};
  const imageSchemes = changes.imageSchemes ?? [];
  const imageFeatures = changes.imageFeatures ?? [];
  const runtimes = changes.runtimes ?? [];
  const networks = changes.networks ?? [];
  const implied = [
    ...(Object.keys(commands).length > 0 ? ['command'] : []),
    ...(imageSchemes.length > 0 ? ['registerImageDriver'] : []),
    ...(imageFeatures.length > 0 ? ['mountImage'] : []),
    ...(runtimes.length > 0 ? ['runtime'] : []),
    ...(networks.length > 0 ? ['network'] : []),
  ];
  const callbacks = changes.callbacks ?? (implied.length > 0 ? implied : ['engineConfig']);
  return {
    name: 'example.com/sample',
    version: '0.1.0',
    author: 'Site team',
    description: 'Does nothing, correctly',
    permissions: {},
    ...changes,
    commands,
    imageSchemes,
    flags: changes.flags ?? {},
    hooks: changes.hooks ?? [],
    imageFeatures,
    runtimes,
    networks,
    callbacks,
    contract: {
      version: CONTRACT.version,
      digest: CONTRACT.digest,
      callbacks: Object.fromEntries(callbacks.map((name) => [name, versionHere(CONTRACT.callbacks, name)])),
      powers: {},
      ...contract,
    },
  };
}

/** Takes a package apart and puts it together again with other objects. */
export function repack(bytes: Uint8Array, change: (objects: readonly NewObject[]) => readonly NewObject[]): Uint8Array {
  const objects = readSif(bytes).objects.map(({ dataType, name, data, groupId, partition }): NewObject => ({
    dataType,
    name,
    data,
    groupId,
    ...(partition !== undefined && { partition }),
  }));
  return createSif({ objects: change(objects) });
}

/** The objects, with `changes` to the one of that name. */
export function changeObject(name: string, changes: Partial<NewObject>): (objects: readonly NewObject[]) => readonly NewObject[] {
  return (objects) => objects.map((object) => (object.name === name ? { ...object, ...changes } : object));
}

function versionHere(versions: Readonly<Record<string, string>>, name: string): string {
  return versions[name] ?? CONTRACT.version;
}
